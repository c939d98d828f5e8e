// The pages of PyPI projects: fetched from the root, kept as documents, revalidated after their time to live, rendered
// once per form, and served from memory. When the root is silent the last verified page stands in.
//
// Threads: get() on any core. Refreshing runs on the relay thread and, for parsing and rendering, on the compute pool;
// one refresh per project at a time, whoever asks.
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "config/url.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/name_policy.hpp"
#include "proxy/routes/page_shelf.hpp"
#include "proxy/routes/page_upstreams.hpp"
#include "proxy/routes/quarantined_projects.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

class ProjectPages {
  public:
    ProjectPages(const Settings& settings, Store& store, Relay& relay);
    ~ProjectPages();

    /// A page at hand, and how long it is fresh.
    struct Fresh {
        std::shared_ptr<const RenderedPage> page;
        std::chrono::seconds ttl;
    };
    /// The page in this form where memory has it and it is fresh. Any other name than a normalised one finds nothing.
    std::optional<Fresh> at_once(const std::string& project, const PageForm& form);

    struct Answer {
        std::shared_ptr<const RenderedPage> page;
        std::string_view note;    ///< "hit", "stale", "miss": for the log
        std::string cache_status; ///< RFC 9211
    };
    /// The page of a normalised project name. Errors: not_found (the root says so, or offline), unavailable.
    Task<Result<Answer>> get(std::string project, PageForm form);

    /// Upstream advertises core metadata for this file that nobody can produce: stop advertising it.
    void forget_metadata(const std::string& project, const std::string& filename);

    /// Which projects are withheld, though the store may have them; empty answers where the setting lets them through.
    std::optional<std::string> quarantined_file(std::string_view filename) const;

    /// The projects whose pages are in the store and may be served, sorted.
    Task<std::vector<std::string>> stored_projects();

    /// The ledger's key for one of our own canonical paths.
    static std::string path_ledger_key(std::string_view canonical_path);

  private:
    using SlotPtr = std::shared_ptr<PageSlot>;

    std::optional<std::string> quarantined(std::string_view project) const;
    void take_status(const std::string& project, const ProjectPage& page, Grade grade);
    bool fresh(const PageSlot::View& view) const;
    Task<void> refreshed(SlotPtr slot, std::uint64_t turns);
    std::pair<std::string_view, std::string> freshness(const PageSlot::View& before, const PageSlot::View& now) const;
    Task<std::shared_ptr<const RenderedPage>> rendered(std::string project, SlotPtr slot,
                                                       PageSlot::GenerationPtr generation, PageForm form);

    Task<void> refresh(std::string project, SlotPtr slot);
    Task<void> load(const std::string& project, const SlotPtr& slot);
    struct Loaded {
        PageSlot::GenerationPtr generation;
        std::int64_t checked_at = 0;
    };
    std::optional<Loaded> stored_page(const std::string& project, const std::string& key,
                                      const std::vector<Url>& prefixes);
    void drop_unproven(ProjectPage& page, const std::vector<Url>& prefixes) const;
    Task<Result<void>> ask_upstreams(const std::string& project, const SlotPtr& slot);
    Task<Result<void>> take(const std::string& project, const SlotPtr& slot, Fetched fetched);
    Task<Result<void>> take_agreed(const std::string& project, const SlotPtr& slot, std::vector<PageWord::Page> pages);
    Result<void> remember(const std::string& project, ProjectPage& page, Grade grade);

    const Settings& settings_;
    Store& store_;
    Relay& relay_;
    PageUpstreams upstreams_; // relay thread
    NamePolicy names_;
    QuarantinedProjects quarantined_;
    PageShelf shelf_;
};

} // namespace yizhan
