// Version specifiers (PEP 440): ">=3.6, !=3.7.*" and the rule about pre-releases.
#pragma once

#include "index/version.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One clause: an operator and a version.
class Specifier {
  public:
    /// nullopt: no clause by PEP 440's grammar. "===" takes any text without white space, ';' and ')'.
    static std::optional<Specifier> parse(std::string_view text);

    /// Whether `version` satisfies the clause, pre-releases like others. As clients do it: but for "==1.0+x" and
    /// "===" a local label on `version` is ignored, except that ">1.0" does not take "1.0+x".
    bool contains(const Version& version) const;

    /// Whether the clause itself names a pre-release, and so asks for them; "!=" never does.
    bool asks_for_prereleases() const;

  private:
    enum class Operator : std::uint8_t { compatible, equal, not_equal, at_most, at_least, below, above, identical };

    bool equals(const Version& version) const;
    bool starts_release_of(const Version& version, std::size_t components) const;

    Operator operator_ = Operator::equal;
    std::optional<Version> version_; ///< absent where "===" names something else
    std::string text_;               ///< of "===", lower case
    bool prefix_ = false;            ///< "==1.0.*"
};

/// Clauses separated by commas; all must hold. The empty set takes every version.
class SpecifierSet {
  public:
    /// Bytes; the longest real Requires-Python has some 100.
    static constexpr std::size_t longest = 4096;

    /// nullopt where a clause is none, or the text is longer than `longest`.
    static std::optional<SpecifierSet> parse(std::string_view text);

    /// Whether every clause takes `version`, pre-release or not.
    bool contains(const Version& version) const;

    /// PEP 440's rule for a choice among versions: the indices of those that satisfy the set, in their order; of
    /// pre-releases only where the set asks for them or no final release satisfies it.
    std::vector<std::size_t> matching(std::span<const Version> versions) const;

    bool asks_for_prereleases() const;
    bool empty() const { return specifiers_.empty(); }

  private:
    std::vector<Specifier> specifiers_;
};

} // namespace yizhan
