// The list of projects that an index's own page names: asked of the root, kept as a document, and served from there
// when the root is silent.
#pragma once

#include "cache/store.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_index.hpp"

#include <string>
#include <vector>

namespace yizhan {

/// Any core.
class RootNames {
  public:
    /// `store` and `relay` outlive it.
    RootNames(PageIndex index, Store& store, Relay& relay) : index_(std::move(index)), store_(store), relay_(relay) {}

    /// The normalised names on the page of `folder` ("", "cu102/"), sorted. Errors: not_found (the root says so, or
    /// offline without a document), unavailable.
    Task<Result<std::vector<std::string>>> get(std::string folder);

  private:
    Task<Result<std::string>> fetched(const std::string& folder);

    const PageIndex index_;
    Store& store_;
    Relay& relay_;
};

} // namespace yizhan
