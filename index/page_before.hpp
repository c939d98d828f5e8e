// A project's page as it was: without the files that came later (PEP 700's upload-time). What was yanked since stays
// yanked, and what was deleted since is not brought back: pages tell neither. Pure; any thread.
#pragma once

#include "index/date_time.hpp"
#include "index/project_page.hpp"

#include <cstddef>

namespace yizhan {

struct PageBefore {
    ProjectPage page;
    std::size_t newer = 0;   ///< files left out since they came at that moment or later
    std::size_t undated = 0; ///< files left out since nobody tells when they came
};

/// The files that were uploaded before `moment`; one without a time that can be read is left out.
PageBefore page_before(const ProjectPage& page, UnixTime moment);

/// Gives files that lack an upload time the one that `other`, a page of the same project, has for the same bytes: the
/// same name and the same sha256.
void fill_upload_times(ProjectPage& page, const ProjectPage& other);

} // namespace yizhan
