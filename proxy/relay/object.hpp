// What the relay is asked to bring: how the object is known, and who may have it.
#pragma once

#include "cache/store.hpp"
#include "config/digest.hpp"
#include "config/url.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yizhan {

/// One place that may have the object.
struct Source {
    Url url;
    std::string endpoint; ///< the configured upstream it belongs to, as the log and error bodies name it
    std::string family;   ///< whose copy it is: what counts as one witness
    bool root = false;
};

inline std::string_view filename_of(const PathKey& path) {
    return std::string_view(path).substr(path.rfind('/') + 1);
}

struct Object {
    PathKey path;                      ///< under which it is registered, stored and found again
    Identity identity;                 ///< what the bytes must turn out to be
    std::optional<std::uint64_t> size; ///< bytes, where the index says so
    std::vector<Source> sources;       ///< in the order in which they are to be asked
    Grade grade = Grade::seen;         ///< on whose word the identity is known
    bool document = false; ///< small by its nature, as METADATA is: a resolver asks for hundreds in a second, so it
                           ///< does not count against connection caps, as pages do not

    std::string_view filename() const { return filename_of(path); }
};

} // namespace yizhan
