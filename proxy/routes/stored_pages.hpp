// What the store and its ledger have of an index's pages: the root's documents, what mirrors agreed on, and which name
// is which digest. Everything here may wait for the disk, and belongs on its pool.
#pragma once

#include "cache/store.hpp"
#include "proxy/routes/page_index.hpp"
#include "proxy/routes/page_reading.hpp"
#include "proxy/routes/page_shelf.hpp"
#include "proxy/routes/upload_times.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// The ledger's key for one of our own canonical paths.
std::string path_ledger_key(std::string_view canonical_path);

class StoredPages {
  public:
    /// All references outlive it. `longest`: bytes of a document.
    StoredPages(const PageIndex& index, Store& store, const UploadTimes& times, const UpstreamSettings& root,
                std::uint64_t longest)
        : index_(index), store_(store), times_(times), root_(root), longest_(longest) {}

    struct Loaded {
        PageSlot::GenerationPtr generation;
        std::int64_t checked_at = 0; ///< Unix seconds
    };
    /// The root's page, or the mirrors' where that is newer; nothing where neither is there or can be read.
    std::optional<Loaded> newest(const std::string& project) const;
    /// The root's once more, judged by what stands in the ledger now; nothing where nothing of it is disputed.
    std::optional<Loaded> again_where_disputed(const std::string& project) const;

    /// The ledger learns which name is which digest; what contradicts it is dropped from the page. Errors: the store's.
    Result<void> remember(const std::string& project, ProjectPage& page, Grade grade) const;
    /// What the page leaves open and the store knows: the digest that another page gives for the same path, or that the
    /// root's own bytes had; and metadata that was read out of the wheel.
    void fill_gaps(ProjectPage& page) const;
    /// Keep the root's page as it came, and what mirrors agree on as a document of our own: written when they return,
    /// durable a commit later. Nobody waits for that (its syncs take longer than the page took to come), and a full
    /// disk must not keep a good page from a client: what fails is logged.
    void keep(const std::string& project, const Fetched& fetched, const Sha256& digest) const;
    void keep_agreed(const std::string& project, const ProjectPage& page) const;
    /// What a file's name, or in the tree its path, stands for.
    std::optional<KnownFile> known(const std::string& project, const std::string& filename) const;

    std::string document_key(std::string_view page) const { return index_.name + "/simple/" + std::string(page); }
    std::string agreed_key(std::string_view page) const { return index_.name + "/agreed/" + std::string(page); }

  private:
    std::optional<Loaded> page(const std::string& project, const std::string& key, const LinkRules& rules) const;
    bool disputed(const std::string& project) const;
    bool lost_rows(const ProjectPage& page) const;
    void drop_unproven(ProjectPage& page, const std::vector<Url>& prefixes) const;

    const PageIndex& index_;
    Store& store_;
    const UploadTimes& times_;
    const UpstreamSettings& root_;
    std::uint64_t longest_;
};

/// A page as a document of our own making: JSON whose links lead to our own paths below the root's origin, since what
/// is read back is located by path and digest alone. As StoredPages::keep.
void keep_own_page(Store& store, const std::string& key, const ProjectPage& page, const UpstreamSettings& root);

} // namespace yizhan
