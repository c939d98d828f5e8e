// One line per request, cheap enough for the hit path: a core collects its lines and hands them to spdlog in one go.
#pragma once

#include "config/settings.hpp"

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace yizhan {

/// What a line tells. All views are read before write() returns.
struct AccessEntry {
    std::string_view client;
    std::string_view line; ///< the request line; values of query parameters are replaced by "***"
    unsigned status = 0;
    std::uint64_t bytes = 0; ///< of the body, as given to the kernel
    std::chrono::steady_clock::duration duration{};
    std::string_view note; ///< "hit", "miss", "left", "cut", …; empty: "-"
    std::uint64_t id = 0;
};

/// Lives on one core. Text:
///   2024-05-04T03:02:01.123Z 192.0.2.1 "GET /simple/six/ HTTP/1.1" 200 2345 0.210ms hit #17
/// or JSON with the keys ts, client, request, status, bytes, dur_ms, cache, req_id.
class AccessLog {
  public:
    /// `logger` null: lines are dropped. Its pattern must be "%v": lines carry their own time, and one message carries
    /// many lines.
    AccessLog(std::shared_ptr<spdlog::logger> logger, LogFormat format);

    void write(const AccessEntry& entry);
    /// Hands over what was collected. Call it soon after write().
    void flush();
    bool empty() const { return lines_.empty(); }

  private:
    void write_text(const AccessEntry& entry);
    void write_json(const AccessEntry& entry);

    std::shared_ptr<spdlog::logger> logger_;
    LogFormat format_;
    std::string lines_;
};

/// An asynchronous logger to standard output with the pattern that AccessLog wants. When standard output does not keep
/// up, the oldest lines are lost: requests never wait for the log.
std::shared_ptr<spdlog::logger> make_access_logger();

} // namespace yizhan
