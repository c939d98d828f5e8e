// The version of the index API that a page claims (PEP 629).
#pragma once

#include "config/error.hpp"

#include <string_view>

namespace yizhan {

/// What our own pages claim: the last version that both HTML (frozen by PEP 833) and JSON know.
inline constexpr std::string_view our_api_version = "1.4";

/// Accepts "1.x" for any x, as PEP 629 asks of clients. Errors: `protocol`.
Result<void> check_api_version(std::string_view claimed);

} // namespace yizhan
