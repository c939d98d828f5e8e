// The pages of an index's projects: fetched from the root, kept as documents, revalidated after their time to live,
// rendered once per form, and served from memory. When the root is silent the last verified page stands in.
//
// Threads: get() on any core. Refreshing runs on the relay thread and, for parsing and rendering, on the compute pool;
// one refresh per project at a time, whoever asks.
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "config/url.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/name_policy.hpp"
#include "proxy/routes/page_index.hpp"
#include "proxy/routes/page_reading.hpp"
#include "proxy/routes/page_shelf.hpp"
#include "proxy/routes/page_upstreams.hpp"
#include "proxy/routes/quarantined_projects.hpp"
#include "proxy/routes/stored_pages.hpp"
#include "proxy/routes/upload_times.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

class ProjectPages {
  public:
    /// `settings`, `store` and `relay` outlive it.
    ProjectPages(PageIndex index, const Settings& settings, Store& store, Relay& relay);
    ~ProjectPages();

    /// A page at hand, and how long it is fresh.
    struct Fresh {
        std::shared_ptr<const RenderedPage> page;
        std::chrono::seconds ttl;
    };
    /// The page in this form where memory has it and it is fresh. Any other name than a normalised one finds nothing.
    std::optional<Fresh> at_once(const std::string& project, const PageForm& form);

    /// The verified page itself, for those who make another one of it.
    struct Current {
        PageSlot::GenerationPtr generation;
        std::string_view note;    ///< "hit", "stale", "miss": for the log
        std::string cache_status; ///< RFC 9211
        std::chrono::seconds ttl{};
    };
    /// The page as it stands where it is fresh, in memory and may be served.
    std::optional<Current> current_at_once(const std::string& project);
    /// Likewise, fetched where it is not. Errors as get().
    Task<Result<Current>> current(std::string project);

    /// Begins to fetch the page where it is not fresh, for somebody who will ask for it in a moment; waits for nothing.
    void ask_ahead(const std::string& project);

    struct Answer {
        std::shared_ptr<const RenderedPage> page;
        std::string_view note;    ///< "hit", "stale", "miss": for the log
        std::string cache_status; ///< RFC 9211
    };
    /// The page of a normalised project name, or what else PageIndex calls a page. Errors: not_found (the root says so,
    /// or offline), unavailable.
    Task<Result<Answer>> get(std::string project, PageForm form);

    /// The core metadata of this file can be had from now on, with this digest: advertise it.
    void learn_metadata(const std::string& page, const std::string& filename, const std::string& folder,
                        const Sha256& metadata);

    /// Upstream advertises core metadata for this file that nobody can produce: stop advertising it.
    void forget_metadata(const std::string& project, const std::string& filename);

    /// Which projects are withheld, though the store may have them; empty answers where the setting lets them through.
    std::optional<std::string> quarantined_file(std::string_view filename) const;

    /// The projects whose pages are in the store and may be served, sorted.
    Task<std::vector<std::string>> stored_projects();

  private:
    using SlotPtr = std::shared_ptr<PageSlot>;

    std::optional<std::string> quarantined(std::string_view project) const;
    void take_status(const std::string& project, const ProjectPage& page, Grade grade);
    bool fresh(const PageSlot::View& view) const;
    Task<void> refreshed(SlotPtr slot, std::uint64_t turns);
    std::pair<std::string_view, std::string> freshness(const PageSlot::View& before, const PageSlot::View& now) const;

    Task<void> refresh(std::string project, SlotPtr slot);
    Task<void> load(const std::string& project, const SlotPtr& slot);
    void change_file(const std::string& page, const std::function<bool(ProjectFile&)>& change);
    Task<Result<void>> ask_upstreams(const std::string& project, const SlotPtr& slot);
    Task<Result<void>> take(const std::string& project, const SlotPtr& slot, Fetched fetched);
    Task<Result<void>> take_word(const std::string& project, const SlotPtr& slot, PageWord word);
    Task<Result<void>> take_agreed(const std::string& project, const SlotPtr& slot, PageWord word);
    Task<Result<void>> confirm(const std::string& project, const SlotPtr& slot);

    const PageIndex index_;
    const Settings& settings_;
    Store& store_;
    Relay& relay_;
    PageUpstreams upstreams_; // relay thread
    UploadTimes times_;
    StoredPages stored_;
    NamePolicy names_;
    QuarantinedProjects quarantined_;
    PageShelf shelf_;
};

} // namespace yizhan
