// An index as the machinery of its pages and files sees it: PyPI's, or PyTorch's tree of wheels.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>

namespace yizhan {

struct PageIndex {
    std::string name;     ///< "pypi", "pytorch": begins its keys in the store, and its lines in the log
    Settings::Pypi rules; ///< whose word counts, times, what names are denied or private, and its upstreams
    /// Its files keep upstream's paths, below pytorch/whl/, where one file name may stand for several contents; a page
    /// is called "cu102/torch", or "torch" for all tags, or "cu102/torch_stable.html".
    bool wheel_tree = false;
};

PageIndex pypi_index(const Settings& settings);
PageIndex pytorch_index(const Settings& settings);

/// The project that a page is of: "torch" for "cu102/torch"; empty for a list of many, "torch_stable.html".
std::string_view project_of_page(std::string_view page);

} // namespace yizhan
