// METADATA out of a wheel: few ranges, all inside the file; a result is bounded and belongs to the wheel.
#include "index/names.hpp"
#include "index/wheel_metadata.hpp"
#include "tests/fuzz/require.hpp"

using namespace yizhan;
using fuzz::require;

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
    } else {
        require(!std::get<Error>(reader.next()).message.empty(), "a refusal has words");
    }
    return 0;
}
