// The part of IndexFiles that has to do with core metadata (PEP 658).
#include "index/filename.hpp"
#include "index/wheel_metadata.hpp"
#include "proxy/routes/index_files.hpp"
#include "proxy/routes/wheel_reader.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

namespace yizhan {

// Core metadata: from upstream; where upstream lists it but does not have it (mirrors do that, tuna/issues 2397), out
// of the wheel itself, and only where the index's digest proves it. What nobody can produce is advertised no longer.
Task<Response> IndexFiles::metadata(const Request& request, const LocatedFile& file, Plan plan) {
    auto response = co_await opened(request, plan.object);
    if (response.status < 400 || relay_.offline())
        co_return response;
    if (!plan.object.identity.sha256 && !file.folder.empty() && co_await prepare_metadata(file))
        if (auto blob = store_.find(this->plan(file).object.path))
            co_return blob_response(request, *std::move(blob), relay_, lasting());
    if (!plan.object.identity.sha256)
        co_return response;
    auto wheel = file;
    wheel.metadata = false;
    const auto distribution = this->plan(wheel).object;
    const WheelReader from(store_, relay_);
    auto text = co_await from.metadata(distribution);
    if (text && sha256(*text) != *plan.object.identity.sha256)
        text = fail(Errc::digest_mismatch, "the wheel's METADATA is not what the index's digest says");
    if (!text) {
        spdlog::warn("{}: {}: upstream has none, and from the wheel: {}", index_.name, plan.object.path,
                     text.error().text());
        const bool wrong_page = !file.folder.empty() && text.error().code == Errc::digest_mismatch;
        if (response.status == 404 || wrong_page)
            if (const auto named = parse_wheel_filename(file.filename))
                pages_.forget_metadata(page_of(file, named->name), file.filename);
        co_return response;
    }
    auto keep = [this, path = plan.object.path, bytes = *text] {
        return store_bytes(store_, bytes, {.path = path, .grade = Grade::root, .source = "the wheel's own METADATA"});
    };
    auto stored = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (stored)
        co_return blob_response(request, *std::move(stored), relay_, lasting());
    spdlog::error("{}: {} could not be kept: {}", index_.name, plan.object.path, stored.error().text());
    auto unkept = file_response(std::make_shared<const std::string>(std::move(*text)), "miss", lasting());
    unkept.ranges = Ranges::all;
    co_return unkept;
}

Task<Result<void>> IndexFiles::prepare_metadata(const LocatedFile& file) {
    auto wheel = file;
    wheel.metadata = false;
    const auto named = parse_wheel_filename(wheel.filename);
    const auto plan = this->plan(wheel);
    if (!named || !plan.known || wheel.folder.empty())
        co_return fail(Errc::not_found, wheel.filename + " is no wheel that a page has listed with its digest");
    const WheelReader reader(store_, relay_);
    auto text = co_await reader.believed_metadata(plan.object);
    if (!text)
        co_return std::unexpected(std::move(text.error()));
    const auto digest = sha256(*text);
    auto keep = [this, wheel, digest, known = *plan.known, bytes = std::move(*text)]() mutable -> Result<void> {
        known.metadata = digest;
        known.metadata_available = true;
        const std::vector<Store::LedgerRow> rows{{path_ledger_key(wheel.path()), known, true}};
        wheel.metadata = true;
        auto path = wheel.path();
        path.insert(wheel.folder.size(), digest.hex() + '/');
        auto stored =
            store_bytes(store_, bytes, {.path = path, .grade = Grade::root, .source = "the wheel's own METADATA"});
        if (!stored)
            return std::unexpected(std::move(stored.error()));
        const auto written = store_.put_ledger(rows); // offered only now that the bytes are here
        return written ? Result<void>() : std::unexpected(written.error());
    };
    auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (!kept)
        co_return kept;
    auto show = [this, wheel, digest, name = named->name] {
        pages_.learn_metadata(page_of(wheel, name), wheel.filename, wheel.folder, digest);
        pages_.learn_metadata(name, wheel.filename, wheel.folder, digest);
        return true;
    };
    co_await run_on(relay_.compute().get_executor(), std::move(show));
    co_return Result<void>();
}

Task<Result<std::string>> IndexFiles::metadata_text(LocatedFile wheel) {
    wheel.metadata = true;
    auto plan = this->plan(wheel);
    if (!plan.object.identity.sha256) {
        auto ready = co_await prepare_metadata(wheel);
        if (!ready)
            co_return std::unexpected(std::move(ready.error()));
        plan = this->plan(wheel);
    }
    auto blob = store_.find(plan.object.path);
    if (!blob)
        co_return co_await metadata_upstream(plan);
    auto work = [&blob] { return blob->read_all(max_metadata); };
    co_return co_await run_on(relay_.disk().get_executor(), std::move(work));
}

// Whoever sends it: the digest says whether it is it.
Task<Result<std::string>> IndexFiles::metadata_upstream(const Plan& plan) {
    std::vector<std::string> tried;
    for (const auto& source : plan.object.sources) {
        UpstreamRequest request{.url = source.url};
        auto fetched = co_await relay_.fetch(std::move(request), max_metadata, Purpose::piece);
        const auto where = redacted(source.url.str());
        if (!fetched)
            tried.push_back(fetched.error().message);
        else if (fetched->head.status != 200)
            tried.push_back(fmt::format("{}: status {}", where, fetched->head.status));
        else if (sha256(fetched->body) != *plan.object.identity.sha256)
            tried.push_back(where + ": is not what the page's digest says");
        else {
            auto keep = [this, path = plan.object.path, bytes = fetched->body, where] {
                return store_bytes(store_, bytes, {.path = path, .grade = Grade::root, .source = where});
            };
            const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
            if (!kept)
                spdlog::error("{}: {} could not be kept: {}", index_.name, plan.object.path, kept.error().text());
            co_return std::move(fetched->body);
        }
    }
    co_return fail(Errc::unavailable, fmt::format("nobody has {}", plan.object.filename()), std::move(tried));
}

} // namespace yizhan
