#include "proxy/routes/derived_pages.hpp"

#include "proxy/routes/page_rendering.hpp"
#include "proxy/run_on.hpp"

#include <utility>

namespace yizhan {
namespace {

// Whoever makes the page may leave before it is made: a client that hangs up ends its coroutine at any co_await. Then
// the next one makes it.
struct Turn {
    std::shared_ptr<PageSlot> slot;
    ~Turn() { slot->end_refresh(std::nullopt); }
};

} // namespace

PageSlot::RenderedPtr DerivedPages::at_once(const std::string& key, const Sources& sources, const PageForm& form) {
    const auto slot = shelf_.find(key);
    const auto view = slot ? slot->view() : PageSlot::View{};
    if (!view.generation || view.generation->sources != sources)
        return nullptr;
    const auto now = BootClock::now();
    slot->use(now);
    return slot->shown(form, now).page;
}

Task<PageSlot::GenerationPtr> DerivedPages::generation(std::string key, Sources sources, Make make) {
    const auto slot = shelf_.slot(key);
    PageSlot::View view;
    bool mine = false;
    const auto decided = [&] {
        view = slot->view();
        mine = !(view.generation && view.generation->sources == sources) && slot->begin_refresh();
        return mine || (view.generation && view.generation->sources == sources);
    };
    co_await slot->changed().wait(decided);
    if (!mine)
        co_return view.generation;
    const Turn turn{slot};
    auto work = [sources, make] {
        auto page = make(sources);
        constexpr std::size_t bytes_per_file = 300; // of a document, about
        const auto bytes = page.files.size() * bytes_per_file;
        return std::make_shared<const PageGeneration>(
            PageGeneration{.page = std::move(page), .bytes = bytes, .sources = sources});
    };
    auto made = co_await run_on(relay_.compute().get_executor(), std::move(work));
    slot->show(made, BootClock::now());
    shelf_.trim(key);
    co_return made;
}

Task<PageSlot::RenderedPtr> DerivedPages::get(std::string key, Sources sources, PageForm form, Make make) {
    const auto slot = shelf_.slot(key);
    const auto made = co_await generation(key, std::move(sources), std::move(make));
    auto page = co_await rendered(relay_, slot, made, form);
    shelf_.trim(key);
    co_return page;
}

} // namespace yizhan
