#include "proxy/routes/upload_times.hpp"

#include "index/page_before.hpp"
#include "index/render.hpp"
#include "proxy/boot_clock.hpp"
#include "proxy/routes/page_reading.hpp"
#include "proxy/routes/stored_pages.hpp"
#include "proxy/run_on.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace yizhan {
namespace {

std::ptrdiff_t lacking(const ProjectPage& page) {
    return std::ranges::count_if(page.files, [](const ProjectFile& file) { return !file.upload_time; });
}

} // namespace

Task<void> UploadTimes::complete(std::string project, ProjectPage& page) {
    if (lacking(page) == 0 || index_.wheel_tree || index_.rules.upstream.size() == 1)
        co_return;
    auto look = [this, project, &page] { return recall(project, page); };
    if (!co_await run_on(relay_.disk().get_executor(), std::move(look)))
        co_await ask_mirrors(std::move(project), page);
}

Task<void> UploadTimes::ask_mirrors(std::string project, ProjectPage& page) {
    auto word = co_await upstreams_.ask(project, std::nullopt, PageUpstreams::Root::passed_over);
    if (!word)
        co_return; // then dated pages do without these files, and say so
    auto fill = [&page, &pages = word->mirrors] {
        const auto before = lacking(page);
        for (const auto& other : pages)
            fill_upload_times(page, other.page);
        return lacking(page) < before;
    };
    if (!co_await run_on(relay_.compute().get_executor(), std::move(fill)))
        co_return;
    auto store = [this, project, &page] {
        keep_own_page(store_, key(project), page, upstreams_.root());
        return Result<void>{};
    };
    co_await run_on(relay_.disk().get_executor(), std::move(store));
}

bool UploadTimes::recall(const std::string& project, ProjectPage& page) const {
    constexpr std::size_t longest = 64ULL << 20; // what we wrote ourselves, of a page that was read
    const auto document = lacking(page) > 0 ? store_.find_document(key(project)) : std::nullopt;
    const auto blob = document ? store_.find(document->digest) : std::nullopt;
    const auto bytes = blob ? blob->read_all(longest) : Result<std::string>(std::string());
    if (!bytes || bytes->empty())
        return lacking(page) == 0;
    if (const auto kept = read_page(project, *bytes, document->content_type, document->url,
                                    own_link_rules(index_, upstreams_.root())))
        fill_upload_times(page, kept->page);
    return lacking(page) == 0;
}

} // namespace yizhan
