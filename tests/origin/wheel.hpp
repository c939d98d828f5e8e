// Wheels made in memory: small or of any size, always valid zip files with METADATA, WHEEL and a true RECORD.
#pragma once

#include "tests/origin/body.hpp"

#include <string>
#include <utility>
#include <vector>

namespace yizhan::origin {

/// A zip archive of stored (not compressed) members in this order; below 4 GiB.
Body make_zip(const std::vector<std::pair<std::string, Body>>& members);

struct WheelOptions {
    std::string tag = "py3-none-any";
    std::string requires_python{}; ///< empty: none
    std::vector<std::string> requires_dist{};
    std::uint64_t size = 0; ///< at least so many bytes in all, filled up with random data; 0: as small as it gets
    std::uint64_t seed = 1; ///< of the filling
};

struct Wheel {
    std::string filename; ///< PEP 427
    Body body;
    std::string metadata; ///< the bytes of *.dist-info/METADATA
};

/// A wheel that pip and uv install: one package with `__version__`, and the filling beside it as data.bin. The same
/// arguments give the same bytes.
Wheel make_wheel(const std::string& name, const std::string& version, const WheelOptions& options = {});

} // namespace yizhan::origin
