// The meaning of a record: what it changes in the catalog. Commits, the start after a crash and the rebuild of a lost
// catalog all go through here, so that they cannot disagree.
#pragma once

#include "cache/catalog.hpp"
#include "cache/log_record.hpp"
#include "cache/row.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// A batch under construction: rows, who-leads-to-whom, and totals, kept consistent. One thread.
class Changes {
  public:
    /// Errors: corrupt, io.
    static Result<Changes> start(const Catalog& catalog);

    /// Takes a record in; applying one that is in already changes nothing.
    Result<void> apply(const Record& record);

    /// Whether the record may come in: a path's digest gives way only to an equal or stronger word. Errc::refused else.
    Result<void> admit(const ObjectRecord& record) const;

    /// Digests that lost a path or a document since the last call, and to which nothing leads any more.
    Result<std::vector<Sha256>> take_unreferenced();

    Result<std::optional<BlobRow>> blob(const Sha256& digest) const;

    /// The batch with the totals and, where given, the log position in it.
    Catalog::Batch& finish(const std::optional<LogPosition>& position);

  private:
    Changes(Catalog::Batch batch, Totals totals) : batch_(std::move(batch)), totals_(totals) {}

    Result<void> apply_one(const BlobRecord& record);
    Result<void> apply_one(const ObjectRecord& record);
    Result<void> apply_one(const PageRecord& record);
    Result<void> apply_one(const EraseRecord& record);
    Result<void> apply_one(const DropRecord& record);

    Result<bool> unreferenced(const Sha256& digest) const;
    Result<void> hold(const Sha256& digest, std::uint64_t size, bool keep);
    Result<void> forget_row(const Sha256& digest, char kind, std::string_view key);
    void let_go(const Sha256& digest, char kind, std::string_view key);

    Catalog::Batch batch_;
    Totals totals_;
    std::vector<Sha256> let_go_;
};

std::string_view key_of(const Sha256& digest); ///< in family `blobs`; points into `digest`

Result<Totals> read_totals(const Catalog& catalog); ///< zeros for an empty catalog
Result<std::optional<LogPosition>> read_log_position(const Catalog& catalog);

/// Adds the rows up and compares: Errc::corrupt where they are not what the totals say. Reads every row and checks its
/// block's checksum on the way. Commits may go on meanwhile.
Result<void> check_totals(const Catalog& catalog);

} // namespace yizhan
