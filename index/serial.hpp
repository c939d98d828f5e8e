// How fresh an index page says it is, without reading the rest of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan {

/// The X-PyPI-Last-Serial field where there is one, else bandersnatch's trailer "<!--SERIAL n-->", else shadowmire's
/// "_last-serial" in JSON (a number or a string).
std::optional<std::uint64_t> peek_serial(std::string_view field, std::string_view body);

} // namespace yizhan
