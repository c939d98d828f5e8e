// Wheels made in memory: small or of any size, always valid zip files with METADATA, WHEEL and a true RECORD.
#pragma once

#include "tests/origin/body.hpp"

#include <string>
#include <vector>

namespace yizhan::origin {

struct Member {
    std::string name;
    Body body;
    bool deflated = false; ///< else stored, so that a large body costs no memory
};

/// A zip archive of these members in this order; below 4 GiB.
Body make_zip(const std::vector<Member>& members);

struct WheelOptions {
    std::string tag = "py3-none-any";
    std::string requires_python{}; ///< empty: none
    std::vector<std::string> requires_dist{};
    std::uint64_t size = 0; ///< at least so many bytes in all, filled up with random data; 0: as small as it gets
    std::uint64_t seed = 1; ///< of the filling
    unsigned files = 1;     ///< that the filling is made of, each with the same bytes; several: RECORD is deflated
    std::vector<Member> members{}; ///< further ones, behind the filling
};

struct Wheel {
    std::string filename; ///< PEP 427
    Body body;
    std::string metadata; ///< the bytes of *.dist-info/METADATA
};

/// A wheel that pip and uv install: one package with `__version__`, and the filling beside it as data.bin, or as
/// many headers with names as long as torch's. The same arguments give the same bytes.
Wheel make_wheel(const std::string& name, const std::string& version, const WheelOptions& options = {});

} // namespace yizhan::origin
