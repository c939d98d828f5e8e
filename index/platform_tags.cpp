#include "index/ascii.hpp"
#include "index/tags.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace yizhan {
namespace {

// The newest releases to be expected while this program lives; beyond them it is a typing error.
constexpr unsigned newest_glibc = 60;
constexpr unsigned newest_musl = 20;
constexpr unsigned newest_macos = 40;

using Tags = std::vector<std::string>;

std::unexpected<Error> bad(std::string_view platform, std::string_view why) {
    return fail(Errc::invalid, "\"" + std::string(platform.substr(0, 60)) +
                                   "\" is no platform tag: " + std::string(why) +
                                   "; examples: win_amd64, manylinux_2_28_x86_64, macosx_11_0_arm64");
}

// Takes "<number>_" off the text.
std::optional<unsigned> take_number(std::string_view& text) {
    unsigned out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length >= text.size() || text[length] != '_')
        return std::nullopt;
    text.remove_prefix(length + 1);
    return out;
}

std::string versioned(std::string_view family, unsigned major, unsigned minor, std::string_view arch) {
    return std::string(family) + '_' + std::to_string(major) + '_' + std::to_string(minor) + '_' + std::string(arch);
}

// PEP 600 with the older names where they stand; PEP 599, 571 and 513 tie those to 2.17, 2.12 and 2.5.
void add_manylinux(Tags& out, unsigned glibc, std::string_view arch) {
    const bool x86 = arch == "x86_64" || arch == "i686";
    const unsigned oldest = x86 ? 5 : 17;
    for (unsigned minor = glibc; minor >= oldest; --minor) {
        out.push_back(versioned("manylinux", 2, minor, arch));
        if (minor == 17)
            out.push_back("manylinux2014_" + std::string(arch));
        if (minor == 12 && x86)
            out.push_back("manylinux2010_" + std::string(arch));
        if (minor == 5 && x86)
            out.push_back("manylinux1_" + std::string(arch));
    }
}

Result<Tags> glibc_linux(std::string_view platform, unsigned glibc, std::string_view arch) {
    if (arch.empty())
        return bad(platform, "it names no architecture");
    if (glibc > newest_glibc)
        return bad(platform, "there is no such glibc");
    Tags out;
    add_manylinux(out, glibc, arch);
    out.push_back("linux_" + std::string(arch));
    return out;
}

Result<Tags> musl_linux(std::string_view platform, std::string_view rest) {
    const auto major = take_number(rest);
    const auto minor = major ? take_number(rest) : std::nullopt;
    if (!minor || rest.empty() || *major != 1 || *minor > newest_musl)
        return bad(platform, "after musllinux come musl's version and an architecture");
    Tags out;
    for (unsigned each = *minor + 1; each-- > 0;)
        out.push_back(versioned("musllinux", *major, each, rest));
    out.push_back("linux_" + std::string(rest));
    return out;
}

// Binary formats that a Mac of this version runs, as distutils once named them.
std::span<const std::string_view> mac_formats(std::string_view arch, unsigned major, unsigned minor) {
    static constexpr std::array<std::string_view, 6> x86_64{"x86_64", "intel",      "fat64",
                                                            "fat3",   "universal2", "universal"};
    static constexpr std::array<std::string_view, 2> arm64{"arm64", "universal2"};
    if (arch == "arm64")
        return arm64;
    return major == 10 && minor < 4 ? std::span<const std::string_view>() : std::span<const std::string_view>(x86_64);
}

void add_macos(Tags& out, std::string_view arch, unsigned major, unsigned minor) {
    for (const auto format : mac_formats(arch, major, minor))
        out.push_back(versioned("macosx", major, minor, format));
}

Result<Tags> macos(std::string_view platform, std::string_view rest) {
    const auto major = take_number(rest);
    const auto minor = major ? take_number(rest) : std::nullopt;
    if (!minor || *major < 10 || *major > newest_macos || *minor > 30)
        return bad(platform, "after macosx come a version and an architecture");
    if (rest != "x86_64" && rest != "arm64")
        return bad(platform, "a Mac is x86_64 or arm64");
    Tags out;
    if (*major == 10)
        for (unsigned each = *minor + 1; each-- > 0;)
            add_macos(out, rest, 10, each);
    for (unsigned each = *major; each >= 11; --each)
        add_macos(out, rest, each, 0);
    // Programs of 10.x run on 11 and newer; for arm64 that is the other half of a universal2.
    if (*major >= 11)
        for (unsigned each = 16; each >= 4; --each) {
            if (rest == "x86_64")
                add_macos(out, rest, 10, each);
            else
                out.push_back(versioned("macosx", 10, each, "universal2"));
        }
    return out;
}

} // namespace

Result<std::vector<std::string>> platform_tags(std::string_view platform) {
    if (platform.empty() || platform.size() > 60 || !std::ranges::all_of(platform, [](char c) {
            return c == '_' || (ascii::is_alphanumeric(c) && !ascii::is_upper(c));
        }))
        return bad(platform, "tags are made of lower-case letters, digits and '_'");
    const auto after = [&](std::string_view prefix) { return platform.substr(prefix.size()); };
    static constexpr std::array<std::pair<std::string_view, unsigned>, 3> legacy{
        {{"manylinux2014_", 17}, {"manylinux2010_", 12}, {"manylinux1_", 5}}};
    for (const auto& [prefix, glibc] : legacy)
        if (platform.starts_with(prefix))
            return glibc_linux(platform, glibc, after(prefix));
    if (platform.starts_with("manylinux_")) {
        auto rest = after("manylinux_");
        const auto major = take_number(rest);
        const auto minor = major ? take_number(rest) : std::nullopt;
        if (!minor || *major != 2)
            return bad(platform, "after manylinux come glibc's version, 2_N, and an architecture");
        return glibc_linux(platform, *minor, rest);
    }
    if (platform.starts_with("musllinux_"))
        return musl_linux(platform, after("musllinux_"));
    if (platform.starts_with("macosx_"))
        return macos(platform, after("macosx_"));
    if (platform.starts_with("linux_"))
        return glibc_linux(platform, newest_glibc, after("linux_"));
    if (platform == "any")
        return bad(platform, "\"any\" is what wheels say, not a machine");
    return Tags{std::string(platform)};
}

} // namespace yizhan
