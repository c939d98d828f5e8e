// How the service's own log lines look; the access log has its own (proxy/http/access_log).
#pragma once

#include "config/settings.hpp"

#include <spdlog/formatter.h>

#include <memory>

namespace yizhan {

/// One line per message: in JSON an object with ts, level and msg, whatever bytes the message holds: names that an
/// index made up reach the log, and must not look like fields of ours.
std::unique_ptr<spdlog::formatter> service_log_formatter(LogFormat format);

} // namespace yizhan
