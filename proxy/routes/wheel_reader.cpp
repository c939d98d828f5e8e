#include "proxy/routes/wheel_reader.hpp"

#include "index/wheel_metadata.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>

#include <future>
#include <unistd.h>

namespace yizhan {
namespace {

Result<std::string> read_blob(const Blob& blob, ByteRange range) {
    std::string out(range.size, '\0');
    const auto got = ::pread(blob.fd(), out.data(), out.size(), static_cast<off_t>(range.offset));
    if (got != static_cast<ssize_t>(range.size))
        return fail(Errc::corrupt, "the stored wheel is shorter than it was");
    return out;
}

UpstreamRequest ranged(const Source& source, ByteRange range) {
    return {.url = source.url,
            .head_only = false,
            .accept = {},
            .compressed = false,
            .range = fmt::format("{}-{}", range.offset, range.offset + range.size - 1),
            .fields = {},
            .private_address_allowed = false};
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

Task<Result<std::string>> WheelReader::metadata(const Object& wheel) const {
    if (const auto blob = store.find(wheel.path)) {
        auto from_store = [this, &blob](ByteRange range) -> Task<Result<std::string>> {
            auto work = [&blob, range] { return read_blob(*blob, range); };
            co_return co_await run_on(relay.disk().get_executor(), std::move(work));
        };
        co_return co_await read_metadata(blob->size(), wheel.filename(), std::move(from_store));
    }
    if (!wheel.size)
        co_return fail(Errc::not_found, "the index does not tell the wheel's size, so its end cannot be asked for");
    std::vector<std::string> tried;
    for (const auto& source : wheel.sources) {
        auto from_source = [this, &source, size = *wheel.size](ByteRange range) -> Task<Result<std::string>> {
            auto fetched = co_await relay.fetch(ranged(source, range), range.size, Purpose::piece);
            if (!fetched)
                co_return std::unexpected(fetched.error());
            const auto wanted = fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.size - 1, size);
            if (fetched->head.status != 206 || fetched->head.field("content-range") != wanted)
                co_return fail(Errc::unavailable, fmt::format("{}: status {} to a range", redacted(source.url.str()),
                                                              fetched->head.status));
            co_return std::move(fetched->body);
        };
        auto text = co_await read_metadata(*wheel.size, wheel.filename(), std::move(from_source));
        if (text)
            co_return text;
        tried.push_back(text.error().message);
    }
    co_return fail(Errc::unavailable, fmt::format("no METADATA could be read out of {}", wheel.filename()),
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
    return future.get();
}

} // namespace yizhan
