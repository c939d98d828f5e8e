// torch_stable.html, the list that guides of old give to pip's --find-links. Upstream froze it before torch 2.4; were
// it any longer, commands without a pin would pick builds that did not exist when the guides were written. Pure
// functions.
#pragma once

#include "index/project_page.hpp"

#include <array>
#include <span>
#include <string_view>

namespace yizhan {

/// The projects that the list is made of where upstream has none.
inline constexpr std::array<std::string_view, 4> stable_list_projects{"torch", "torchvision", "torchaudio",
                                                                      "torchtext"};

/// Whether the frozen list may hold the file: of torch what is before 2.4, of its partners what went with that, of any
/// other project everything. False for a name that says no version.
bool in_stable_list(std::string_view filename);

/// Leaves only what the frozen list may hold.
void keep_stable_list(ProjectPage& page);

/// The list as upstream's would be, out of the pages of projects.
ProjectPage stable_list(std::span<const ProjectPage* const> pages);

} // namespace yizhan
