#include "proxy/routes/page_upstreams.hpp"

#include "index/serial.hpp"
#include "proxy/notifier.hpp"
#include "proxy/routes/page_reading.hpp"
#include "proxy/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <random>
#include <set>
#include <utility>

namespace yizhan {
namespace {

// What PEP 691 asks for, HTML second for indexes without JSON.
constexpr std::string_view accept_any = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; "
                                        "q=0.2, text/html; q=0.1";
constexpr std::string_view accept_html = "text/html";

// Witnesses that settle a page, or its absence, while the root is silent.
constexpr std::size_t enough_families = 2;
// One more is asked beside them, and waited for a moment: of three, two that agree can be newer than a laggard who does
// not tell how old his page is.
constexpr std::size_t asked_families = 3;
constexpr std::chrono::milliseconds third_patience{500};

double chance() {
    thread_local std::minstd_rand source{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(source);
}

// Worth a second try at once: a connection that broke, a server that stumbled. Silence is not: it has cost its time.
bool passing(const Result<Fetched>& fetched) {
    return fetched ? fetched->head.status >= 500 : fetched.error().code == Errc::unavailable;
}

std::string complaint(const Result<Fetched>& fetched) {
    return fetched ? fmt::format("{}: status {}", redacted(fetched->head.url.str()), fetched->head.status)
                   : fetched.error().message;
}

bool absent(const Result<Fetched>& fetched) {
    return fetched && (fetched->head.status == 404 || fetched->head.status == 410);
}

UpstreamRequest document_request(Url url, const std::optional<Document>& stored) {
    UpstreamRequest request{.url = std::move(url), .accept = std::string(accept_any), .document = true};
    if (!stored || stored->url != request.url.str()) // validators belong to one endpoint and one variant
        return request;
    if (!stored->etag.empty())
        request.fields.emplace_back("If-None-Match", stored->etag);
    else if (!stored->last_modified.empty())
        request.fields.emplace_back("If-Modified-Since", stored->last_modified);
    return request;
}

Result<Url> page_url(const UpstreamSettings& upstream, const std::string& project) {
    auto url = Url::parse(upstream.url);
    if (!url)
        return url;
    if (upstream.flat) // one listing per tag, whatever the project
        return url->resolve(project.substr(0, project.rfind('/') + 1));
    return url->resolve(project.ends_with(".html") ? project : project + "/");
}

} // namespace

const UpstreamSettings& root_of(const Settings::Pypi& pypi) {
    const auto at = std::ranges::find_if(pypi.upstream, &UpstreamSettings::root);
    return at == pypi.upstream.end() ? pypi.upstream.front() : *at;
}

// Shared by the requests under way.
struct PageAsking {
    std::optional<Result<Fetched>> root; // its answer, where it settles the matter
    bool root_pending = false;
    std::vector<WitnessedPage> pages; // of mirrors, one per family; those that can be read
    std::set<std::string> families;   // asked already; the root's own among them
    std::set<std::string> lacking;    // families that say 404
    std::size_t passed_on = 0;        // pages that have confirmed nothing: more than these are wanted
    bool told = false;                // whoever asked has its word: nobody waits for more
    unsigned mirrors_pending = 0;
    std::vector<std::string> tried;
    Notifier changed;

    /// Pages as fresh as the freshest one: a mirror that lags is no witness for what is new.
    std::size_t fresh_pages() const {
        std::uint64_t newest = 0;
        for (const auto& page : pages)
            newest = std::max(newest, page.serial.value_or(0));
        return static_cast<std::size_t>(
            std::ranges::count_if(pages, [&](const auto& page) { return page.serial.value_or(newest) == newest; }));
    }

    /// Nobody else need be asked.
    bool enough() const {
        if (root || told)
            return true;
        if (passed_on > 0)
            return pages.size() > passed_on;
        return fresh_pages() >= enough_families || lacking.size() >= enough_families;
    }

    /// Or nobody else can be: then pages that are not equally fresh must do, and a root that is still silent is not
    /// waited for.
    bool settled() const {
        const bool will_do = passed_on == 0 && pages.size() >= enough_families;
        return enough() || (mirrors_pending == 0 && (will_do || !root_pending));
    }
};

PageUpstreams::PageUpstreams(const PageIndex& index, const Settings& settings, Relay& relay)
    : index_(index), settings_(settings), relay_(relay), root_(root_of(index.rules)),
      root_breaker_(settings.relay.health.breaker) {}

Task<Result<PageWord>> PageUpstreams::ask(std::string project, std::optional<Document> stored, Root root) {
    const auto asking = std::make_shared<PageAsking>();
    asking->families.insert(root_.family);
    const bool alone = index_.rules.upstream.size() == 1;
    if (root == Root::passed_over) {
        asking->tried.push_back(redacted(root_.url) + ": its page cannot be read");
    } else if (alone || root_breaker_.state(Notifier::Clock::now()) != Breaker::State::open) {
        asking->root_pending = true;
        asio::co_spawn(relay_.executor(), ask_root(project, std::move(stored), asking), asio::detached);
        const auto patience =
            alone ? Notifier::Clock::time_point::max() : Notifier::Clock::now() + index_.rules.root_patience;
        const auto answered = [asking] { return !asking->root_pending; };
        co_await asking->changed.wait(answered, patience);
    } else {
        asking->tried.push_back(
            fmt::format("{}: {}", redacted(root_.url), root_breaker_.words(Notifier::Clock::now())));
    }
    if (!asking->root) {
        ask_mirrors(project, asking);
        // Two that are not equally fresh will do as well, if nobody better comes within a moment: the others may be
        // dead.
        const auto two = [asking] { return asking->settled() || asking->pages.size() >= enough_families; };
        co_await asking->changed.wait(two);
        const auto third = [asking] { return asking->root || asking->mirrors_pending == 0; };
        co_await asking->changed.wait(third, Notifier::Clock::now() + third_patience);
    }
    co_return heard_by(project, asking);
}

Task<Result<PageWord>> PageUpstreams::ask_on(std::string project, PageWord heard) {
    const auto asking = std::move(heard.asking);
    asking->told = false;
    asking->passed_on = heard.mirrors.size();
    asking->pages.insert(asking->pages.begin(), std::make_move_iterator(heard.mirrors.begin()),
                         std::make_move_iterator(heard.mirrors.end())); // others may have come meanwhile
    if (!asking->enough())
        ask_mirrors(project, asking);
    const auto settled = [asking] { return asking->settled(); };
    co_await asking->changed.wait(settled);
    if (!asking->root && asking->pages.size() <= asking->passed_on)
        co_return fail(Errc::unavailable, "nobody is left to be asked for the page of " + project,
                       std::move(asking->tried));
    co_return heard_by(project, asking);
}

// What it has come to.
Result<PageWord> PageUpstreams::heard_by(const std::string& project, const AskingPtr& asking) const {
    asking->told = true;
    if (asking->root && absent(*asking->root))
        return fail(Errc::not_found,
                    fmt::format("{} says that there is no project \"{}\" ({})",
                                redacted((*asking->root)->head.url.str()), project, (*asking->root)->head.status));
    if (asking->root) {
        PageWord word{.of = PageWord::Of::root};
        if ((*asking->root)->head.status != 304)
            word.root = std::move(**asking->root);
        return word;
    }
    if (!asking->pages.empty())
        return PageWord{.of = PageWord::Of::mirrors, .mirrors = std::exchange(asking->pages, {}), .asking = asking};
    if (asking->lacking.size() >= enough_families)
        return PageWord{.of = PageWord::Of::absent,
                        .absent = Error{Errc::not_found,
                                        fmt::format("there is no project \"{}\": the root did not answer, and {} "
                                                    "independent mirrors say so",
                                                    project, asking->lacking.size()),
                                        std::move(asking->tried)}};
    return fail(Errc::unavailable, "the page of " + project + " could not be fetched", std::move(asking->tried));
}

Task<void> PageUpstreams::ask_root(std::string project, std::optional<Document> stored, AskingPtr asking) {
    const auto url = page_url(root_, project);
    const auto pass = root_breaker_.admit(Notifier::Clock::now(), Panic::yes);
    auto fetched = url ? co_await fetch(*url, stored) : Result<Fetched>(std::unexpected(url.error()));
    const auto now = Notifier::Clock::now();
    const bool answered =
        fetched && (fetched->head.status == 200 || absent(fetched) || (fetched->head.status == 304 && stored));
    if (answered) {
        root_breaker_.passed(*pass, now);
        asking->root = std::move(fetched);
    } else {
        root_breaker_.faulted(*pass, complaint(fetched), now, chance);
        asking->tried.push_back(complaint(fetched));
    }
    asking->root_pending = false;
    asking->changed.notify_all();
}

// Three families at a time, the best first; the next one whenever one of them has failed, or is not as fresh.
void PageUpstreams::ask_mirrors(const std::string& project, const AskingPtr& asking) {
    const auto here = asking->passed_on > 0 ? 0 : std::min(asking->fresh_pages(), enough_families);
    while (asking->mirrors_pending < asked_families - here) {
        const auto* mirror = next_mirror(*asking);
        if (!mirror)
            return;
        asking->families.insert(mirror->family);
        ++asking->mirrors_pending;
        asio::co_spawn(relay_.executor(), ask_mirror(project, *mirror, asking), asio::detached);
    }
}

// Of a family that was not asked yet, by what is known of its endpoint: one that rests comes last.
const UpstreamSettings* PageUpstreams::next_mirror(const PageAsking& asking) {
    const auto now = Notifier::Clock::now();
    const Ask ask{.kind = "pages", .size = SizeClass::page};
    auto& endpoints = relay_.endpoints();
    std::vector<Candidate> field;
    for (std::size_t i = 0; i < index_.rules.upstream.size(); ++i) {
        const auto& mirror = index_.rules.upstream[i];
        const auto url = Url::parse(mirror.url);
        if (&mirror == &root_ || mirror.flat || !url)
            continue; // a listing without digests witnesses nothing
        const auto id = endpoints.find(url->origin(), AddressFamily::any);
        auto candidate = id ? endpoints.candidate(*id, ask, {}, now) : Candidate{};
        candidate.index = i;
        candidate.family = mirror.family;
        candidate.full = false; // pages are over in a moment
        field.push_back(std::move(candidate));
    }
    const std::vector<std::string> taken(asking.families.begin(), asking.families.end());
    const auto chosen = endpoints.choose(field, {.families_taken = taken, .may_wait = false});
    return chosen ? &index_.rules.upstream[chosen->index] : nullptr;
}

Task<void> PageUpstreams::ask_mirror(std::string project, const UpstreamSettings& mirror, AskingPtr asking) {
    const auto url = page_url(mirror, project);
    auto fetched = url ? co_await fetch(*url, std::nullopt) : Result<Fetched>(std::unexpected(url.error()));
    if (fetched && fetched->head.status == 200) {
        auto page = co_await read(project, mirror, std::move(*fetched));
        if (page)
            asking->pages.push_back(std::move(*page));
        else
            asking->tried.push_back(page.error().message);
    } else {
        if (absent(fetched))
            asking->lacking.insert(mirror.family);
        asking->tried.push_back(complaint(fetched));
    }
    --asking->mirrors_pending;
    if (!asking->enough())
        ask_mirrors(project, asking);
    asking->changed.notify_all();
}

// What cannot be read (a challenge, a torn page) is nobody's word.
Task<Result<WitnessedPage>> PageUpstreams::read(const std::string& project, const UpstreamSettings& mirror,
                                                Fetched fetched) {
    const auto size = fetched.body.size();
    auto work = [this, project, &mirror,
                 box = std::make_shared<const Fetched>(std::move(fetched))]() -> Result<WitnessedPage> {
        const auto url = box->head.url.str();
        auto page = read_page(project, box->body, box->head.field("content-type"), url, link_rules(index_, mirror));
        if (!page)
            return fail(page.error().code, redacted(url) + ": " + page.error().message);
        return WitnessedPage{.family = mirror.family,
                             .page = std::move(page->page),
                             .serial = peek_serial(box->head.field("x-pypi-last-serial"), box->body)};
    };
    co_return co_await run_on(relay_.compute(size).get_executor(), std::move(work));
}

Task<Result<Fetched>> PageUpstreams::fetch(Url url, const std::optional<Document>& stored) {
    auto request = document_request(url, stored);
    auto fetched = co_await relay_.fetch(request, settings_.relay.max_document, Purpose::page);
    if (passing(fetched))
        fetched = co_await relay_.fetch(request, settings_.relay.max_document, Purpose::page);
    // Some mirrors redirect every JSON Accept to a page that does not exist (tuna/issues 2374): ask for HTML once.
    const bool json_lost = absent(fetched) && fetched->head.url.str() != url.str();
    if (json_lost) {
        request.accept = std::string(accept_html);
        fetched = co_await relay_.fetch(request, settings_.relay.max_document, Purpose::page);
    }
    co_return fetched;
}

} // namespace yizhan
