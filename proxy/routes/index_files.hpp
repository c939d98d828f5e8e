// Files of an index under our own paths: from the store, else through the relay, from whoever has them.
#pragma once

#include "config/settings.hpp"
#include "index/locate.hpp"
#include "proxy/http/message.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_index.hpp"
#include "proxy/routes/project_pages.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// Whether a path's bytes may be kept by clients without asking again.
enum class Lasting : bool { until_replaced, for_ever };

class IndexFiles {
  public:
    /// `policy`: the pages that know which projects are quarantined. All but `index` outlive it.
    IndexFiles(PageIndex index, Store& store, Relay& relay, ProjectPages& pages, const ProjectPages& policy)
        : index_(std::move(index)), names_(index_.rules), store_(store), relay_(relay), pages_(pages), policy_(policy) {
    }

    /// A stored file of PyPI's, by the segments of its path below /pypi; nullopt: get() knows.
    std::optional<Response> at_once(const Request& request, std::span<const std::string> below) const;
    /// A stored file of PyTorch's tree; likewise.
    std::optional<Response> at_once(const Request& request, const LocatedFile& file) const;
    /// Makes the core metadata of a wheel of the tree ready, of which the index offers none: reads it out of the wheel,
    /// stores it, and has the pages of its tag and of all tags offer it. Errors: as WheelReader's, or the store's.
    Task<Result<void>> prepare_metadata(const LocatedFile& wheel);
    /// The core metadata of a wheel as its page's digest has it, else out of the wheel as prepare_metadata() believes
    /// it; kept. Errors: likewise.
    Task<Result<std::string>> metadata_text(LocatedFile wheel);

    /// Answers a GET or HEAD for a distribution file or its core metadata.
    Task<Response> get(const Request& request, LocatedFile file);

  private:
    struct Plan {
        Object object;
        std::optional<LedgerEntry> known; // what the ledger says of the distribution
        std::string ledger_key;           // under which
    };
    Lasting lasting() const { return index_.wheel_tree ? Lasting::until_replaced : Lasting::for_ever; }
    Plan plan(const LocatedFile& file) const;
    Task<void> learn(const LocatedFile& file);
    std::optional<std::string> why_not(std::string_view filename) const;
    Task<Response> head_only(const Plan& plan);
    Task<Result<std::uint64_t>> upstream_size(const Plan& plan);
    Task<void> remember_size(const Plan& plan, std::uint64_t size);
    Task<std::optional<Response>> middle(const Request& request, const Plan& plan);
    Task<Response> metadata(const Request& request, const LocatedFile& file, Plan plan);
    Task<Result<std::string>> metadata_upstream(const Plan& plan);
    Task<Response> opened(const Request& request, Object object);
    Task<Ranges> ranges_in_time(const Request& request, Reader& reader, std::string_view etag,
                                Progress::Clock::time_point deadline);

    const PageIndex index_;
    NamePolicy names_;
    Store& store_;
    Relay& relay_;
    ProjectPages& pages_;
    const ProjectPages& policy_;
};

/// A verified blob as an answer: ETag from its digest, all ranges. An If-Range that names a
/// delivery which this process knows to have become this very blob is honoured.
Response blob_response(const Request& request, Blob blob, const Relay& relay, Lasting lasting);

/// A file's bytes as an answer, without ETag and ranges.
Response file_response(Body body, std::string_view note, Lasting lasting);

/// The page that lists a file of this project: in the tree that of its tag.
std::string page_of(const LocatedFile& file, const std::string& project);

} // namespace yizhan
