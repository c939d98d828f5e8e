// Boost.Asio compiled once: with BOOST_ASIO_SEPARATE_COMPILATION every other unit sees declarations only.
#include <boost/asio/impl/src.hpp>
