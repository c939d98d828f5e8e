// METADATA out of a wheel: few ranges, all inside the file; a result is bounded and belongs to the wheel. And what of a
// damaged one is to be fetched again: parts of the file, in order, apart from each other.
#include "index/names.hpp"
#include "index/partner_pairs.hpp"
#include "index/wheel_metadata.hpp"
#include "index/zip_damage.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>

using namespace yizhan;
using fuzz::require;

namespace {

void look_for_damage(std::string_view archive) {
    const auto read = [&](std::uint64_t offset, std::span<char> into) -> Result<void> {
        require(offset <= archive.size() && into.size() <= archive.size() - offset, "reads lie inside the file");
        std::ranges::copy(archive.substr(offset, into.size()), into.begin());
        return {};
    };
    const auto ranges = find_zip_damage(archive.size(), read);
    if (!ranges)
        return require(!ranges.error().message.empty(), "a refusal has words");
    require(!ranges->empty(), "something is suspect");
    std::uint64_t free = 0;
    for (const auto& range : *ranges) {
        require(range.size > 0 && range.offset >= free && range.offset <= archive.size() &&
                    range.size <= archive.size() - range.offset,
                "ranges are in order, apart and inside the file");
        free = range.end() + 1;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto wheel = fuzz::text(data, size);
    WheelMetadataReader reader(size, "six-1.0-py3-none-any.whl");
    int asked = 0;
    while (const auto* range = std::get_if<ByteRange>(&reader.next())) {
        require(++asked <= 4, "at most four ranges are asked for");
        require(range->size > 0 && range->offset <= size && range->size <= size - range->offset,
                "ranges lie inside the file");
        reader.feed(wheel.substr(range->offset, range->size));
    }
    if (const auto* metadata = std::get_if<std::string>(&reader.next())) {
        require(metadata->size() <= max_metadata, "METADATA is bounded");
        require(metadata->size() <= 200 * size, "and in proportion to the file");
        const auto name = metadata_field(*metadata, "name");
        require(name && normalized_name(*name) == "six", "and is the wheel's own");
        const auto torch = required_torch(*metadata);
        require(!torch || torch->find_first_not_of("0123456789.!") == std::string::npos, "a pair is a release");
    } else {
        require(!std::get<Error>(reader.next()).message.empty(), "a refusal has words");
    }
    look_for_damage(wheel);
    return 0;
}
