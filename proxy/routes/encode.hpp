// Index pages in the encodings that installers ask for: gzip (pip, all of them) and zstd (uv).
#pragma once

#include "index/negotiate.hpp"

#include <string>
#include <string_view>

namespace yizhan {

/// The page encoded; identity returns a copy. Deterministic: equal bytes in, equal bytes out, so that ETags hold.
std::string encoded(std::string_view page, Encoding encoding);

} // namespace yizhan
