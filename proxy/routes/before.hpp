// /before/<date>/…: any index as it was, and the setting that lets files ripen (pypi.min_age). Both come to one moment
// in the request, which the form of every page carries; files have one path for all, and links climb out to it.
#pragma once

#include "proxy/http/message.hpp"

#include <chrono>
#include <optional>

namespace yizhan {

/// The request as the routes behind are to see it: without /before/<date>, and with its moment or that of `min_age`,
/// whichever is earlier; nullopt where it already is that. Errors: invalid, for no date or for what is no index page;
/// reads the clock where `min_age` is set.
Result<std::optional<Request>> before_asked(const Request& request, std::chrono::seconds min_age);

} // namespace yizhan
