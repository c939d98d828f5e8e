#include "proxy/routes/page_reading.hpp"

#include "index/filename.hpp"
#include "index/html_page.hpp"
#include "index/json_page.hpp"
#include "index/locate.hpp"
#include "index/page_before.hpp"
#include "index/stable_list.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

namespace yizhan {
namespace {

bool is_json(std::string_view content_type) {
    return content_type.find("json") != std::string_view::npos;
}

// A file without a path of ours has nothing that says what its bytes must be; saying so beats a silent gap.
void keep_located(ParsedPage& parsed) {
    std::erase_if(parsed.page.files, [&](const ProjectFile& file) {
        if (locate(file))
            return false;
        parsed.dropped.push_back({file.filename, "the index gives neither a sha256 nor a path of PyPI's for it"});
        return true;
    });
}

// Of pages that are equally fresh, what was shown once stays: a mirror that lacks a file says nothing about it.
void keep_shown_files(ProjectPage& page, const ProjectPage& shown) {
    std::unordered_set<std::string_view> listed;
    for (const auto& file : page.files)
        listed.insert(file.filename);
    std::vector<ProjectFile> missing;
    for (const auto& file : shown.files)
        if (!listed.contains(file.filename))
            missing.push_back(file);
    std::ranges::move(missing, std::back_inserter(page.files));
}

// Of a listing of everything what one project has there.
void keep_project(ParsedPage& parsed, std::string_view project) {
    std::erase_if(parsed.page.files,
                  [&](const ProjectFile& file) { return !parse_filename(file.filename, project).has_value(); });
}

} // namespace

LinkRules link_rules(const PageIndex& index, const UpstreamSettings& upstream) {
    LinkRules out{.index = index.name, .prefixes = {}, .trees = {}, .flat = upstream.flat};
    const auto base = Url::parse(upstream.url);
    const auto add_tree = [&](const Url& files) {
        if (base && index.wheel_tree)
            out.trees.push_back(files.origin() + std::string(base->path()));
    };
    if (base)
        add_tree(*base);
    for (const auto& prefix : upstream.files)
        if (auto url = Url::parse(prefix)) {
            add_tree(*url);
            out.prefixes.push_back(std::move(*url));
        }
    return out;
}

LinkRules own_link_rules(const PageIndex& index, const UpstreamSettings& root) {
    LinkRules out{.index = index.name, .prefixes = {}, .trees = {}, .flat = false};
    if (const auto url = Url::parse(root.url))
        out.trees.push_back(url->origin() + '/' + std::string(wheel_tree_folder));
    return out;
}

Result<PageGeneration> read_page(const std::string& page, std::string_view bytes, std::string_view content_type,
                                 const std::string& final_url, const LinkRules& rules) {
    const auto url = Url::parse(final_url);
    if (!url)
        return std::unexpected(url.error());
    const auto project = project_of_page(page);
    const auto titled = rules.flat ? std::string_view() : project;
    auto parsed = is_json(content_type) ? parse_json_page(bytes, *url, titled) : parse_html_page(bytes, *url, titled);
    if (!parsed)
        return std::unexpected(parsed.error());
    place_in_wheel_tree(parsed->page, rules.trees);
    if (rules.flat && !project.empty())
        keep_project(*parsed, project);
    if (rules.flat && parsed->page.files.empty())
        return fail(Errc::not_found, fmt::format("{} lists no file of {}", redacted(final_url), project));
    if (project.empty())
        keep_stable_list(parsed->page);
    if (!rules.prefixes.empty())
        keep_within(*parsed, rules.prefixes);
    keep_first_of_each_name(*parsed);
    keep_located(*parsed);
    parsed->page.name = project.empty() ? "torch_stable" : std::string(project);
    for (const auto& dropped : parsed->dropped)
        spdlog::warn("{}: {}: {} left out: {}", rules.index, page, dropped.filename, dropped.reason);
    return PageGeneration{.page = std::move(parsed->page), .bytes = bytes.size(), .sources = {}};
}

Result<ProjectPage> read_agreed(const PageIndex& index, const std::string& project,
                                std::span<const WitnessedPage> pages, const KnownFiles& known,
                                const PageGeneration* shown) {
    if (pages.empty())
        return fail(Errc::unavailable, "no page of " + project + " came");
    const auto freshness = [](const WitnessedPage& page) { return page.serial.value_or(0); };
    auto agreement =
        index.rules.trust == Trust::mirror
            ? Agreement{.page = std::ranges::max_element(pages, {}, freshness)->page, .withheld = {}, .conflicts = {}}
            : agreed_page(pages, known);
    for (const auto& conflict : agreement.conflicts)
        spdlog::error("{}: {}: {} has several digests: {}", index.name, project, conflict.filename,
                      fmt::join(conflict.claims, ", "));
    spdlog::info("{}: {}: the root is silent; {} files shown on the word of {} mirrors, {} withheld", index.name,
                 project, agreement.page.files.size(), pages.size(), agreement.withheld.size());
    if (shown && shown->page.serial.value_or(0) > agreement.page.serial.value_or(0))
        return fail(Errc::unavailable, "the mirrors are behind what was shown of " + project + " before");
    if (shown && shown->page.serial == agreement.page.serial)
        keep_shown_files(agreement.page, shown->page);
    if (shown && !agreement.page.status && index.rules.trust != Trust::mirror)
        agreement.page.status =
            shown->page.status; // many mirrors do not pass it on: that they are silent lifts nothing
    if (agreement.page.files.empty() && !agreement.withheld.empty())
        return fail(Errc::unavailable,
                    fmt::format("the root does not answer, and nothing on the mirrors' pages of {} is confirmed by a "
                                "second family: {}",
                                project, agreement.withheld.front().reason));
    for (const auto& witness : pages) // HTML tells no times, the others' JSON and the root's page of before may
        fill_upload_times(agreement.page, witness.page);
    if (shown)
        fill_upload_times(agreement.page, shown->page);
    return std::move(agreement.page);
}

} // namespace yizhan
