// The page at /: the lines to copy, in Chinese and English.
#pragma once

#include "proxy/http/message.hpp"

namespace yizhan {

/// HTML without scripts; the address in the examples is the one the visitor used.
Response start_page(const Request& request);

} // namespace yizhan
