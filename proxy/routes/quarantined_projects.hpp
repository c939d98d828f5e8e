// The projects that the index has quarantined (PEP 792), apart from their pages: their files and metadata in the store
// are withheld as well, and a lock file leads to those without any page.
//
// After a crash: what take() has returned from is known again.
#pragma once

#include "cache/store.hpp"
#include "index/project_page.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace yizhan {

class QuarantinedProjects {
  public:
    /// Reads what is known. Blocks on the disk.
    explicit QuarantinedProjects(Store& store);

    /// The sentence for the client where the project is quarantined; a normalised name. Any thread.
    std::optional<std::string> why_not(std::string_view project) const;
    /// The same for a distribution file, whichever project its name may be of (possible_projects). Any thread; costs
    /// one relaxed load while nothing is quarantined.
    std::optional<std::string> why_not_file(std::string_view filename) const;

    /// Learns from a page's status. Only the root's page lifts a quarantine: a mirror that lags does not know of it
    /// yet. Disk pool. An error says that the next start will not know; this process does.
    Result<void> take(const std::string& project, const std::optional<ProjectStatus>& status, Grade grade);

  private:
    using Reasons = std::map<std::string, std::string, std::less<>>;

    Result<void> keep(const std::string& project, const std::optional<std::string>& reason);

    Store& store_;
    mutable std::shared_mutex mutex_; // taken exclusively only when a project's quarantine begins or ends
    Reasons reasons_;
    std::atomic<std::size_t> count_{0};
};

} // namespace yizhan
