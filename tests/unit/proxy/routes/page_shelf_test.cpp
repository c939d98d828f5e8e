#include "proxy/routes/page_shelf.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

PageSlot::GenerationPtr generation(std::size_t bytes = 0) {
    return std::make_shared<const PageGeneration>(PageGeneration{.page = {}, .bytes = bytes});
}

PageSlot::RenderedPtr rendered(const std::string& body) {
    return std::make_shared<const RenderedPage>(RenderedPage{std::make_shared<const std::string>(body), "\"e\""});
}

TEST(PageSlot, OneRefreshAtATime) {
    PageSlot slot;
    EXPECT_TRUE(slot.begin_refresh());
    EXPECT_FALSE(slot.begin_refresh());
    slot.end_refresh({});
    EXPECT_EQ(slot.view().turns, 1u);
    EXPECT_TRUE(slot.begin_refresh());
}

TEST(PageSlot, AFailureKeepsThePageAndANotFoundTakesIt) {
    PageSlot slot;
    slot.show(generation(), BootClock::now());
    slot.begin_refresh();
    slot.end_refresh(Error{Errc::unavailable, "silent", {}});
    EXPECT_TRUE(slot.view().generation);
    EXPECT_EQ(slot.view().error->code, Errc::unavailable);
    slot.begin_refresh();
    slot.end_refresh(Error{Errc::not_found, "gone", {}});
    EXPECT_FALSE(slot.view().generation);
}

TEST(PageSlot, ASuccessForgetsTheErrorBeforeIt) {
    PageSlot slot;
    slot.end_refresh(Error{Errc::unavailable, "silent", {}});
    slot.end_refresh({});
    EXPECT_FALSE(slot.view().error);
}

TEST(PageSlot, AFormIsRenderedByExactlyOne) {
    PageSlot slot;
    const auto first = generation();
    slot.show(first, BootClock::now());
    EXPECT_TRUE(slot.form(first, {}).claimed);
    const auto second_look = slot.form(first, {});
    EXPECT_FALSE(second_look.claimed);
    EXPECT_FALSE(second_look.page);
    slot.put(first, {}, rendered("page"));
    EXPECT_EQ(*slot.form(first, {}).page->body, "page");
    EXPECT_TRUE(slot.form(first, {.depth = 3}).claimed) << "another depth is another form";
}

TEST(PageSlot, ANewGenerationIsRenderedAnewAndALateFormOfTheOldOneIsNotShown) {
    PageSlot slot;
    const auto old = generation();
    slot.show(old, BootClock::now());
    EXPECT_TRUE(slot.form(old, {}).claimed);
    const auto fresh = generation();
    slot.show(fresh, BootClock::now());
    EXPECT_TRUE(slot.form(fresh, {}).claimed);
    slot.put(old, {}, rendered("old"));
    EXPECT_FALSE(slot.form(fresh, {}).page);
    slot.put(fresh, {}, rendered("new"));
    EXPECT_EQ(*slot.form(fresh, {}).page->body, "new");
}

TEST(PageSlot, ShowsTheFormsOfItsGenerationAndHowOldThatIs) {
    using namespace std::chrono_literals;
    PageSlot slot;
    const auto now = BootClock::now();
    EXPECT_FALSE(slot.shown({}, now).page) << "nothing is known";
    const auto first = generation();
    slot.show(first, now - 5s);
    EXPECT_FALSE(slot.shown({}, now).page) << "not rendered";
    slot.form(first, {});
    EXPECT_FALSE(slot.shown({}, now).page) << "being rendered";
    slot.put(first, {}, rendered("page"));
    ASSERT_TRUE(slot.shown({}, now).page);
    EXPECT_EQ(*slot.shown({}, now).page->body, "page");
    EXPECT_EQ(slot.shown({}, now).age, 5s);
    EXPECT_FALSE(slot.shown({.depth = 3}, now).page) << "another depth is another form";
    slot.end_refresh(Error{Errc::unavailable, "silent", {}});
    EXPECT_FALSE(slot.shown({}, now).page) << "then the answer says so";
    slot.end_refresh({});
    EXPECT_TRUE(slot.shown({}, now).page);
    slot.show(generation(), now);
    EXPECT_FALSE(slot.shown({}, now).page) << "a form of the generation before";
}

TEST(PageSlot, FormsOfManyDatesMakeRoomForEachOther) {
    PageSlot slot;
    const auto page = generation();
    slot.show(page, BootClock::now());
    slot.form(page, {});
    slot.put(page, {}, rendered("undated"));
    const std::string large(1000, 'x');
    for (UnixTime date = 1; date <= 1000; ++date) {
        const PageForm form{.before = date};
        ASSERT_TRUE(slot.form(page, form).claimed);
        slot.put(page, form, rendered(large));
    }
    EXPECT_LT(slot.weight(), sizeof(PageSlot) + 25 * large.size());
    EXPECT_TRUE(slot.form(page, {}).page) << "today's is none of them";
    EXPECT_TRUE(slot.form(page, {.before = 1000}).page) << "the earliest go first";
    EXPECT_TRUE(slot.form(page, {.before = 1}).claimed);
}

TEST(PageShelf, FindsASlotAndMakesNone) {
    PageShelf shelf(1 << 20);
    EXPECT_FALSE(shelf.find("six"));
    const auto slot = shelf.slot("six");
    EXPECT_EQ(shelf.find("six"), slot);
}

TEST(PageShelf, TheSameProjectHasTheSameSlot) {
    PageShelf shelf(1 << 20);
    EXPECT_EQ(shelf.slot("six"), shelf.slot("six"));
    EXPECT_NE(shelf.slot("six"), shelf.slot("seven"));
}

TEST(PageShelf, OverItsBudgetTheLongestUnusedGoesFirst) {
    PageShelf shelf(16 * 10'000); // 10,000 bytes in each of its shards
    std::weak_ptr<PageSlot> first;
    for (int i = 0; i < 200; ++i) {
        const auto name = "project-" + std::to_string(i);
        const auto slot = shelf.slot(name);
        slot->show(generation(2'000), BootClock::now());
        if (i == 0)
            first = slot;
        shelf.trim(name);
    }
    EXPECT_TRUE(first.expired());
    EXPECT_TRUE(shelf.slot("project-199")->view().generation) << "what was just put there stays";
}

TEST(PageShelf, AFloodOfNamesThatNobodyHasIsNotRemembered) {
    PageShelf shelf(128 << 20);
    shelf.slot("six")->show(generation(), BootClock::now());
    shelf.remember_absence("six"); // it had none, and has one since
    for (int i = 0; i < 100'000; ++i) {
        const auto name = "made-up-" + std::to_string(i);
        shelf.slot(name)->end_refresh(Error{Errc::not_found, "nobody has it", {}});
        shelf.remember_absence(name);
    }
    EXPECT_LT(shelf.size(), 10'000u);
    EXPECT_EQ(shelf.slot("made-up-99999")->view().error->code, Errc::not_found) << "the last ones are";
    EXPECT_TRUE(shelf.slot("six")->view().generation);
}

} // namespace
} // namespace yizhan
