// Where nobody else has an object whose digest is wrong: which parts of it are worth fetching once more from whoever
// sent them. A ZIP archive's own checksums tell.
#pragma once

#include "cache/pieces.hpp"
#include "cache/store.hpp"
#include "config/error.hpp"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace yizhan {

/// The suspect parts of an archive of `size` bytes, rounded to 64 KiB and cut where `pieces` are, which tell who sent
/// what; each with the checksum of what lies there now. An error where nothing narrows it down. Reads and unpacks all
/// of it, so it belongs on the disk pool; `stop` ends it with an error.
Result<std::vector<Piece>> damaged_parts(const Blob& archive, std::uint64_t size, const std::vector<Piece>& pieces,
                                         const std::stop_token& stop);

} // namespace yizhan
