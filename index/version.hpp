// Versions of Python packages: PEP 440, parsed, normalised and ordered as `packaging` and so every client does it.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

/// A non-negative number of any length, as decimal digits without leading zeros: versions such as
/// 20240131235959123456789 exist and are compared as numbers.
class VersionNumber {
  public:
    VersionNumber() : digits_("0") {}
    explicit VersionNumber(std::string_view digits); ///< digits only, at least one
    const std::string& str() const { return digits_; }
    bool is_zero() const { return digits_ == "0"; }
    std::strong_ordering operator<=>(const VersionNumber& other) const;
    bool operator==(const VersionNumber&) const = default;

  private:
    std::string digits_;
};

/// One version. Equal versions may be spelled differently ("1.0" and "1.0.0"); `str()` tells them apart.
class Version {
  public:
    /// Bytes; longer texts are no versions to us.
    static constexpr std::size_t longest = 512;

    /// Accepts every spelling that PEP 440's appendix B allows, surrounding white space included; else nullopt.
    static std::optional<Version> parse(std::string_view text);

    /// Normalised: "v1.0-Alpha.1+CU102_x" is "1.0a1+cu102.x". Trailing zeros of the release stay.
    std::string str() const;
    std::string public_str() const; ///< without the local label
    std::string base_str() const;   ///< epoch and release only
    std::string local() const;      ///< "cu102"; empty where there is none

    const VersionNumber& epoch() const { return epoch_; }
    const std::vector<VersionNumber>& release() const { return release_; }
    bool is_prerelease() const { return pre_ || dev_; } ///< aN, bN, rcN or devN
    bool is_postrelease() const { return post_.has_value(); }
    bool is_devrelease() const { return dev_.has_value(); }
    bool has_local() const { return !local_.empty(); }

    Version without_local() const;
    Version first_dev() const; ///< "1.0.post1+x" → "1.0.post1.dev0": the lowest version that belongs to this one
    bool same_base(const Version& other) const;  ///< epoch and release equal, trailing zeros ignored
    bool is_post_of(const Version& other) const; ///< "1.0rc1.post2", perhaps with dev or local, of "1.0rc1"

    std::strong_ordering operator<=>(const Version& other) const;
    bool operator==(const Version& other) const { return (*this <=> other) == 0; }

  private:
    friend class VersionParser;
    enum class Phase : char { alpha, beta, candidate };
    struct LocalPart {
        std::string text; ///< lower case, or a number without leading zeros
        bool numeric = false;
    };

    std::strong_ordering compare_suffixes(const Version& other) const;

    VersionNumber epoch_;
    std::vector<VersionNumber> release_;
    std::optional<std::pair<Phase, VersionNumber>> pre_;
    std::optional<VersionNumber> post_;
    std::optional<VersionNumber> dev_;
    std::vector<LocalPart> local_;
};

/// The normalised spelling, or `text` itself where it is no PEP 440 version.
std::string normalized_version(std::string_view text);

} // namespace yizhan
