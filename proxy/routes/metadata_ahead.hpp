// Core metadata for what clients are about to choose: read out of wheels ahead, so that nobody has to fetch 2 GB of
// torch to learn what it needs.
#pragma once

#include "index/project_page.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/attempts.hpp"
#include "proxy/routes/index_files.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace yizhan {

/// Any thread. Jobs run on the relay's thread, each file once at a time.
class MetadataAhead {
  public:
    /// Both outlive it, and jobs end with the relay.
    MetadataAhead(Relay& relay, IndexFiles& files) : relay_(relay), files_(files) {}

    /// Begins to make the metadata of these wheels of the tree ready, as far as that was not tried lately, and waits
    /// for it, but no longer than `patience`. True where any of it became ready meanwhile.
    Task<bool> prepare(std::vector<ProjectFile> wheels, std::chrono::milliseconds patience);

  private:
    Task<void> work(std::string key, LocatedFile wheel);

    Relay& relay_;
    IndexFiles& files_;
    Attempts attempts_; // by path
};

} // namespace yizhan
