// Project pages in memory: one slot per project with its verified page, the forms it was rendered in, and how the last
// refresh went; bounded by bytes, what was used longest ago goes first.
#pragma once

#include "config/digest.hpp"
#include "config/error.hpp"
#include "index/date_time.hpp"
#include "index/negotiate.hpp"
#include "index/project_page.hpp"
#include "proxy/boot_clock.hpp"
#include "proxy/notifier.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace yizhan {

/// How a page is wanted.
struct PageForm {
    PageFormat format = PageFormat::html_legacy;
    Encoding encoding = Encoding::identity;
    unsigned depth = 2;               ///< folders between our root and the page: links climb that many
    std::optional<UnixTime> before{}; ///< without what came at that moment or later
    auto operator<=>(const PageForm&) const = default;
};

/// A page ready to be sent; immutable.
struct RenderedPage {
    std::shared_ptr<const std::string> body;
    std::string etag;        ///< quoted digest of the body: every form has its own
    std::size_t newer = 0;   ///< files left out since they came too late for the form's `before`
    std::size_t undated = 0; ///< and since nobody tells when they came
};

/// One verified page as it is shown; immutable, replaced as a whole.
struct PageGeneration {
    ProjectPage page;
    std::size_t bytes = 0;                                        ///< of the document it was read from
    std::vector<std::shared_ptr<const PageGeneration>> sources{}; ///< the pages it was made of, where it was not read
    std::optional<Sha256> document{}; ///< the root's, that it was read from: whose validators speak for it
};

/// One project. Any thread; the lock inside is held for copies of pointers only.
class PageSlot {
  public:
    using GenerationPtr = std::shared_ptr<const PageGeneration>;
    using RenderedPtr = std::shared_ptr<const RenderedPage>;

    /// The slot as it stands at one moment.
    struct View {
        GenerationPtr generation;    ///< null: no page is known
        std::optional<Error> error;  ///< of the last refresh, where it failed
        BootClock::duration age{};   ///< since the page was last confirmed
        BootClock::duration tried{}; ///< since the last refresh ended
        std::uint64_t turns = 0;     ///< refreshes that have ended
    };
    View view() const;

    /// True for exactly one caller until end_refresh().
    bool begin_refresh();
    /// Ends a turn and wakes who waits. `not_found` takes the page away.
    void end_refresh(std::optional<Error> error);

    void show(GenerationPtr generation, BootClock::time_point confirmed);
    void confirm(BootClock::time_point when);

    /// The form of this generation, where it is there. `claimed` tells the caller that it is theirs to render (and then
    /// to put), because nobody else does.
    struct FormLook {
        RenderedPtr page;
        bool claimed = false;
    };
    FormLook form(const GenerationPtr& generation, const PageForm& form);
    void put(const GenerationPtr& generation, const PageForm& form, RenderedPtr page);
    /// Gives a claim back without a page, where none was put: the next who asks has it.
    void unclaim(const GenerationPtr& generation, const PageForm& form);

    /// A form of the generation that is shown now, and how long ago that was confirmed.
    struct Shown {
        RenderedPtr page; ///< null: none is shown, this form of it is not there, or the last refresh failed
        BootClock::duration age{};
    };
    Shown shown(const PageForm& form, BootClock::time_point now) const;

    Notifier& changed() { return changed_; }

    /// Bytes that it holds, roughly: a model takes about as much as its document, twice.
    std::size_t weight() const;

    void use(BootClock::time_point now) { used_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }
    BootClock::rep used() const { return used_.load(std::memory_order_relaxed); }

  private:
    // Anybody may write any date into a URL. With pypi.min_age all forms are dated: three encodings of two formats
    // under three spellings of the index make 18.
    static constexpr std::size_t most_dated = 24;
    void make_room_for_dated();

    struct Form {
        GenerationPtr of;
        RenderedPtr page; // null while it is being rendered
    };

    mutable std::mutex mutex_;
    GenerationPtr generation_;
    BootClock::time_point confirmed_{}, tried_{};
    std::optional<Error> error_;
    bool refreshing_ = false;
    std::uint64_t turns_ = 0;
    std::map<PageForm, Form> forms_;
    std::atomic<BootClock::rep> used_{0};
    Notifier changed_;
};

/// All slots. Any thread; sharded, so that cores rarely meet.
class PageShelf {
  public:
    /// `budget`: bytes in memory, over all projects.
    explicit PageShelf(std::size_t budget) : budget_(budget) {}

    /// The project's slot, made where there is none, and marked as used now.
    std::shared_ptr<PageSlot> slot(const std::string& project);
    /// The project's slot where there is one, and not marked.
    std::shared_ptr<PageSlot> find(const std::string& project);

    /// After the slot of `project` has grown: lets go of others of its shard while that is over its share.
    void trim(const std::string& project);

    /// After a refresh that found no page: the slot says so for a while, but a client that asks for a million names
    /// that nobody has makes us remember no more than some thousands of them.
    void remember_absence(const std::string& project);

    /// Projects that have a slot.
    std::size_t size();

  private:
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, std::shared_ptr<PageSlot>> slots;
        std::deque<std::string> absent; // names of slots without a page, the oldest first; a page may have come since
    };
    static constexpr std::size_t most_absent = 512; // of each shard: some 4 MB in all
    Shard& shard(const std::string& project);

    std::size_t budget_;
    std::array<Shard, 16> shards_;
};

} // namespace yizhan
