// Comma-separated values by RFC 4180, bounded: the form of the data tables that the binary carries.
#pragma once

#include "config/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

struct CsvField {
    std::string text;
    std::size_t line = 1;   ///< where it starts, from 1
    std::size_t column = 1; ///< in bytes, from 1
};

using CsvRow = std::vector<CsvField>;

/// Rows of equal length, the header first; CRLF or LF ends a row. At most 1 MiB, 10,000 rows, 64 fields in a row.
/// Errors: Errc::invalid, "<name>:line:column: …", for a stray or open quote, an uneven row, a NUL byte, a bound.
Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view name);

} // namespace yizhan
