// How the commands find the service that runs on a data folder: it leaves its address there.
#pragma once

#include "config/error.hpp"

#include <filesystem>
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

} // namespace yizhan
