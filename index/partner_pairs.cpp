#include "index/partner_pairs.hpp"

#include "index/ascii.hpp"
#include "index/version.hpp"
#include "index/wheel_metadata.hpp"

#include <algorithm>

namespace yizhan {
namespace {

// "==2.11.0" of "torch (==2.11.0) ; python_version > '3.9'"; nullopt: of another project, or an extra's.
std::optional<std::string_view> clause_about_torch(std::string_view requirement) {
    const auto marker = std::min(requirement.find(';'), requirement.size());
    if (requirement.substr(marker).contains("extra"))
        return std::nullopt;
    requirement = ascii::trimmed(requirement.substr(0, marker));
    const auto of_name = [](char c) { return ascii::is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
    const auto name_end = std::ranges::find_if_not(requirement, of_name) - requirement.begin();
    if (!ascii::is(requirement.substr(0, static_cast<std::size_t>(name_end)), "torch"))
        return std::nullopt;
    auto clause = ascii::trimmed(requirement.substr(static_cast<std::size_t>(name_end)));
    if (clause.starts_with('(') && clause.ends_with(')'))
        clause = ascii::trimmed(clause.substr(1, clause.size() - 2));
    return clause;
}

std::optional<std::string> exact_release(std::string_view clause) {
    constexpr std::string_view equal = "==";
    const auto version = clause.starts_with(equal) ? Version::parse(clause.substr(equal.size())) : std::nullopt;
    if (!version || version->public_str() != version->base_str())
        return std::nullopt;
    auto out = version->base_str();
    for (auto numbers = version->release().size(); numbers < 3; ++numbers)
        out += ".0";
    return out;
}

} // namespace

std::optional<std::string> required_torch(std::string_view metadata) {
    std::optional<std::string> out;
    for (const auto requirement : metadata_fields(metadata, "requires-dist")) {
        const auto clause = clause_about_torch(requirement);
        if (!clause)
            continue;
        auto release = exact_release(*clause);
        if (!release || (out && *out != *release))
            return std::nullopt;
        out = std::move(release);
    }
    return out;
}

} // namespace yizhan
