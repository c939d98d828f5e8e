// Files of a PyPI index under our own paths: from the store, else through the relay, from whoever has them.
#pragma once

#include "config/settings.hpp"
#include "index/locate.hpp"
#include "proxy/http/message.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/project_pages.hpp"

#include <optional>
#include <span>
#include <string>

namespace yizhan {

class PypiFiles {
  public:
    PypiFiles(const Settings& settings, Store& store, Relay& relay, ProjectPages& pages)
        : settings_(settings), names_(settings.pypi), store_(store), relay_(relay), pages_(pages) {}

    /// A stored file, by the segments of its path below /pypi; nullopt: get() knows.
    std::optional<Response> at_once(const Request& request, std::span<const std::string> below) const;
    /// Answers a GET or HEAD for a distribution file or its core metadata.
    Task<Response> get(const Request& request, LocatedFile file);

  private:
    struct Plan {
        Object object;
        std::optional<LedgerEntry> known; // what the ledger says of the distribution
    };
    Plan plan(const LocatedFile& file) const;
    Task<Response> head_only(const Plan& plan);
    Task<std::optional<Response>> middle(const Request& request, const Plan& plan);
    Task<Response> metadata(const Request& request, const LocatedFile& file, Plan plan);
    Task<Response> opened(const Request& request, Object object);

    const Settings& settings_;
    NamePolicy names_;
    Store& store_;
    Relay& relay_;
    ProjectPages& pages_;
};

/// A verified blob as an answer: ETag from its digest, all ranges, kept by clients for ever. An If-Range that names a
/// delivery which this process knows to have become this very blob is honoured.
Response blob_response(const Request& request, Blob blob, const Relay& relay);

} // namespace yizhan
