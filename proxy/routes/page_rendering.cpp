#include "proxy/routes/page_rendering.hpp"

#include "index/page_before.hpp"
#include "index/render.hpp"
#include "proxy/routes/encode.hpp"
#include "proxy/run_on.hpp"

#include <string>
#include <utility>

namespace yizhan {

namespace {

// Whoever claimed a form may leave before it is rendered: a client that hangs up ends its coroutine at any co_await.
struct Claim {
    std::shared_ptr<PageSlot> slot;
    PageSlot::GenerationPtr generation;
    PageForm form;
    ~Claim() { slot->unclaim(generation, form); }
};

} // namespace

Task<PageSlot::RenderedPtr> rendered(Relay& relay, std::shared_ptr<PageSlot> slot, PageSlot::GenerationPtr generation,
                                     PageForm form) {
    PageSlot::FormLook look;
    const auto decided = [&] {
        look = slot->form(generation, form);
        return look.page || look.claimed;
    };
    co_await slot->changed().wait(decided);
    if (look.page)
        co_return look.page;
    const Claim claim{.slot = slot, .generation = generation, .form = form};
    auto work = [generation, form]() -> PageSlot::RenderedPtr {
        std::string climb;
        for (unsigned i = 0; i < form.depth; ++i)
            climb += "../";
        const auto dated = form.before ? page_before(generation->page, *form.before) : PageBefore{};
        const auto& shown = form.before ? dated.page : generation->page;
        auto body = encoded(form.format == PageFormat::json_v1 ? render_json(shown, climb) : render_html(shown, climb),
                            form.encoding);
        auto etag = "\"" + sha256(body).hex() + "\"";
        return std::make_shared<const RenderedPage>(RenderedPage{std::make_shared<const std::string>(std::move(body)),
                                                                 std::move(etag), dated.newer, dated.undated});
    };
    const auto page = co_await run_on(relay.compute(generation->bytes).get_executor(), std::move(work));
    slot->put(generation, form, page);
    co_return page;
}

} // namespace yizhan
