// What index/ makes of versions, specifiers, tags and wheel names, one question a line: packaging_suite.py asks
// Python's `packaging` the same. Fields are separated by tabs, answers are one line each; "-" is "none of this is one".
//
//   version TEXT                        the normalised version
//   facts TEXT                          "pre post dev local": whether it is a pre-, post-, dev-release; the local label
//   compare A B                         "<", "=" or ">"
//   contains SPECIFIERS VERSION         "yes" or "no", pre-releases like others
//   matching SPECIFIERS VERSION…        those that a choice is among, blank-separated
//   rank INTERPRETER PLATFORM WHEEL     the rank of its best tag
//   wheel FILENAME                      "name version build python abi platform", an absent build as "-"
//   build A B                           how two build tags compare
#include "index/filename.hpp"
#include "index/specifiers.hpp"
#include "index/tags.hpp"
#include "index/version.hpp"

#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace yizhan;

using Fields = std::vector<std::string>;

Fields fields_of(const std::string& line) {
    Fields out(1);
    for (const char c : line)
        if (c == '\t')
            out.emplace_back();
        else
            out.back() += c;
    out.resize(std::max<std::size_t>(out.size(), 4)); // questions read their fields without counting them
    return out;
}

std::string sign(std::strong_ordering order) {
    return order < 0 ? "<" : order > 0 ? ">" : "=";
}

std::string facts(const std::string& text) {
    const auto version = Version::parse(text);
    if (!version)
        return "-";
    return fmt::format("{:d} {:d} {:d} {}", version->is_prerelease(), version->is_postrelease(),
                       version->is_devrelease(), version->local());
}

std::string compare(const std::string& a, const std::string& b) {
    const auto left = Version::parse(a);
    const auto right = Version::parse(b);
    return left && right ? sign(*left <=> *right) : "-";
}

std::string contains(const std::string& specifiers, const std::string& text) {
    const auto set = SpecifierSet::parse(specifiers);
    const auto version = Version::parse(text);
    if (!set || !version)
        return "-";
    return set->contains(*version) ? "yes" : "no";
}

std::string matching(const Fields& fields) {
    const auto set = SpecifierSet::parse(fields[1]);
    if (!set)
        return "-";
    std::vector<Version> versions;
    for (std::size_t i = 2; i < fields.size(); ++i)
        if (auto version = Version::parse(fields[i]))
            versions.push_back(std::move(*version));
    std::vector<std::string> out;
    for (const auto index : set->matching(versions))
        out.push_back(versions[index].str());
    return fmt::format("{}", fmt::join(out, " "));
}

std::string rank(const std::string& interpreter, const std::string& platform, const std::string& filename) {
    // The tags of one machine are worked out once: thousands of questions are about the same.
    static std::string last;
    static std::optional<CompatibleTags> tags;
    const auto python = Interpreter::parse(interpreter);
    if (const auto key = interpreter + " " + platform; key != last) {
        auto made = CompatibleTags::of(python, platform);
        tags = made ? std::optional(std::move(*made)) : std::nullopt;
        last = key;
    }
    const auto wheel = parse_wheel_filename(filename);
    const auto found = tags && wheel && python ? tags->rank(*wheel) : std::nullopt;
    return found ? std::to_string(*found) : "-";
}

std::string wheel(const std::string& filename) {
    const auto out = parse_wheel_filename(filename);
    if (!out || !out->variant.empty() || !Version::parse(out->version)) // of variants packaging knows nothing yet
        return "-";
    return fmt::format("{} {} {} {} {} {}", out->name, out->version, out->build.empty() ? "-" : out->build, out->python,
                       out->abi, out->platform);
}

std::string answer(const Fields& fields) {
    const auto& question = fields[0];
    if (question == "version") {
        const auto version = Version::parse(fields[1]);
        return version ? version->str() : "-";
    }
    if (question == "facts")
        return facts(fields[1]);
    if (question == "compare")
        return compare(fields[1], fields[2]);
    if (question == "contains")
        return contains(fields[1], fields[2]);
    if (question == "matching")
        return matching(fields);
    if (question == "rank")
        return rank(fields[1], fields[2], fields[3]);
    if (question == "wheel")
        return wheel(fields[1]);
    if (question == "build")
        return sign(compare_build_tags(fields[1], fields[2]));
    return "unknown question: " + question;
}

} // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line))
        std::cout << answer(fields_of(line)) << '\n';
    return 0;
}
