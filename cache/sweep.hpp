// What is looked at after the start, in the background: after an unclean end the blobs on disk are compared with the
// catalog's rows, folder by folder; a large catalog's rows are added up.
#pragma once

#include "cache/blob_files.hpp"
#include "cache/catalog.hpp"
#include "cache/committer.hpp"

#include <thread>

namespace yizhan {

/// A file without a row (the process ended between its rename and objects.log) is read; where its bytes have the
/// digest that its name says it becomes a kept blob, else it is deleted. A row without a file is forgotten.
/// What is to change goes through the committer, which looks again.
class Sweep {
  public:
    struct Work {
        bool compare = false; ///< files with rows; tells the committer when that is done
        bool add_up = false;  ///< the rows, against the totals
    };

    /// Starts at once.
    Sweep(const Catalog& catalog, const BlobFiles& files, Committer& committer, Work work);
    ~Sweep(); ///< ends it early, within one read of a MiB

    void wait(); ///< until it has ended by itself

  private:
    void run(Work work, const std::stop_token& stop);
    Result<void> compare_all(const std::stop_token& stop);
    Result<void> compare(unsigned folder, const std::stop_token& stop);
    void judge(const BlobFiles::Listed& orphan, const std::stop_token& stop);

    const Catalog& catalog_;
    const BlobFiles& files_;
    Committer& committer_;
    std::jthread thread_; // last: it uses all of the above
};

} // namespace yizhan
