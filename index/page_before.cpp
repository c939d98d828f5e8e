#include "index/page_before.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace yizhan {

PageBefore page_before(const ProjectPage& page, UnixTime moment) {
    PageBefore out;
    out.page.name = page.name;
    out.page.serial = page.serial;
    out.page.status = page.status;
    out.page.extra = page.extra;
    out.page.meta = page.meta;
    for (const auto& file : page.files) {
        const auto uploaded = file.upload_time ? parse_date_time(*file.upload_time) : std::nullopt;
        if (!uploaded)
            ++out.undated;
        else if (*uploaded >= moment)
            ++out.newer;
        else
            out.page.files.push_back(file);
    }
    return out;
}

void fill_upload_times(ProjectPage& page, const ProjectPage& other) {
    if (std::ranges::all_of(page.files, [](const ProjectFile& file) { return file.upload_time.has_value(); }))
        return;
    std::unordered_map<std::string_view, const ProjectFile*> known;
    for (const auto& file : other.files)
        if (file.upload_time)
            known.emplace(file.filename, &file);
    for (auto& file : page.files) {
        const auto found = file.upload_time ? known.end() : known.find(file.filename);
        if (found != known.end() && file.sha256() && file.sha256() == found->second->sha256())
            file.upload_time = found->second->upload_time;
    }
}

} // namespace yizhan
