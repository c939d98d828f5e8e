#include "proxy/routes/root_names.hpp"

#include "index/html_page.hpp"
#include "proxy/boot_clock.hpp"
#include "proxy/routes/page_upstreams.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace yizhan {
namespace {

constexpr std::uint64_t max_root_page = 64ULL << 20; // PyPI's has 40 MB

Result<std::vector<std::string>> names_on(const std::string& html) {
    auto page = parse_root_html(html);
    return page ? Result<std::vector<std::string>>(std::move(page->names)) : std::unexpected(page.error());
}

} // namespace

Task<Result<std::string>> RootNames::fetched(const std::string& folder) {
    const auto base = Url::parse(root_of(index_.rules).url);
    const auto url = base ? base->resolve(folder) : base;
    if (!url)
        co_return std::unexpected(url.error());
    UpstreamRequest request{.url = *url, .accept = "text/html", .document = true};
    auto answer = co_await relay_.fetch(std::move(request), max_root_page, Purpose::page);
    if (!answer)
        co_return std::unexpected(std::move(answer.error()));
    if (answer->head.status != 200)
        co_return fail(answer->head.status == 404 ? Errc::not_found : Errc::unavailable,
                       fmt::format("{}: status {}", redacted(url->str()), answer->head.status));
    co_return std::move(answer->body);
}

Task<Result<std::vector<std::string>>> RootNames::get(std::string folder) {
    const auto key = index_.name + "/roots/" + folder;
    auto stored = [this, key]() -> Result<std::string> {
        const auto document = store_.find_document(key);
        const auto blob = document ? store_.find(document->digest) : std::nullopt;
        if (!blob)
            return fail(Errc::not_found, "it is not in the store");
        return blob->read_all(max_root_page);
    };
    auto html = relay_.offline() ? fail(Errc::not_found, "yizhan runs offline (started with --offline)")
                                 : co_await fetched(folder);
    const bool fresh = html.has_value();
    auto names = html ? names_on(*html) : std::unexpected(html.error());
    if (!names) {
        const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(stored));
        const auto old = kept ? names_on(*kept) : std::unexpected(kept.error());
        if (old)
            co_return old;
        co_return std::unexpected(std::move(names.error()));
    }
    if (!fresh)
        co_return names;
    auto keep = [this, key, text = std::move(*html)]() -> Result<Blob> {
        return store_.put_document(key, text,
                                   {.digest = sha256(text),
                                    .url = root_of(index_.rules).url,
                                    .content_type = "text/html",
                                    .etag = {},
                                    .last_modified = {},
                                    .checked_at = unix_now()});
    };
    const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (!kept)
        spdlog::error("{}: the list of projects could not be kept: {}", index_.name, kept.error().text());
    co_return names;
}

} // namespace yizhan
