// The coroutine vocabulary of the proxy: concrete executors (no type erasure on the hit path) and tuples, not
// exceptions.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace yizhan {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;

/// A coroutine that lives on one core's io_context.
template <class T>
using Task = asio::awaitable<T, Executor>;

/// `auto [ec, n] = co_await socket.async_read_some(buffer, as_result);`
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

} // namespace yizhan
