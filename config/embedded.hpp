// Data files that the build puts into the binary (config/data/).
#pragma once

#include <string_view>

namespace yizhan {

/// config/data/mirrors.csv.
std::string_view embedded_mirrors();

} // namespace yizhan
