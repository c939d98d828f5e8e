#include "proxy/routes/project_pages.hpp"

#include "index/html_page.hpp"
#include "index/json_page.hpp"
#include "index/locate.hpp"
#include "index/render.hpp"
#include "proxy/routes/encode.hpp"
#include "proxy/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <tuple>

namespace yizhan {
namespace {

// How long a failed refresh keeps the next one from being tried: long enough that a resolver's hundred requests do not
// each wait for a dead root, short enough that nobody notices when it is back.
constexpr std::chrono::seconds retry_interval{5};

// Rendered pages and models in memory. numpy, the largest common page, takes about 5 MB in all its forms.
constexpr std::size_t memory_budget = 128ULL << 20;

// What PEP 691 asks for, HTML second for indexes without JSON.
constexpr std::string_view accept_any = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; "
                                        "q=0.2, text/html; q=0.1";
constexpr std::string_view accept_html = "text/html";

std::string document_key(const std::string& project) { return "pypi/simple/" + project; }

// A file without a path of ours has nothing that says what its bytes must be; saying so beats a silent gap.
void keep_located(ParsedPage& parsed) {
    std::erase_if(parsed.page.files, [&](const ProjectFile& file) {
        if (locate(file))
            return false;
        parsed.dropped.push_back({file.filename, "the index gives neither a sha256 nor a path of PyPI's for it"});
        return true;
    });
}

bool is_json(std::string_view content_type) { return content_type.find("json") != std::string_view::npos; }

// Worth a second try at once: a connection that broke, a server that stumbled.
bool passing(const Result<Fetched>& fetched) {
    if (!fetched)
        return fetched.error().code == Errc::unavailable || fetched.error().code == Errc::timeout;
    return fetched->head.status >= 500;
}

} // namespace

const UpstreamSettings& root_of(const Settings::Pypi& pypi) {
    const auto at = std::ranges::find_if(pypi.upstream, &UpstreamSettings::root);
    return at == pypi.upstream.end() ? pypi.upstream.front() : *at;
}

ProjectPages::ProjectPages(const Settings& settings, Store& store, Relay& relay)
    : settings_(settings), store_(store), relay_(relay), root_(root_of(settings.pypi)),
      names_(settings.pypi), shelf_(memory_budget) {
    for (const auto& prefix : root_.files)
        if (auto url = Url::parse(prefix))
            files_.push_back(std::move(*url));
}

ProjectPages::~ProjectPages() = default;

Task<Result<ProjectPages::Answer>> ProjectPages::get(std::string project, PageForm form) {
    if (names_.denied(project))
        co_return fail(Errc::not_found, NamePolicy::denied_words("the project " + project));
    const auto slot = shelf_.slot(project);
    const auto before = slot->view();
    if (!fresh(before)) {
        if (slot->begin_refresh())
            asio::co_spawn(relay_.executor(), refresh(project, slot), asio::detached);
        co_await refreshed(slot, before.turns);
    }
    const auto now = slot->view();
    if (!now.generation && now.error)
        co_return std::unexpected(*now.error);
    if (!now.generation)
        co_return fail(Errc::unavailable, "the page of " + project + " could not be fetched in time; try again");
    if (const auto& status = now.generation->page.status;
        status && status->status == "quarantined" && !settings_.pypi.serve_quarantined)
        co_return fail(Errc::not_found,
                       fmt::format("the index has quarantined {}: it is suspected of being harmful, and is not served "
                                   "(setting pypi.serve_quarantined){}{}",
                                   project, status->reason.empty() ? "" : ". Its reason: ", status->reason));
    Answer answer;
    std::tie(answer.note, answer.cache_status) = freshness(before, now);
    answer.page = co_await rendered(std::move(project), slot, now.generation, form);
    co_return answer;
}

bool ProjectPages::fresh(const PageSlot::View& view) const {
    return (view.generation && view.age < settings_.pypi.page_ttl) || (view.error && view.tried < retry_interval);
}

// Waits for the refresh under way: to its end, but no longer than `stale_after` once there is a page to fall back on.
Task<void> ProjectPages::refreshed(SlotPtr slot, std::uint64_t turns) {
    const auto ended = [&slot, turns] { return slot->view().turns > turns; };
    const auto patience = Notifier::Clock::now() + settings_.pypi.stale_after;
    if (co_await slot->changed().wait(ended, patience))
        co_return;
    const auto something = [&slot, turns] {
        const auto now = slot->view();
        return now.turns > turns || now.generation;
    };
    co_await slot->changed().wait(something);
}

// The word for the log and the Cache-Status field (RFC 9211).
std::pair<std::string_view, std::string> ProjectPages::freshness(const PageSlot::View& before,
                                                                 const PageSlot::View& now) const {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(settings_.pypi.page_ttl - now.age).count();
    const bool refreshed = now.turns > before.turns && !now.error && !relay_.offline();
    if (refreshed && before.generation)
        return {"revalidated", "yizhan; hit; detail=revalidated"};
    if (refreshed)
        return {"miss", "yizhan; fwd=uri-miss; stored"};
    if (left > 0 && !now.error)
        return {"hit", fmt::format("yizhan; hit; ttl={}", left)};
    return {"stale", fmt::format("yizhan; hit; ttl={}; detail={}", left,
                                 relay_.offline() ? "offline"
                                 : now.error      ? name(now.error->code)
                                                  : "refreshing")};
}

Task<std::shared_ptr<const RenderedPage>> ProjectPages::rendered(std::string project, SlotPtr slot,
                                                                 PageSlot::GenerationPtr generation, PageForm form) {
    PageSlot::FormLook look;
    const auto decided = [&] {
        look = slot->form(generation, form);
        return look.page || look.claimed;
    };
    co_await slot->changed().wait(decided);
    if (look.page)
        co_return look.page;
    auto work = [generation, form]() -> PageSlot::RenderedPtr {
        std::string climb;
        for (unsigned i = 0; i < form.depth; ++i)
            climb += "../";
        auto body = encoded(form.format == PageFormat::json_v1 ? render_json(generation->page, climb)
                                                               : render_html(generation->page, climb),
                            form.encoding);
        auto etag = "\"" + sha256(body).hex() + "\"";
        return std::make_shared<const RenderedPage>(
            RenderedPage{std::make_shared<const std::string>(std::move(body)), std::move(etag)});
    };
    const auto page = co_await run_on(relay_.compute().get_executor(), std::move(work));
    slot->put(generation, form, page);
    shelf_.trim(project);
    co_return page;
}

// Relay thread.
Task<void> ProjectPages::refresh(std::string project, SlotPtr slot) {
    co_await load(project, slot);
    const bool private_name = names_.is_private(project);
    Result<void> result;
    if (!relay_.offline() && !private_name)
        result = co_await ask_root(project, slot);
    else if (!slot->view().generation)
        result = fail(Errc::not_found,
                      private_name ? NamePolicy::private_words("the page of " + project)
                                   : "the page of " + project + " is not in the store, and yizhan runs offline (started "
                                                                "with --offline): no upstream was asked");
    if (!result && result.error().code != Errc::not_found)
        spdlog::warn("pypi: {}", result.error().text());
    slot->end_refresh(result ? std::nullopt : std::optional(std::move(result.error())));
}

// The stored page, where memory has none.
Task<void> ProjectPages::load(const std::string& project, const SlotPtr& slot) {
    if (slot->view().generation)
        co_return;
    struct Loaded {
        PageSlot::GenerationPtr generation;
        std::int64_t checked_at = 0;
    };
    auto work = [this, project]() -> std::optional<Loaded> {
        const auto document = store_.find_document(document_key(project));
        const auto blob = document ? store_.find(document->digest) : std::nullopt;
        if (!blob)
            return std::nullopt;
        const auto bytes = blob->read_all(settings_.relay.max_document);
        auto generation = bytes ? verified(project, *bytes, document->content_type, document->url)
                                : std::unexpected(bytes.error());
        if (!generation) {
            spdlog::error("pypi: the stored page of {} is unusable: {}", project, generation.error().message);
            return std::nullopt;
        }
        return Loaded{std::make_shared<const PageGeneration>(std::move(*generation)), document->checked_at};
    };
    if (auto loaded = co_await run_on(relay_.disk().get_executor(), std::move(work)))
        slot->show(std::move(loaded->generation), checked_point(loaded->checked_at));
}

Task<Result<void>> ProjectPages::ask_root(const std::string& project, const SlotPtr& slot) {
    if (const auto view = slot->view(); view.generation && view.age < settings_.pypi.page_ttl)
        co_return Result<void>{}; // what the store had is fresh enough
    const auto key = document_key(project);
    auto look = [this, key] { return store_.find_document(key); };
    const auto stored = co_await run_on(relay_.disk().get_executor(), std::move(look));
    auto fetched = co_await fetch(project, stored);
    if (!fetched)
        co_return fail(Errc::unavailable, "the page of " + project + " could not be fetched",
                       {fetched.error().message});
    const auto status = fetched->head.status;
    if (status == 304 && stored) {
        slot->confirm(BootClock::now());
        auto touch = [this, key] { return store_.touch_document(key, unix_now()); };
        co_return co_await run_on(relay_.disk().get_executor(), std::move(touch));
    }
    const auto whom = redacted(fetched->head.url.str());
    if (status == 404 || status == 410)
        co_return fail(Errc::not_found, fmt::format("{} says that there is no project \"{}\" ({})", whom, project, status));
    if (status != 200)
        co_return fail(Errc::unavailable, fmt::format("the page of {} could not be fetched", project),
                       {fmt::format("{}: status {}", whom, status)});
    co_return co_await take(project, slot, std::move(*fetched));
}

Task<Result<Fetched>> ProjectPages::fetch(const std::string& project, const std::optional<Document>& stored) {
    auto url = Url::parse(root_.url);
    if (url)
        url = url->resolve(project + "/");
    if (!url)
        co_return std::unexpected(url.error());
    UpstreamRequest request{.url = *url,
                            .head_only = false,
                            .accept = std::string(accept_any),
                            .compressed = true,
                            .range = {},
                            .fields = {},
                            .private_address_allowed = false};
    if (stored && stored->url == url->str()) { // validators belong to one endpoint and one variant
        if (!stored->etag.empty())
            request.fields.emplace_back("If-None-Match", stored->etag);
        else if (!stored->last_modified.empty())
            request.fields.emplace_back("If-Modified-Since", stored->last_modified);
    }
    auto fetched = co_await relay_.fetch(request, settings_.relay.max_document);
    if (passing(fetched))
        fetched = co_await relay_.fetch(request, settings_.relay.max_document);
    // Some mirrors redirect every JSON Accept to a page that does not exist (tuna/issues 2374): ask for HTML once.
    const bool json_lost = fetched && fetched->head.status == 404 && fetched->head.url.str() != url->str();
    if (json_lost) {
        request.accept = std::string(accept_html);
        fetched = co_await relay_.fetch(request, settings_.relay.max_document);
    }
    co_return fetched;
}

Task<Result<void>> ProjectPages::take(const std::string& project, const SlotPtr& slot, Fetched fetched) {
    auto box = std::make_shared<Fetched>(std::move(fetched));
    auto parse = [this, project, box] {
        return verified(project, box->body, box->head.field("content-type"), box->head.url.str());
    };
    auto generation = co_await run_on(relay_.compute().get_executor(), std::move(parse));
    if (!generation)
        co_return fail(Errc::unavailable, "the page of " + project + " could not be read",
                       {redacted(box->head.url.str()) + ": " + generation.error().message});
    auto keep = [this, project, box, page = &generation->page]() -> Result<void> {
        if (auto rows = remember(project, *page); !rows)
            return rows;
        Document document{.digest = sha256(box->body),
                          .url = box->head.url.str(),
                          .content_type = std::string(box->head.field("content-type")),
                          .etag = std::string(box->head.field("etag")),
                          .last_modified = std::string(box->head.field("last-modified")),
                          .checked_at = unix_now()};
        const auto stored = store_.put_document(document_key(project), box->body, std::move(document));
        if (!stored)
            return std::unexpected(stored.error());
        return {};
    };
    const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (!kept) // a full disk must not keep a good page from the client
        spdlog::error("pypi: the page of {} could not be kept: {}", project, kept.error().text());
    slot->show(std::make_shared<const PageGeneration>(std::move(*generation)), BootClock::now());
    shelf_.trim(project);
    co_return Result<void>{};
}

// Compute pool: what the page says, less what may not be shown.
Result<PageGeneration> ProjectPages::verified(const std::string& project, std::string_view bytes,
                                              std::string_view content_type, const std::string& final_url) const {
    const auto url = Url::parse(final_url);
    if (!url)
        return std::unexpected(url.error());
    auto parsed = is_json(content_type) ? parse_json_page(bytes, *url, project) : parse_html_page(bytes, *url, project);
    if (!parsed)
        return std::unexpected(parsed.error());
    keep_within(*parsed, files_);
    keep_first_of_each_name(*parsed);
    keep_located(*parsed);
    for (const auto& dropped : parsed->dropped)
        spdlog::warn("pypi: {}: {} left out: {}", project, dropped.filename, dropped.reason);
    return PageGeneration{.page = std::move(parsed->page), .bytes = bytes.size()};
}

// Disk pool: the ledger learns which name is which digest, and drops from the page what contradicts it.
Result<void> ProjectPages::remember(const std::string& project, ProjectPage& page) {
    std::vector<Store::LedgerRow> rows;
    rows.reserve(page.files.size() * 2);
    for (const auto& file : page.files) {
        const auto digest = file.sha256();
        const auto location = locate(file);
        if (!digest || !location)
            continue;
        LedgerEntry entry{.digest = *digest,
                          .grade = Grade::root,
                          .size = file.size,
                          .source = file.url,
                          .metadata = file.core_metadata.sha256,
                          .metadata_available = file.core_metadata.available};
        // Only PyPI promises that a file name never changes its bytes; elsewhere the path itself holds the digest.
        if (location->blake2b)
            rows.push_back({"pypi/" + project + "/" + file.filename, entry});
        rows.push_back({path_ledger_key(location->path()), std::move(entry)});
    }
    const auto conflicts = store_.put_ledger(rows);
    if (!conflicts)
        return std::unexpected(conflicts.error());
    for (const auto& key : *conflicts) {
        spdlog::error("pypi: {} contradicts what the root said of it before; it is not shown until that is settled",
                      key);
        const auto filename = key.substr(key.rfind('/') + 1);
        std::erase_if(page.files, [&](const ProjectFile& file) { return file.filename == filename; });
    }
    return {};
}

void ProjectPages::forget_metadata(const std::string& project, const std::string& filename) {
    const auto slot = shelf_.slot(project);
    const auto view = slot->view();
    if (!view.generation)
        return;
    auto changed = std::make_shared<PageGeneration>(*view.generation);
    for (auto& file : changed->page.files)
        if (file.filename == filename)
            file.core_metadata = {};
    slot->show(std::move(changed), BootClock::now() - view.age);
}

Task<std::vector<std::string>> ProjectPages::stored_projects() {
    auto work = [this] {
        constexpr std::size_t most = 1'000'000; // all of PyPI is 700,000
        const std::string prefix = document_key("");
        auto keys = store_.document_keys(prefix, most);
        for (auto& key : keys)
            key.erase(0, prefix.size());
        return keys;
    };
    co_return co_await run_on(relay_.disk().get_executor(), std::move(work));
}

std::string ProjectPages::path_ledger_key(std::string_view canonical_path) {
    return "path/" + std::string(canonical_path);
}

} // namespace yizhan
