// How each table is read; only tables_load.cpp uses it.
#pragma once

#include "config/tables.hpp"

#include <string_view>

namespace yizhan {

/// Reads `csv` into the vector of `out` that the table called `name` fills; `place` stands in errors.
/// Errors: Errc::invalid, "<place>:line:column: …".
Result<void> read_table(std::string_view name, std::string_view csv, std::string_view place, Tables& out);

} // namespace yizhan
