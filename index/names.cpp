#include "index/names.hpp"

#include "index/ascii.hpp"

namespace yizhan {
namespace {

bool is_separator(char c) {
    return c == '-' || c == '_' || c == '.';
}

// Only the last '*' is ever taken up again: what an earlier one could still give, the later one gives as well.
bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

} // namespace

bool is_project_name(std::string_view text) {
    if (text.empty() || text.size() > longest_project_name)
        return false;
    if (!ascii::is_alphanumeric(text.front()) || !ascii::is_alphanumeric(text.back()))
        return false;
    return std::ranges::all_of(text, [](char c) { return ascii::is_alphanumeric(c) || is_separator(c); });
}

std::string normalized_name(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    bool in_run = false;
    for (const char c : name) {
        if (!is_separator(c))
            out += ascii::lower(c);
        else if (!in_run)
            out += '-';
        in_run = is_separator(c);
    }
    return out;
}

bool is_normalized_name(std::string_view name) {
    return is_project_name(name) && normalized_name(name) == name;
}

NamePatterns::NamePatterns(std::span<const std::string> patterns) {
    patterns_.reserve(patterns.size());
    for (const auto& pattern : patterns)
        patterns_.push_back(normalized_name(pattern));
}

bool NamePatterns::match(std::string_view normalized) const {
    return std::ranges::any_of(patterns_, [&](const auto& pattern) { return glob_matches(pattern, normalized); });
}

} // namespace yizhan
