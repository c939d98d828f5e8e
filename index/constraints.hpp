// constraints.txt for a machine (pip's --constraint): versions of torch, its partners and TensorFlow that go together
// and run there, and limits for what breaks them at import when it is too new. A pure function of pages and tables.
#pragma once

#include "index/matched_page.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>

namespace yizhan {

/// The projects that it names, torch first.
inline constexpr std::array<std::string_view, 5> constrained_projects{"torch", "torchvision", "torchaudio", "torchtext",
                                                                      "tensorflow"};

/// The matched page of each project, or why there is none.
using PagesByProject = std::map<std::string, Result<MatchedPage>, std::less<>>;

/// The file's text, with a comment for every decision. `torch` pins a release ("1.9.0", or with its label), and its
/// partners follow: by the tables, and for a release that they do not know those whose METADATA asks for it, as far as
/// the verdicts say so; empty: the newest that runs. Errors: invalid for what is no version; not_found where that
/// release has no build that runs here, with the reason and the newest that has.
Result<std::string> constraints_text(const PagesByProject& pages, const MachineMatch& match, std::string_view torch);

} // namespace yizhan
