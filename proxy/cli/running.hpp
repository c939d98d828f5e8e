// How the commands find the service that runs on a data folder: it leaves its address there.
#pragma once

#include "config/error.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace yizhan {

/// Writes the service's address ("http://127.0.0.1:8080") into the data folder.
Result<void> leave_address(const std::filesystem::path& data, const std::string& address);

/// What a service answered.
struct Answered {
    long status = 0;
    std::string body;
};

/// Asks a running service for a URL of its own. Errors: `unavailable` where nobody answers within a minute.
Result<Answered> ask_running(const std::string& url);

/// Reads it back. Errors: `not_found` where no service was ever started on this folder.
Result<std::string> running_address(const std::filesystem::path& data);

/// The settings; or nothing, and what is wrong with them on stderr (exit status 2).
std::optional<Settings> settings_or_words(const Overrides& overrides);

/// Asks the service that runs on this data folder; or nothing, and why on stderr (exit status 1). `what`: path and
/// query.
std::optional<Answered> ask_service(const Settings& settings, const std::string& what);

} // namespace yizhan
