// Upload times for an index whose root does not tell them (a root that speaks HTML alone): taken from the mirrors'
// JSON, for the same bytes, and kept, so that dated pages (routes/before) have something to go by after a restart too.
#pragma once

#include "cache/store.hpp"
#include "index/project_page.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_index.hpp"
#include "proxy/routes/page_upstreams.hpp"

#include <string>

namespace yizhan {

class UploadTimes {
  public:
    /// All outlive it.
    UploadTimes(const PageIndex& index, Store& store, Relay& relay, PageUpstreams& upstreams)
        : index_(index), store_(store), relay_(relay), upstreams_(upstreams) {}

    /// Fills in what the root's page lacks: from what is kept, else from what the mirrors say now. Nothing is asked
    /// where the root tells all, has no mirror beside it, or is PyTorch's tree. Relay thread; `page` outlives the call.
    Task<void> complete(std::string project, ProjectPage& page);

    /// Fills in what is kept, and tells whether that was all that was lacking. Disk pool.
    bool recall(const std::string& project, ProjectPage& page) const;

  private:
    std::string key(const std::string& project) const { return index_.name + "/times/" + project; }
    Task<void> ask_mirrors(std::string project, ProjectPage& page);

    const PageIndex& index_;
    Store& store_;
    Relay& relay_;
    PageUpstreams& upstreams_;
};

} // namespace yizhan
