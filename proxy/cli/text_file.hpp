// Whole text files of a user's project, read and replaced.
#pragma once

#include "config/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace yizhan {

/// Bytes; the largest lock files known have some 5 MiB.
inline constexpr std::size_t longest_text_file = 64 << 20;

/// The whole file. Errors: not_found, io, and invalid for a folder, a device or more than `longest_text_file`.
Result<std::string> read_text_file(const std::filesystem::path& path);

/// Puts a file with this text in the place of `path`, at once and for good: written beside it with the same
/// permissions, synced, renamed. A symbolic link stays one: what it leads to is replaced. On an error the old file is
/// untouched.
Result<void> replace_text_file(const std::filesystem::path& path, std::string_view text);

} // namespace yizhan
