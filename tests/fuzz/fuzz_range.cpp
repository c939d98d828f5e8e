// Range, If-Range, If-Match and If-None-Match: the input's first nine bytes choose the size and what may be answered,
// its lines are the fields' values.
#include "proxy/http/conditional.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <cstring>

using namespace yizhan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 9)
        return 0;
    std::uint64_t object = 0;
    std::memcpy(&object, data, sizeof object);
    const auto mode = data[8];
    auto rest = fuzz::text(data + 9, size - 9);

    Request request;
    request.method = (mode & 1U) != 0 ? Method::head : Method::get;
    for (const auto* name : {"Range", "If-Range", "If-None-Match", "If-Match", "range"}) {
        const auto line = rest.substr(0, rest.find('\n'));
        if (!line.empty())
            request.fields.emplace_back(name, line);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    Representation representation{.etag = "\"abc\"",
                                  .if_range_only = (mode & 2U) != 0,
                                  .ranges = std::array{Ranges::none, Ranges::to_end, Ranges::all}[(mode >> 2U) % 3U],
                                  .size = object};
    if ((mode & 16U) != 0)
        representation.size.reset();
    const auto selected = select(request, representation);
    switch (selected.status) {
    case 200:
        break;
    case 206:
        fuzz::require(representation.size && representation.ranges != Ranges::none && request.method == Method::get,
                      "a range is answered only where it can be");
        fuzz::require(selected.size > 0 && selected.first < object && selected.size <= object - selected.first,
                      "a window lies inside the object");
        fuzz::require(representation.ranges == Ranges::all || selected.first + selected.size == object,
                      "an unverified object's window reaches the end");
        break;
    case 304:
        fuzz::require(!representation.if_range_only, "a delivery under way is never not modified");
        fuzz::require(!request.field("If-None-Match").empty(), "304 needs a condition");
        break;
    case 412:
        fuzz::require(!request.field("If-Match").empty(), "412 needs a condition");
        break;
    case 416:
        fuzz::require(!request.field("Range").empty() && representation.size.has_value(),
                      "416 needs a range and a size");
        break;
    default:
        fuzz::require(false, "a status that conditions cannot have");
    }
    return 0;
}
