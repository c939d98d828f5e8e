// Writes ZIP archives for tests, right ones and wrong ones: every field can be changed before it is written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan::test {

enum class Packing { stored, deflated };

/// A member as it will stand in the archive. Local header and directory are written from these fields; a test that
/// wants them to differ sets `local`.
struct Member {
    std::string name;
    std::string data; ///< as packed
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
    std::string local_extra, extra;
    std::function<void(Member&)> local; ///< changes what the local header says
};

Member member(std::string name, std::string_view content, Packing packing = Packing::deflated);

/// Raw deflate of `content`.
std::string deflate(std::string_view content);

struct Archive {
    std::vector<Member> members{};
    std::string comment{};
    bool zip64 = false;   ///< saturate the end record and write the ZIP64 one
    std::string prefix{}; ///< before the first member; offsets count from the start of the archive itself
    std::string gap{};    ///< between the last member and the directory
    std::function<void(std::string& end_record)> end{};   ///< changes the 22 bytes before the comment
    std::function<void(std::string& end_record)> end64{}; ///< changes the 56 bytes of the ZIP64 end record
    std::function<void(std::string& directory)> directory{};

    std::string bytes() const;
};

/// Overwrites little-endian bytes.
void put(std::string& bytes, std::size_t offset, std::size_t width, std::uint64_t value);

} // namespace yizhan::test
