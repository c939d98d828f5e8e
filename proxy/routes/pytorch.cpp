#include "proxy/routes/pytorch.hpp"

#include "index/cuda.hpp"
#include "index/stable_list.hpp"
#include "proxy/routes/page_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace yizhan {
namespace {

constexpr std::string_view stable_name = "torch_stable.html";
// The frozen list has some 10,000 links; two tags' worth of them in all forms.
constexpr std::size_t lists_budget = 32ULL << 20;

using Segments = std::span<const std::string>;

bool is_ours(Segments path) {
    return path.size() >= 2 && path[0] == "pytorch" && path[1] == "whl";
}

// A folder of the tree that holds an index, and no project's page: a tag, or one of the words above tags.
bool is_index_folder(std::string_view name) {
    static constexpr std::array<std::string_view, 5> words{"nightly", "test", "lts", "variant", "preview"};
    if (std::ranges::find(words, name) != words.end())
        return true;
    if (!name.empty() && std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; }))
        return true; // lts/1.8
    // It may stand in a Location, where a colon would make a scheme of it.
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    if (!std::ranges::all_of(name, plain))
        return false;
    // "rocm6.4"; but "rocm" and "rocm-sdk-core" are projects.
    const auto label = label_of_folder(name);
    return label && label->text != "rocm";
}

// Segments up to the project's or the index's own page.
std::size_t index_prefix(Segments path) {
    std::size_t out = 2;
    while (out < path.size() && is_index_folder(path[out]))
        ++out;
    return out;
}

// "cu102/": the folders between the tree's root and `end`.
std::string folder_of(Segments path, std::size_t end) {
    std::string out;
    for (const auto& name : path.subspan(2, end - 2))
        out += name + '/';
    return out;
}

std::optional<LocatedFile> file_of(Segments path) {
    return path.back().empty() ? std::nullopt : parse_in_wheel_tree(path.subspan(2));
}

bool is_stable_list(Segments path) {
    return path.back() == stable_name && index_prefix(path) == path.size() - 1;
}

} // namespace

PytorchRoute::PytorchRoute(const Settings& settings, Store& store, Relay& relay, ProjectPages& pages, IndexFiles& files)
    : pages_(pages), files_(files), roots_(pytorch_index(settings), store, relay), lists_(relay, lists_budget) {}

std::optional<Response> PytorchRoute::at_once(const Request& request) {
    const Segments path = request.segments;
    if (!is_ours(path) || path.size() < 3)
        return std::nullopt;
    if (const auto file = file_of(path))
        return files_.at_once(request, *file);
    const auto prefix = index_prefix(path);
    if (path.size() != prefix + 2 || !path.back().empty())
        return std::nullopt;
    const auto form = wanted_form(request);
    const auto fresh = pages_.at_once(folder_of(path, prefix) + path[prefix], form);
    return fresh ? std::optional(page_response(form, *fresh)) : std::nullopt;
}

Task<std::optional<Response>> PytorchRoute::handle(const Request& request) {
    const Segments path = request.segments;
    if (!is_ours(path))
        co_return std::nullopt;
    if (path.size() == 2)
        co_return moved("whl/");
    if (auto file = file_of(path))
        co_return co_await files_.get(request, std::move(*file));
    if (is_stable_list(path))
        co_return co_await stable(request);
    if (path.back().ends_with(".html"))
        co_return plain(404, fmt::format("{} is not served: of the lists for --find-links there is torch_stable.html "
                                         "alone, here and in the folder of each tag",
                                         request.target));
    co_return co_await page(request, index_prefix(path));
}

Task<Response> PytorchRoute::page(const Request& request, std::size_t prefix) {
    auto project = page_asked(request, prefix);
    if (!project)
        co_return std::move(project.error());
    const auto folder = folder_of(request.segments, prefix);
    if (project->empty()) {
        const auto names = co_await roots_.get(folder);
        co_return names ? root_response(request, *names) : plain(names.error());
    }
    const auto form = wanted_form(request);
    const auto answer = co_await pages_.get(folder + *project, form);
    co_return answer ? page_response(form, *answer) : plain(answer.error());
}

// What --find-links reads is HTML, whatever else the client could: the upstream's own list, else one put together.
Task<Response> PytorchRoute::stable(const Request& request) {
    auto form = wanted_form(request);
    form.format = PageFormat::html_legacy;
    const auto folder = folder_of(request.segments, request.segments.size() - 1);
    auto answer = co_await pages_.get(folder + std::string(stable_name), form);
    if (!answer && answer.error().code == Errc::not_found)
        answer = co_await stable_made(folder, form);
    co_return answer ? page_response(form, *answer) : plain(answer.error());
}

Task<Result<ProjectPages::Answer>> PytorchRoute::stable_made(std::string folder, PageForm form) {
    DerivedPages::Sources sources;
    ProjectPages::Answer out;
    for (const auto project : stable_list_projects) {
        auto page = co_await pages_.current(folder + std::string(project));
        if (!page && page.error().code != Errc::not_found)
            co_return std::unexpected(std::move(page.error()));
        if (!page)
            continue;
        out.note = page->note;
        out.cache_status = std::move(page->cache_status);
        sources.push_back(std::move(page->generation));
    }
    if (sources.empty())
        co_return fail(Errc::not_found,
                       fmt::format("there is no list of \"{}\": upstream has neither {} nor a page of torch there",
                                   folder, stable_name));
    auto make = [](const DerivedPages::Sources& from) {
        std::vector<const ProjectPage*> pages;
        for (const auto& source : from)
            pages.push_back(&source->page);
        return stable_list(pages);
    };
    out.page = co_await lists_.get("stable/" + folder, std::move(sources), form, std::move(make));
    co_return out;
}

} // namespace yizhan
