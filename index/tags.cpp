#include "index/tags.hpp"

#include "index/ascii.hpp"
#include "index/version.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_expansions = 1000;

std::optional<unsigned> number(std::string_view text) {
    unsigned out = 0;
    if (text.size() > 3 || !ascii::all_digits(text))
        return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::vector<std::string_view> parts(std::string_view set) {
    std::vector<std::string_view> out;
    while (true) {
        const auto dot = set.find('.');
        out.push_back(set.substr(0, dot));
        if (dot == std::string_view::npos)
            return out;
        set.remove_prefix(dot + 1);
    }
}

std::string numbered(std::string_view prefix, unsigned major, unsigned minor) {
    return std::string(prefix) + std::to_string(major) + std::to_string(minor);
}

/// Numbers tags in the order in which they are added; a tag counts where it comes first.
class Ranking {
  public:
    explicit Ranking(const std::vector<std::string>& platforms) : platforms_(platforms) {}

    void add(std::string tag) { ranks_.try_emplace(std::move(tag), next_++); }

    void add_platforms(std::string_view python, std::string_view abi) {
        for (const auto& platform : platforms_)
            add(std::string(python) + '-' + std::string(abi) + '-' + platform);
    }

    std::unordered_map<std::string, std::size_t> take() { return std::move(ranks_); }

  private:
    const std::vector<std::string>& platforms_;
    std::unordered_map<std::string, std::size_t> ranks_;
    std::size_t next_ = 0;
};

// The ABI of a usual build: pymalloc's 'm' until 3.7 (PEP 3149), wide characters on Linux until 3.2.
std::string own_abi(const Interpreter& python, std::string_view platform) {
    auto out = python.tag();
    const bool old = python.major == 2 || python.minor < 8;
    if (old)
        out += 'm';
    if ((python.major == 2 || python.minor < 3) && platform.find("linux") != std::string_view::npos)
        out += 'u';
    return python.free_threaded ? out + 't' : out;
}

void add_cpython(Ranking& out, const Interpreter& python, std::string_view platform) {
    const bool stable = python.major > 3 || (python.major == 3 && python.minor >= 2);
    const std::string_view stable_abi = python.free_threaded ? "abi3t" : "abi3"; // PEP 384, PEP 803
    out.add_platforms(python.tag(), own_abi(python, platform));
    if (stable)
        out.add_platforms(python.tag(), stable_abi);
    out.add_platforms(python.tag(), "none");
    if (stable)
        for (unsigned minor = python.minor; minor-- > 2;)
            out.add_platforms(numbered("cp", python.major, minor), stable_abi);
}

void add_any_python(Ranking& out, const Interpreter& python) {
    std::vector<std::string> versions{numbered("py", python.major, python.minor), "py" + std::to_string(python.major)};
    for (unsigned minor = python.minor; minor-- > 0;)
        versions.push_back(numbered("py", python.major, minor));
    for (const auto& version : versions)
        out.add_platforms(version, "none");
    out.add(python.tag() + "-none-any");
    for (const auto& version : versions)
        out.add(version + "-none-any");
}

} // namespace

std::optional<Interpreter> Interpreter::parse(std::string_view text) {
    Interpreter out;
    if (text.ends_with('t')) {
        out.free_threaded = true;
        text.remove_suffix(1);
    }
    std::optional<unsigned> major;
    std::optional<unsigned> minor;
    if (text.starts_with("cp") && text.size() > 3) {
        major = number(text.substr(2, 1));
        minor = number(text.substr(3));
    } else if (const auto dot = text.find('.'); dot != std::string_view::npos) {
        const auto rest = text.substr(dot + 1);
        const auto micro = rest.find('.');
        major = number(text.substr(0, dot));
        minor = number(rest.substr(0, micro));
        if (micro != std::string_view::npos && !number(rest.substr(micro + 1)))
            return std::nullopt;
    }
    if (!major || !minor || *major < 2 || *major > 9 || (*major == 2 && *minor > 7) || *minor > 99)
        return std::nullopt;
    if (out.free_threaded && (*major < 3 || (*major == 3 && *minor < 13)))
        return std::nullopt;
    out.major = *major;
    out.minor = *minor;
    return out;
}

std::string Interpreter::tag() const {
    return numbered("cp", major, minor);
}

Result<CompatibleTags> CompatibleTags::of(std::optional<Interpreter> interpreter, std::string_view platform) {
    const auto platforms = platform_tags(platform);
    if (!platforms)
        return std::unexpected(platforms.error());
    CompatibleTags out;
    Ranking ranking(*platforms);
    if (interpreter) {
        add_cpython(ranking, *interpreter, platform);
        add_any_python(ranking, *interpreter);
    } else {
        out.any_python_ = true;
        for (const auto& each : *platforms)
            ranking.add(each);
        ranking.add("any");
    }
    out.ranks_ = ranking.take();
    return out;
}

std::optional<std::size_t> CompatibleTags::rank(const Distribution& wheel) const {
    const auto platforms = parts(wheel.platform);
    const auto pythons = any_python_ ? std::vector<std::string_view>{""} : parts(wheel.python);
    const auto abis = any_python_ ? std::vector<std::string_view>{""} : parts(wheel.abi);
    if (platforms.size() > most_expansions || pythons.size() > most_expansions || abis.size() > most_expansions ||
        pythons.size() * abis.size() * platforms.size() > most_expansions)
        return std::nullopt;
    std::optional<std::size_t> best;
    for (const auto python : pythons)
        for (const auto abi : abis)
            for (const auto platform : platforms) {
                std::string tag;
                if (!any_python_)
                    tag = std::string(python) + '-' + std::string(abi) + '-';
                tag += platform;
                std::ranges::transform(tag, tag.begin(), ascii::lower);
                if (const auto found = ranks_.find(tag); found != ranks_.end())
                    best = std::min(best.value_or(found->second), found->second);
            }
    return best;
}

std::strong_ordering compare_build_tags(std::string_view a, std::string_view b) {
    const auto digits = [](std::string_view text) {
        return static_cast<std::size_t>(std::ranges::find_if_not(text, ascii::is_digit) - text.begin());
    };
    const auto left = digits(a);
    const auto right = digits(b);
    if (left == 0 || right == 0) // no build tag: there is none without a leading digit
        return (left != 0) <=> (right != 0);
    if (const auto order = VersionNumber(a.substr(0, left)) <=> VersionNumber(b.substr(0, right)); order != 0)
        return order;
    return a.substr(left) <=> b.substr(right);
}

} // namespace yizhan
