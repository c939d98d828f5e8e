// Where a ZIP archive whose bytes are known to be wrong is wrong: its own CRC-32s tell, member by member.
#pragma once

#include "index/zip.hpp"

#include <functional>
#include <span>

namespace yizhan {

/// Fills `into` with the archive's bytes from `offset` on, which lie inside it. An error ends the search.
using ReadZip = std::function<Result<void>(std::uint64_t offset, std::span<char> into)>;

/// Bytes that all members together may unpack to: three times what the largest wheels do.
inline constexpr std::uint64_t max_zip_unpacked = 16ULL * 1024 * 1024 * 1024;

/// The places of the members that do not check out, local header and data; with the directory, where that may be what
/// is wrong about them. Where every member checks out: whatever no checksum covers, which is the directory, what lies
/// between members, and those packed in a way that we do not know. In order, apart from each other, never none. An
/// error where the directory cannot be read strictly, or `read` fails.
///
/// Reads the archive once, 64 KiB at a time; a member costs no more than the size that the directory gives for it.
Result<std::vector<ByteRange>> find_zip_damage(std::uint64_t size, const ReadZip& read);

} // namespace yizhan
