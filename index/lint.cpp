#include "index/lint.hpp"

#include "config/url.hpp"
#include "index/ascii.hpp"
#include "index/filename.hpp"
#include "index/ini_file.hpp"
#include "index/lint_rules.hpp"
#include "index/names.hpp"
#include "index/pin_check.hpp"
#include "index/requirements_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_findings = 1000;

constexpr std::string_view one_index =
    "leave it out: one index, http://<yizhan>/for/<machine>/simple/, has PyPI and PyTorch's builds matched";

/// "lab" of "http://user@lab:8080/x"; empty where there is no host.
std::string host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return {};
    auto rest = url.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (const auto at = rest.rfind('@'); at != std::string_view::npos)
        rest.remove_prefix(at + 1);
    if (rest.starts_with('['))
        return ascii::lowered(rest.substr(0, rest.find(']') + 1));
    return ascii::lowered(rest.substr(0, rest.find(':')));
}

/// This machine itself: nobody stands between.
bool is_loopback(std::string_view host) {
    const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos; // else a name
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && digits);
}

/// Below /for/<machine>/: a page that is matched already.
bool is_matched_page(std::string_view url) {
    return url.find("/for/") != std::string_view::npos;
}

bool is_wheel(std::string_view url) {
    return url.substr(0, url.find_first_of("?#")).ends_with(".whl");
}

std::string_view last_segment(std::string_view url) {
    const auto path = url.substr(0, url.find_first_of("?#"));
    return path.substr(path.rfind('/') + 1);
}

std::string shown(std::string_view setting, std::string_view value) {
    return fmt::format("{} {}", setting, redacted(value));
}

} // namespace

void LintRules::add(LintFinding finding) {
    if (report_.findings.size() < most_findings)
        report_.findings.push_back(std::move(finding));
}

bool LintRules::matched(std::string_view project) const {
    return context_.tables.merged_project(project) != nullptr || project == "tensorflow" || project == "tensorflow-gpu";
}

void LintRules::extra_index(std::string_view setting, std::string_view value, TextPlace place) {
    add({.place = place,
         .rule = "extra-index",
         .what = shown(setting, value),
         .why = "pip throws the files of all indexes together and takes the highest version, uv takes an extra index "
                "first: the matched page loses, to another CUDA or to code that this GPU cannot run",
         .remedy = std::string(one_index)});
    url(value, place);
}

void LintRules::find_links(std::string_view setting, std::string_view value, TextPlace place) {
    if (host_of(value).empty()) // a folder of the user's own
        return;
    add({.place = place,
         .rule = "extra-index",
         .what = shown(setting, value),
         .why = "its links are thrown together with the index's, and a higher local version such as +cu92 or +xpu wins "
                "over the matched build",
         .remedy = std::string(one_index)});
    url(value, place);
}

void LintRules::own_index(std::string_view setting, std::string_view value, TextPlace place) {
    if (!is_matched_page(value))
        add({.place = place,
             .rule = "own-index",
             .what = shown(setting, value),
             .why = "it replaces the index of pip.conf and the environment, and this one is not matched to the machine",
             .remedy = "leave it out and set the index once per machine (yizhan machine detect prints the line)"});
    url(value, place);
}

void LintRules::trusted_host(std::string_view setting, std::string_view host, TextPlace place) {
    if (is_loopback(host_of(fmt::format("http://{}", host))))
        return;
    add({.place = place,
         .rule = "trusted-host",
         .what = shown(setting, host),
         .why = "certificates of this host are not checked: whoever stands between can put in any package",
         .remedy = "leave it out and use https; only a host of your own network without TLS needs it, and then in the "
                   "user's pip.conf, not in the project"});
}

void LintRules::no_verification(std::string_view setting, TextPlace place) {
    add({.place = place,
         .rule = "no-verification",
         .what = fmt::format("{} is off", setting),
         .why = "certificates are not checked: whoever stands between can put in any package",
         .remedy = "leave it out; for an authority of your own, name its certificate instead"});
}

void LintRules::url(std::string_view value, TextPlace place) {
    const auto host = host_of(value);
    if (!ascii::starts_with(value, "http://") || host.empty() || is_loopback(host))
        return;
    add({.place = place,
         .rule = "no-tls",
         .what = fmt::format("{} is asked without TLS", redacted(host)),
         .why = "whoever stands between can change pages and files; only hashes in a lock file would show it",
         .remedy = "write https://, or keep a lock file with hashes"});
}

void LintRules::wheel_url(std::string_view value, TextPlace place) {
    const auto filename = percent_decoded(last_segment(value));
    add({.place = place,
         .rule = "wheel-url",
         .what = fmt::format("the file {} is picked by hand", redacted(filename.value_or(std::string(value)))),
         .why = "it fits one Python and one platform, and no index can choose another",
         .remedy = "name the project and its version, and let the matched index choose the file"});
    const auto wheel = filename && context_.match != nullptr ? parse_wheel_filename(*filename) : std::nullopt;
    const auto build = wheel ? BuildFacts::of(*wheel, value, context_.tables) : std::nullopt;
    if (!build || !context_.match->judges(build->project))
        return;
    const auto judged = context_.match->judge(*build);
    if (judged)
        return;
    const auto pin = check_pin(build->project, "==" + build->version.public_str(), *context_.match, context_.tables);
    add({.place = place,
         .rule = "cannot-run",
         .what = fmt::format("{} does not run on {}", *filename, context_.match->machine().str()),
         .why = judged.reason,
         .remedy = fmt::format("{} from the matched index",
                               pin && !pin->nearest.empty() ? pin->nearest
                                                            : build->project + "==" + build->version.public_str())});
}

void LintRules::project(std::string_view name, std::string_view specifiers, TextPlace place) {
    if (context_.match == nullptr)
        return;
    const auto trouble = check_pin(name, specifiers, *context_.match, context_.tables);
    if (!trouble)
        return;
    add({.place = place,
         .rule = "cannot-run",
         .what = fmt::format("{}{} does not run on {}", name, specifiers, context_.match->machine().str()),
         .why = trouble->reason,
         .remedy = trouble->nearest.empty() ? "no build for this machine is known"
                                            : "the nearest that runs: " + trouble->nearest});
}

void LintRules::requirement(std::string_view requirement, TextPlace place) {
    const auto parsed = parse_requirement(requirement);
    if (!parsed)
        return;
    if (!parsed->url.empty()) {
        if (is_wheel(parsed->url))
            wheel_url(parsed->url, place);
        url(parsed->url, place);
    } else {
        project(parsed->name, parsed->specifiers, place);
    }
}

LintFormat lint_format(std::string_view filename) {
    const auto name = ascii::lowered(filename.substr(filename.rfind('/') + 1));
    if (name == "uv.toml")
        return LintFormat::uv_toml;
    if (name.ends_with(".lock") || (name.starts_with("pylock.") && name.ends_with(".toml")))
        return LintFormat::lock;
    if (name.ends_with(".toml") || name == "pipfile")
        return LintFormat::pyproject;
    for (const std::string_view ending : {".conf", ".ini", ".cfg"})
        if (name.ends_with(ending))
            return LintFormat::pip_conf;
    return LintFormat::requirements;
}

void lint_requirements(LintRules& rules) {
    for (const auto& entry : read_requirements(rules.text())) {
        const auto place = rules.lines().place(entry.offset);
        const bool is_file = entry.option == "--requirement" || entry.option == "--constraint";
        if (entry.option.empty() || entry.option == "--editable")
            rules.requirement(entry.value, place);
        else if (is_file && host_of(entry.value).empty())
            rules.report().includes.push_back(entry.value);
        else if (is_file)
            rules.url(entry.value, place);
        else if (entry.option == "--index-url")
            rules.own_index(entry.option, entry.value, place);
        else if (entry.option == "--extra-index-url")
            rules.extra_index(entry.option, entry.value, place);
        else if (entry.option == "--find-links")
            rules.find_links(entry.option, entry.value, place);
        else if (entry.option == "--trusted-host")
            rules.trusted_host(entry.option, entry.value, place);
    }
}

void lint_pip_conf(LintRules& rules) {
    for (const auto& word : read_ini(rules.text())) {
        const auto place = rules.lines().place(word.offset);
        if (word.key == "extra-index-url")
            rules.extra_index(word.key, word.text, place);
        else if (word.key == "find-links")
            rules.find_links(word.key, word.text, place);
        else if (word.key == "trusted-host")
            rules.trusted_host(word.key, word.text, place);
        else if (word.key == "index-url" || word.key == "index")
            rules.url(word.text, place);
    }
}

Result<LintReport> lint(std::string_view text, LintFormat format, const LintContext& context) {
    LintRules rules(text, context);
    if (format == LintFormat::requirements)
        lint_requirements(rules);
    else if (format == LintFormat::pip_conf)
        lint_pip_conf(rules);
    else if (const auto read = lint_toml(rules, format); !read)
        return std::unexpected(read.error());
    std::ranges::sort(rules.report().findings, {}, [](const LintFinding& finding) {
        return std::tuple(finding.place, std::string_view(finding.rule), std::string_view(finding.what));
    });
    return std::move(rules.report());
}

} // namespace yizhan
