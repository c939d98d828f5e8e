// Project names (PEP 503, PEP 508) and the patterns by which the settings speak of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Bytes. A wheel's file name holds the name and at least 20 bytes more, and no file name is longer than 255.
inline constexpr std::size_t longest_project_name = 200;

/// True for what PEP 508 calls a name: ASCII letters, digits, '.', '_', '-', the ends a letter or a digit.
bool is_project_name(std::string_view text);

/// PEP 503: lower case, each run of '-', '_', '.' one '-'. Meaningful for project names only.
std::string normalized_name(std::string_view name);

/// True when `name` is already what `normalized_name` makes of it.
bool is_normalized_name(std::string_view name);

/// A list of globs ('*': any run, '?': any one character) over normalised names; the patterns are normalised like
/// names, so that "Lab_*" means "lab-*". Immutable; any thread.
class NamePatterns {
  public:
    NamePatterns() = default;
    explicit NamePatterns(std::span<const std::string> patterns);

    /// Whether any pattern matches the whole of `normalized`. At worst pattern × name steps, never exponential.
    bool match(std::string_view normalized) const;

    bool empty() const { return patterns_.empty(); }

  private:
    std::vector<std::string> patterns_;
};

} // namespace yizhan
