#include "proxy/routes/wheel_reader.hpp"

#include "index/wheel_metadata.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <unistd.h>
#include <utility>

namespace yizhan {
namespace {

Result<std::string> read_blob(const Blob& blob, ByteRange range) {
    std::string out(range.size, '\0');
    const auto got = ::pread(blob.fd(), out.data(), out.size(), static_cast<off_t>(range.offset));
    if (got != static_cast<ssize_t>(range.size))
        return fail(Errc::corrupt, "the stored wheel is shorter than it was");
    return out;
}

// What the first question asks for where the size is not known: what WheelMetadataReader wants first, and some bytes
// more, for it counts from the beginning.
constexpr std::uint64_t first_bytes = 65'558;

UpstreamRequest ranged(const Source& source, std::string range) {
    return {.url = source.url, .range = std::move(range)};
}

// "bytes 100-199/1000" as what it says: the place, and the size of the whole; nullopt for anything else.
struct Window {
    ByteRange range;
    std::uint64_t whole = 0;
};
std::optional<Window> window_of(std::string_view content_range) {
    constexpr std::string_view unit = "bytes ";
    std::uint64_t first = 0, last = 0, whole = 0;
    const auto number = [](std::string_view& text, std::uint64_t& out, std::string_view after) {
        const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
        if (end.ec != std::errc())
            return false;
        text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
        const bool good = text.starts_with(after);
        text.remove_prefix(good ? after.size() : 0);
        return good;
    };
    if (!content_range.starts_with(unit))
        return std::nullopt;
    content_range.remove_prefix(unit.size());
    if (!number(content_range, first, "-") || !number(content_range, last, "/") || !number(content_range, whole, "") ||
        !content_range.empty() || last < first || last >= whole)
        return std::nullopt;
    return Window{.range = {.offset = first, .size = last - first + 1}, .whole = whole};
}

// One source and what it has told of a wheel.
struct Held {
    std::string bytes; // the wheel's end, where that was asked for first
    ByteRange range;
    std::uint64_t size = 0; // of the wheel
};

Result<Held> held_of(const Source& source, Result<Fetched> fetched) {
    if (!fetched)
        return std::unexpected(std::move(fetched.error()));
    const auto window = window_of(fetched->head.field("content-range"));
    if (fetched->head.status != 206 || !window || window->range.size != fetched->body.size())
        return fail(Errc::unavailable,
                    fmt::format("{}: status {} to a range", redacted(source.url.str()), fetched->head.status));
    return Held{.bytes = std::move(fetched->body), .range = window->range, .size = window->whole};
}

// Reads with `read(range)`, a coroutine, until METADATA is there.
template <class Read>
Task<Result<std::string>> read_metadata(std::uint64_t size, std::string_view filename, Read read) {
    WheelMetadataReader reader(size, filename);
    while (const auto* range = std::get_if<ByteRange>(&reader.next())) {
        const auto bytes = co_await read(*range);
        if (!bytes)
            co_return std::unexpected(bytes.error());
        reader.feed(*bytes);
    }
    if (const auto* error = std::get_if<Error>(&reader.next()))
        co_return std::unexpected(*error);
    co_return std::get<std::string>(reader.next());
}

} // namespace

Task<Result<std::string>> WheelReader::from_store(const Blob& blob, const Object& wheel) const {
    auto read = [this, &blob](ByteRange range) -> Task<Result<std::string>> {
        auto work = [&blob, range] { return read_blob(blob, range); };
        co_return co_await run_on(relay_.disk().get_executor(), std::move(work));
    };
    co_return co_await read_metadata(blob.size(), wheel.filename(), std::move(read));
}

Task<Result<std::string>> WheelReader::from_source(const Source& source, const Object& wheel) const {
    Held held{.bytes = {}, .range = {}, .size = wheel.size.value_or(0)};
    if (!wheel.size) {
        auto request = ranged(source, fmt::format("-{}", first_bytes));
        auto end = held_of(source, co_await relay_.fetch(std::move(request), first_bytes, Purpose::piece));
        if (!end)
            co_return std::unexpected(std::move(end.error()));
        held = std::move(*end);
    }
    auto read = [this, &source, &held](ByteRange range) -> Task<Result<std::string>> {
        if (range.offset >= held.range.offset && range.end() <= held.range.end())
            co_return held.bytes.substr(range.offset - held.range.offset, range.size);
        auto request = ranged(source, fmt::format("{}-{}", range.offset, range.end() - 1));
        auto piece = held_of(source, co_await relay_.fetch(std::move(request), range.size, Purpose::piece));
        if (piece && (piece->range != range || piece->size != held.size))
            piece = fail(Errc::protocol, redacted(source.url.str()) + ": sent another range than was asked for");
        if (!piece)
            co_return std::unexpected(std::move(piece.error()));
        co_return std::move(piece->bytes);
    };
    co_return co_await read_metadata(held.size, wheel.filename(), std::move(read));
}

Task<Result<std::string>> WheelReader::metadata(const Object& wheel) const {
    if (const auto blob = store_.find(wheel.path))
        co_return co_await from_store(*blob, wheel);
    std::vector<std::string> tried;
    for (const auto& source : wheel.sources) {
        auto text = co_await from_source(source, wheel);
        if (text)
            co_return text;
        tried.push_back(text.error().message);
    }
    co_return fail(Errc::unavailable, fmt::format("no METADATA could be read out of {}", wheel.filename()),
                   std::move(tried));
}

Task<Result<std::string>> WheelReader::believed_metadata(const Object& wheel) const {
    if (const auto blob = store_.find(wheel.path))
        co_return co_await from_store(*blob, wheel);
    auto sources = wheel.sources;
    std::ranges::partition(sources, &Source::root);
    std::map<std::string, std::set<std::string>> said; // text → families
    std::vector<std::string> tried;
    for (const auto& source : sources) {
        auto text = co_await from_source(source, wheel);
        if (!text) {
            tried.push_back(text.error().message);
            continue;
        }
        auto& families = said[*text];
        families.insert(source.family);
        if (source.root || families.size() >= 2)
            co_return text;
    }
    co_return fail(Errc::unavailable, fmt::format("nobody who can be believed has METADATA of {}", wheel.filename()),
                   std::move(tried));
}

Result<Blob> store_bytes(Store& store, const std::string& bytes, Provenance provenance) {
    auto fill = store.begin(Identity{}, bytes.size());
    if (!fill)
        return std::unexpected(fill.error());
    if (auto written = fill->write(0, as_bytes(bytes)); !written)
        return std::unexpected(written.error());
    std::promise<Result<Blob>> promise;
    auto future = promise.get_future();
    store.commit(std::move(*fill), sha256(bytes), std::move(provenance),
                 [&promise](Result<Blob> result) { promise.set_value(std::move(result)); });
    store.hurry(); // this is a thread of the disk pool
    return future.get();
}

} // namespace yizhan
