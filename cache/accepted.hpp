// What an operator has settled: accepted/<sha256 of the ledger's key>, one small file each, so that it can be said
// while another process runs on the folder; that one looks when the name is disputed the next time.
#pragma once

#include "config/digest.hpp"
#include "config/error.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

namespace yizhan {

/// Durable when it returns. Errors: io. Any process, any thread.
Result<void> accept_digest(const std::filesystem::path& data, std::string_view key, const Sha256& digest);

/// nullopt where nothing was accepted of this key, or what stands there cannot be read.
std::optional<Sha256> accepted_digest(const std::filesystem::path& data, std::string_view key);

} // namespace yizhan
