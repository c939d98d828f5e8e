// Which wheels an interpreter can use, and which it prefers: compatibility tags (PEP 425, 600, 656, 384, 803).
#pragma once

#include "config/error.hpp"
#include "index/filename.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace yizhan {

/// A release of CPython, as far as tags tell them apart.
struct Interpreter {
    unsigned major = 3;
    unsigned minor = 0;
    bool free_threaded = false; ///< "cp313t"

    /// Reads "cp36", "cp313t" and "3.6", "3.13t"; a micro version ("3.6.8") is ignored. nullopt for others, PyPy too.
    static std::optional<Interpreter> parse(std::string_view text);

    std::string tag() const; ///< "cp36"
    bool operator==(const Interpreter&) const = default;
};

/// The platform tags that a machine accepts, best first, as `packaging` orders them. `platform` names the machine by
/// its newest tag: "win_amd64", "manylinux_2_28_x86_64" (a glibc 2.28), "manylinux2014_aarch64",
/// "musllinux_1_2_x86_64", "macosx_11_0_arm64"; "linux_x86_64" says nothing of its glibc, and then none is excluded.
/// Another lower-case name stands for itself. Errors (`invalid`): no tag by its letters, or a version that no system
/// has.
Result<std::vector<std::string>> platform_tags(std::string_view platform);

/// What one interpreter on one platform can use. Immutable; any thread.
class CompatibleTags {
  public:
    /// Without an interpreter every Python tag fits, and only the platform decides.
    static Result<CompatibleTags> of(std::optional<Interpreter> interpreter, std::string_view platform);

    /// How good a wheel's best tag is: 0 is best; nullopt where none fits. Meaningful for wheels only; a wheel with a
    /// variant label is judged by its tags alone. A file name that expands to more than 1,000 tags fits nothing.
    std::optional<std::size_t> rank(const Distribution& wheel) const;

    bool fit(const Distribution& wheel) const { return rank(wheel).has_value(); }

  private:
    std::unordered_map<std::string, std::size_t> ranks_; ///< "cp36-cp36m-win_amd64", or the platform alone
    bool any_python_ = false;
};

/// PEP 427: build tags sort by their leading number, then by the rest as text; none sorts first.
std::strong_ordering compare_build_tags(std::string_view a, std::string_view b);

} // namespace yizhan
