// Small grammars, one line each of the input: a file name, a project, two versions, Accept, Accept-Encoding, a glob,
// a specifier set, a platform.
#include "config/url.hpp"
#include "index/ascii.hpp"
#include "index/filename.hpp"
#include "index/names.hpp"
#include "index/negotiate.hpp"
#include "index/specifiers.hpp"
#include "index/tags.hpp"
#include "index/version.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>

using namespace yizhan;
using fuzz::require;

namespace {

std::string_view line(std::string_view& rest) {
    const auto out = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(out.size() + 1, rest.size()));
    return out;
}

void check_filename(std::string_view filename, std::string_view project) {
    const auto normalized = normalized_name(project);
    require(normalized_name(normalized) == normalized, "normalising twice is normalising once");
    require(!is_project_name(project) || is_normalized_name(normalized), "a normalised name is a name");
    if (const auto file = parse_filename(filename, normalized)) {
        require(file->name == normalized && !file->version.empty(),
                "a distribution has its project's name and a version");
        require(normalized_version(file->version) == file->version, "its version is normalised");
        require(has_distribution_suffix(filename), "its suffix is known");
    }
    if (const auto wheel = parse_wheel_filename(filename))
        require(parse_filename(filename, wheel->name) == wheel, "a wheel is found under its own name");
    if (is_safe_filename(filename)) {
        const auto url = Url::parse("https://x.example/" + percent_encoded_segment(filename));
        require(url && percent_decoded(url->path().substr(1)) == filename, "a safe name survives a URL");
    }
}

void check_versions(std::string_view left, std::string_view right) {
    const auto a = Version::parse(left);
    const auto b = Version::parse(right);
    if (!a || !b)
        return;
    const auto again = Version::parse(a->str());
    require(again && *again == *a && again->str() == a->str(), "a normalised version is read back as it was");
    require((*a <=> *b) == (0 <=> (*b <=> *a)), "the order is antisymmetric");
    require(a->str() != b->str() || *a == *b, "equal text, equal version");
    require(a->without_local() <= *a, "a local label never sorts below its public version");
}

void check_specifiers(std::string_view text, std::string_view version_text) {
    const auto set = SpecifierSet::parse(text);
    const auto version = Version::parse(version_text);
    if (!version)
        return;
    const auto exact = SpecifierSet::parse("==" + version->str());
    require(exact && exact->contains(*version), "a version satisfies ==itself");
    const auto different = SpecifierSet::parse("!=" + version->str());
    require(different && !different->contains(*version), "and not !=itself");
    if (!set)
        return;
    const auto both = SpecifierSet::parse(std::string(text) + ",==" + version->str());
    require(!both || both->contains(*version) == set->contains(*version), "a set is the conjunction of its clauses");
    require(set->matching(std::span(&*version, 1)).size() == (set->contains(*version) ? 1U : 0U),
            "a lone version is chosen where it satisfies the set");
}

void check_tags(std::string_view filename, std::string_view platform) {
    const auto tags = platform_tags(platform);
    if (!tags)
        return require(!tags.error().message.empty(), "a refusal has words");
    require(!tags->empty() && tags->size() < 400, "a platform accepts some tags, and not too many");
    const auto wheel = parse_wheel_filename(filename);
    const auto any = CompatibleTags::of(std::nullopt, platform);
    const auto one = CompatibleTags::of(Interpreter{3, 12, false}, platform);
    require(any && one, "a platform with tags has machines");
    if (wheel && one->fit(*wheel))
        require(any->fit(*wheel), "what fits one Python fits without naming one");
}

// The textbook's recursion, for names short enough for it.
bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.empty())
        return name.empty();
    if (pattern.front() == '*')
        return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
    return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
           matches(pattern.substr(1), name.substr(1));
}

void check_pattern(std::string_view pattern, std::string_view name) {
    const std::string normalized = normalized_name(pattern);
    const bool found = NamePatterns(std::span(&normalized, 1)).match(name);
    if (pattern.size() <= 12 && name.size() <= 12)
        require(found == matches(normalized, name), "globs match as the textbook says");
}

void check_negotiation(std::string_view accept, std::string_view accept_encoding) {
    require(negotiate_format(accept) == negotiate_format(ascii::lowered(accept)), "media types know no case");
    require(negotiate_encoding(accept_encoding) == negotiate_encoding(ascii::lowered(accept_encoding)),
            "codings know no case");
    if (accept.size() < 8000)
        require(negotiate_format(accept) == negotiate_format("," + std::string(accept) + " , "),
                "empty elements change nothing");
    if (const auto format = page_format(accept))
        require(page_format(media_type(*format)) == format, "media types go both ways");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text(data, size);
    const auto filename = line(rest);
    const auto project = line(rest);
    const auto left = line(rest);
    const auto right = line(rest);
    const auto accept = line(rest);
    const auto accept_encoding = line(rest);
    check_filename(filename, project);
    check_versions(left, right);
    check_negotiation(accept, accept_encoding);
    check_pattern(line(rest), project);
    check_specifiers(line(rest), left);
    check_tags(filename, line(rest));
    return 0;
}
