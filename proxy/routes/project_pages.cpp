#include "proxy/routes/project_pages.hpp"

#include "index/filename.hpp"
#include "index/locate.hpp"
#include "index/names.hpp"
#include "index/render.hpp"
#include "proxy/routes/page_rendering.hpp"
#include "proxy/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>

namespace yizhan {
namespace {

// How long a failed refresh keeps the next one from being tried: long enough that a resolver's hundred requests do not
// each wait for a dead root, short enough that nobody notices when it is back.
constexpr std::chrono::seconds retry_interval{5};
// The same where the failure itself is what clients are answered: they ask again after what Retry-After says, 2 s at
// least, or like uv by a clock of their own, and must not hear the old failure then.
constexpr std::chrono::seconds failure_lasts{1};

// Rendered pages and models in memory. numpy, the largest common page, takes about 5 MB in all its forms.
constexpr std::size_t memory_budget = 128ULL << 20;

} // namespace

ProjectPages::ProjectPages(PageIndex index, const Settings& settings, Store& store, Relay& relay)
    : index_(std::move(index)), settings_(settings), store_(store), relay_(relay), upstreams_(index_, settings, relay),
      times_(index_, store, relay, upstreams_),
      stored_(index_, store, times_, upstreams_.root(), settings.relay.max_document), names_(index_.rules),
      quarantined_(store), shelf_(memory_budget) {}

ProjectPages::~ProjectPages() = default;

// What get() refuses it has never had rendered; a project that is denied has no slot.
std::optional<ProjectPages::Fresh> ProjectPages::at_once(const std::string& project, const PageForm& form) {
    const auto slot = shelf_.find(project);
    if (!slot)
        return std::nullopt;
    const auto now = BootClock::now();
    auto shown = slot->shown(form, now);
    if (!shown.page || shown.age >= index_.rules.page_ttl)
        return std::nullopt;
    slot->use(now);
    return Fresh{.page = std::move(shown.page),
                 .ttl = std::chrono::duration_cast<std::chrono::seconds>(index_.rules.page_ttl - shown.age)};
}

std::optional<ProjectPages::Current> ProjectPages::current_at_once(const std::string& project) {
    const auto slot = shelf_.find(project);
    if (!slot || names_.denied(project_of_page(project)))
        return std::nullopt;
    auto now = slot->view();
    if (!now.generation || now.error || now.age >= index_.rules.page_ttl || quarantined(project))
        return std::nullopt;
    slot->use(BootClock::now());
    return Current{.generation = std::move(now.generation),
                   .note = "hit",
                   .cache_status = {},
                   .ttl = std::chrono::duration_cast<std::chrono::seconds>(index_.rules.page_ttl - now.age)};
}

Task<Result<ProjectPages::Current>> ProjectPages::current(std::string project) {
    if (names_.denied(project_of_page(project)))
        co_return fail(Errc::not_found, NamePolicy::denied_words("the project " + project));
    const auto slot = shelf_.slot(project);
    const auto before = slot->view();
    if (!fresh(before)) {
        if (slot->begin_refresh())
            asio::co_spawn(relay_.executor(), refresh(project, slot), asio::detached);
        co_await refreshed(slot, before.turns);
    }
    auto now = slot->view();
    if (!now.generation && now.error)
        co_return std::unexpected(*now.error);
    if (!now.generation)
        co_return fail(Errc::unavailable, "the page of " + project + " could not be fetched in time; try again");
    if (auto why = quarantined(project))
        co_return fail(Errc::not_found, std::move(*why));
    Current out;
    std::tie(out.note, out.cache_status) = freshness(before, now);
    out.generation = std::move(now.generation);
    out.ttl = std::chrono::duration_cast<std::chrono::seconds>(index_.rules.page_ttl - now.age);
    co_return out;
}

void ProjectPages::ask_ahead(const std::string& project) {
    if (names_.denied(project_of_page(project)))
        return;
    const auto slot = shelf_.slot(project);
    if (!fresh(slot->view()) && slot->begin_refresh())
        asio::co_spawn(relay_.executor(), refresh(project, slot), asio::detached);
}

Task<Result<ProjectPages::Answer>> ProjectPages::get(std::string project, PageForm form) {
    auto now = co_await current(project);
    if (!now)
        co_return std::unexpected(now.error());
    Answer answer{.page = {}, .note = now->note, .cache_status = std::move(now->cache_status)};
    const auto slot = shelf_.slot(project);
    answer.page = co_await rendered(relay_, slot, now->generation, form);
    shelf_.trim(project);
    co_return answer;
}

std::optional<std::string> ProjectPages::quarantined(std::string_view project) const {
    return index_.rules.serve_quarantined ? std::nullopt : quarantined_.why_not(project);
}

std::optional<std::string> ProjectPages::quarantined_file(std::string_view filename) const {
    return index_.rules.serve_quarantined ? std::nullopt : quarantined_.why_not_file(filename);
}

// Disk pool, before the page is shown.
void ProjectPages::take_status(const std::string& project, const ProjectPage& page, Grade grade) {
    if (index_.wheel_tree)
        return; // what PyTorch copies of PyPI's pages has lost their status
    if (const auto kept = quarantined_.take(project, page.status, grade); !kept)
        spdlog::error("pypi: that {} is quarantined could not be written down: {}", project, kept.error().text());
}

bool ProjectPages::fresh(const PageSlot::View& view) const {
    if (view.generation && view.age < index_.rules.page_ttl)
        return true;
    const bool answer_is_good = view.generation || (view.error && view.error->code == Errc::not_found);
    return view.error && view.tried < (answer_is_good ? retry_interval : failure_lasts);
}

// Waits for the refresh under way: to its end, but no longer than `stale_after` once there is a page to fall back on.
Task<void> ProjectPages::refreshed(SlotPtr slot, std::uint64_t turns) {
    const auto ended = [&slot, turns] { return slot->view().turns > turns; };
    const auto patience = Notifier::Clock::now() + index_.rules.stale_after;
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
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(index_.rules.page_ttl - now.age).count();
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

// Relay thread.
Task<void> ProjectPages::refresh(std::string project, SlotPtr slot) {
    co_await load(project, slot);
    const bool private_name = names_.is_private(project_of_page(project));
    Result<void> result;
    if (!relay_.offline() && !private_name)
        result = co_await ask_upstreams(project, slot);
    else if (!slot->view().generation)
        result = fail(Errc::not_found, private_name ? NamePolicy::private_words("the page of " + project)
                                                    : "the page of " + project +
                                                          " is not in the store, and yizhan runs offline (started "
                                                          "with --offline): no upstream was asked");
    if (!result && result.error().code != Errc::not_found)
        spdlog::warn("{}: {}", index_.name, result.error().text());
    slot->end_refresh(result ? std::nullopt : std::optional(std::move(result.error())));
    if (!slot->view().generation)
        shelf_.remember_absence(project);
}

// The stored page, where memory has none.
Task<void> ProjectPages::load(const std::string& project, const SlotPtr& slot) {
    if (slot->view().generation)
        co_return;
    auto work = [this, project] { return stored_.newest(project); };
    if (auto loaded = co_await run_on(relay_.disk().get_executor(), std::move(work)))
        slot->show(std::move(loaded->generation), checked_point(loaded->checked_at));
}

Task<Result<void>> ProjectPages::ask_upstreams(const std::string& project, const SlotPtr& slot) {
    if (const auto view = slot->view(); view.generation && view.age < index_.rules.page_ttl)
        co_return Result<void>{}; // what the store had is fresh enough
    const auto key = stored_.document_key(project);
    std::optional<Document> stored;
    if (const auto shown = slot->view().generation) {
        auto look = [this, key] { return store_.find_document(key); };
        stored = co_await run_on(relay_.disk().get_executor(), std::move(look));
        // A 304 must be about what is shown, and that may be newer than what is durable.
        if (stored && shown->document != stored->digest)
            stored.reset();
    }
    auto word = co_await upstreams_.ask(project, std::move(stored));
    if (!word)
        co_return std::unexpected(word.error());
    co_return co_await take_word(project, slot, std::move(*word));
}

Task<Result<void>> ProjectPages::take_word(const std::string& project, const SlotPtr& slot, PageWord word) {
    if (word.of == PageWord::Of::mirrors)
        co_return co_await take_agreed(project, slot, std::move(word));
    if (word.of == PageWord::Of::absent) {
        if (slot->view().generation)
            word.absent->code = Errc::unavailable; // the root alone takes away what it has shown
        co_return std::unexpected(std::move(*word.absent));
    }
    if (!word.root)
        co_return co_await confirm(project, slot);
    auto taken = co_await take(project, slot, std::move(*word.root));
    if (taken || index_.rules.upstream.size() == 1)
        co_return taken;
    // A torn page: the root counts as silent.
    auto others = co_await upstreams_.ask(project, std::nullopt, PageUpstreams::Root::passed_over);
    if (!others)
        co_return std::unexpected(others.error());
    co_return co_await take_word(project, slot, std::move(*others));
}

// The root's 304.
Task<Result<void>> ProjectPages::confirm(const std::string& project, const SlotPtr& slot) {
    auto touch = [this, key = stored_.document_key(project)] { return store_.touch_document(key, unix_now()); };
    const auto touched = co_await run_on(relay_.disk().get_executor(), std::move(touch));
    auto again = [this, project] { return stored_.again_where_disputed(project); };
    if (auto loaded = co_await run_on(relay_.disk().get_executor(), std::move(again)))
        slot->show(std::move(loaded->generation), BootClock::now());
    else
        slot->confirm(BootClock::now());
    co_return touched;
}

Task<Result<void>> ProjectPages::take(const std::string& project, const SlotPtr& slot, Fetched fetched) {
    auto box = std::make_shared<Fetched>(std::move(fetched));
    auto parse = [this, project, box] {
        auto read = read_page(project, box->body, box->head.field("content-type"), box->head.url.str(),
                              link_rules(index_, upstreams_.root()));
        if (read)
            read->document = sha256(box->body);
        return read;
    };
    auto generation = co_await run_on(relay_.compute(box->body.size()).get_executor(), std::move(parse));
    if (!generation && generation.error().code == Errc::not_found)
        co_return std::unexpected(generation.error());
    if (!generation)
        co_return fail(Errc::unavailable, "the page of " + project + " could not be read",
                       {redacted(box->head.url.str()) + ": " + generation.error().message});
    const auto taken = std::make_shared<PageGeneration>(std::move(*generation));
    co_await times_.complete(project, taken->page);
    auto keep = [this, project, box, taken] {
        stored_.fill_gaps(taken->page);
        take_status(project, taken->page, Grade::root);
        auto rows = stored_.remember(project, taken->page, Grade::root);
        if (rows)
            stored_.keep(project, *box, *taken->document);
        return rows;
    };
    const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (!kept) // a full disk must not keep a good page from the client
        spdlog::error("{}: the page of {} could not be kept: {}", index_.name, project, kept.error().text());
    slot->show(taken, BootClock::now());
    shelf_.trim(project);
    co_return Result<void>{};
}

// The root is silent: what independent mirrors agree on, and what is known already. Where that is nothing, others are
// asked until nobody is left: each turn brings at least one more page.
Task<Result<void>> ProjectPages::take_agreed(const std::string& project, const SlotPtr& slot, PageWord word) {
    const auto read = [&] {
        const auto known = [&](const std::string& filename) { return stored_.known(project, filename); };
        return read_agreed(index_, project, word.mirrors, known, slot->view().generation.get());
    };
    auto page = co_await run_on(relay_.compute().get_executor(), read);
    while (!page) {
        auto more = co_await upstreams_.ask_on(project, std::move(word));
        if (!more)
            co_return std::unexpected(more.error().code == Errc::not_found ? more.error() : page.error());
        if (more->of != PageWord::Of::mirrors)
            co_return co_await take_word(project, slot, std::move(*more));
        word = std::move(*more);
        auto again = co_await run_on(relay_.compute().get_executor(), read);
        if (again)
            page = std::move(again);
    }
    auto keep = [this, project, shown = &*page] {
        stored_.fill_gaps(*shown);
        take_status(project, *shown, Grade::agreed);
        auto rows = stored_.remember(project, *shown, Grade::agreed);
        if (rows)
            stored_.keep_agreed(project, *shown);
        return rows;
    };
    const auto kept = co_await run_on(relay_.disk().get_executor(), std::move(keep));
    if (!kept)
        spdlog::error("{}: the page of {} could not be kept: {}", index_.name, project, kept.error().text());
    constexpr std::size_t bytes_per_file = 300; // of a document, about
    const auto weight = page->files.size() * bytes_per_file;
    slot->show(std::make_shared<const PageGeneration>(
                   PageGeneration{.page = std::move(*page), .bytes = weight, .sources = {}}),
               BootClock::now());
    shelf_.trim(project);
    co_return Result<void>{};
}

void ProjectPages::change_file(const std::string& page, const std::function<bool(ProjectFile&)>& change) {
    const auto slot = shelf_.find(page);
    const auto view = slot ? slot->view() : PageSlot::View{};
    if (!view.generation)
        return;
    auto changed = std::make_shared<PageGeneration>(*view.generation);
    bool any = false;
    for (auto& file : changed->page.files)
        any |= change(file);
    if (any)
        slot->show(std::move(changed), BootClock::now() - view.age);
}

void ProjectPages::forget_metadata(const std::string& project, const std::string& filename) {
    change_file(project, [&](ProjectFile& file) {
        const bool meant = file.filename == filename;
        if (meant)
            file.core_metadata = {};
        return meant;
    });
}

void ProjectPages::learn_metadata(const std::string& page, const std::string& filename, const std::string& folder,
                                  const Sha256& metadata) {
    change_file(page, [&](ProjectFile& file) {
        const bool meant = file.filename == filename && file.folder == folder;
        if (meant)
            file.core_metadata = {.available = true, .sha256 = metadata};
        return meant;
    });
}

Task<std::vector<std::string>> ProjectPages::stored_projects() {
    auto work = [this] {                        // of the tree only what is no page of a single tag
        constexpr std::size_t most = 1'000'000; // all of PyPI is 700,000
        std::set<std::string> names;
        for (const auto& prefix : {stored_.document_key(""), stored_.agreed_key("")})
            for (const auto& key : store_.document_keys(prefix, most))
                if (auto name = key.substr(prefix.size());
                    is_normalized_name(name) && !names_.denied(name) && !quarantined(name))
                    names.insert(std::move(name));
        return std::vector<std::string>(names.begin(), names.end());
    };
    co_return co_await run_on(relay_.disk().get_executor(), std::move(work));
}

} // namespace yizhan
