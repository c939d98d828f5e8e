// The compatibility tables that the build puts into the binary (config/data/).
#pragma once

#include <span>
#include <string_view>

namespace yizhan {

struct EmbeddedTable {
    std::string_view name; ///< "gpus.csv"
    std::string_view csv;
};

/// All of them, in the order in which they are read.
std::span<const EmbeddedTable> embedded_table_files();

} // namespace yizhan
