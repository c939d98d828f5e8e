#include "proxy/routes/pypi.hpp"

#include "index/names.hpp"
#include "index/negotiate.hpp"
#include "index/render.hpp"
#include "proxy/http/response.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

using Segments = std::span<const std::string>;

bool starts_with(Segments path, std::initializer_list<std::string_view> prefix) {
    return path.size() >= prefix.size() && std::ranges::equal(prefix, path.first(prefix.size()));
}

// How many leading segments spell an index: 1 for /simple, 2 for /pypi/simple, 3 for /pypi/web/simple, else 0.
std::size_t index_prefix(Segments path) {
    if (starts_with(path, {"simple"}))
        return 1;
    if (starts_with(path, {"pypi", "simple"}))
        return 2;
    if (starts_with(path, {"pypi", "web", "simple"}))
        return 3;
    return 0;
}

// The part of a file's path below /pypi: TUNA's spelling has /web in between.
Segments file_path(Segments path) {
    if (starts_with(path, {"pypi", "web", "packages"}))
        return path.subspan(2);
    if (starts_with(path, {"pypi", "packages"}) || starts_with(path, {"pypi", "files"}))
        return path.subspan(1);
    return {};
}

// What a client can read is told anew in every request and hardly ever changes: what the last ones on this core told is
// remembered with what it comes to. Working it out costs a sixth of a hit (3,900 of 24,800 instructions).
PageForm negotiated(std::string_view accept, std::string_view accept_encoding) {
    struct Told {
        std::string accept, accept_encoding;
        PageForm form;
    };
    constexpr std::size_t most = 512; // bytes of a field that are worth remembering; real ones have under 200
    thread_local std::array<Told, 8> told;
    auto& last = told[(accept.size() + accept_encoding.size()) % told.size()];
    if (last.accept == accept && last.accept_encoding == accept_encoding)
        return last.form;
    const PageForm form{.format = negotiate_format(accept), .encoding = negotiate_encoding(accept_encoding)};
    if (accept.size() + accept_encoding.size() <= most)
        last = {std::string(accept), std::string(accept_encoding), form};
    return form;
}

PageForm wanted_form(const Request& request) {
    auto form = negotiated(request.field("Accept"), request.field("Accept-Encoding"));
    form.depth = request.above + static_cast<unsigned>(request.segments.size() - 1);
    form.before = request.before;
    return form;
}

// pip 26.2 obeys a max-age, and a wrong one hides new releases; the ETag makes asking again cheap. All text of others
// is escaped; should one place ever be missed, a browser still runs and loads nothing.
std::string rendered_lines(bool html, Encoding encoding) {
    auto out = render_fields({{"Cache-Control", "max-age=0"}, {"Vary", "Accept, Accept-Encoding"}});
    if (html)
        out += render_fields({{"Content-Security-Policy", "default-src 'none'"}});
    if (const auto coding = content_coding(encoding); !coding.empty())
        out += render_fields({{"Content-Encoding", coding}});
    return out;
}

std::string_view page_lines(const PageForm& form) {
    static constexpr std::array encodings{Encoding::identity, Encoding::gzip, Encoding::zstd};
    static const auto all = [] {
        std::array<std::array<std::string, encodings.size()>, 2> out;
        for (const bool html : {false, true})
            for (std::size_t i = 0; i < encodings.size(); ++i)
                out[html][i] = rendered_lines(html, encodings[i]);
        return out;
    }();
    const auto encoding = std::ranges::find(encodings, form.encoding) - encodings.begin();
    return all[form.format != PageFormat::json_v1][static_cast<std::size_t>(encoding)];
}

Response page_response(const PageForm& form) {
    Response response;
    response.content_type = media_type(form.format);
    response.lines = page_lines(form);
    return response;
}

Response page_response(const PageForm& form, const RenderedPage& page) {
    auto response = page_response(form);
    response.etag = page.etag;
    response.body = page.body;
    if (page.newer + page.undated > 0) // why a version is not here is else a riddle
        response.fields.emplace_back("Yizhan-Hidden",
                                     fmt::format("too-new={}, without-upload-time={}", page.newer, page.undated));
    return response;
}

} // namespace

PypiRoute::PypiRoute(const Settings& settings, Store& store, Relay& relay)
    : pages_(settings, store, relay), files_(settings, store, relay, pages_) {}

std::optional<Response> PypiRoute::at_once(const Request& request) {
    const Segments path = request.segments;
    if (const auto below = file_path(path); !below.empty())
        return files_.at_once(request, below);
    const auto prefix = index_prefix(path);
    if (prefix == 0 || path.size() != prefix + 2 || !path.back().empty())
        return std::nullopt;
    const auto form = wanted_form(request);
    const auto fresh = pages_.at_once(path[prefix], form);
    if (!fresh)
        return std::nullopt;
    auto response = page_response(form, *fresh->page);
    response.note = "hit";
    response.hit_ttl = fresh->ttl.count();
    return response;
}

Task<std::optional<Response>> PypiRoute::handle(const Request& request) {
    const Segments path = request.segments;
    if (const auto prefix = index_prefix(path); prefix > 0)
        co_return co_await page(request, prefix);
    const auto below = file_path(path);
    if (below.empty())
        co_return std::nullopt;
    auto file = parse_located(below);
    if (!file)
        co_return plain(404, fmt::format("{} is not the path of a file here. Files are found under "
                                         "/pypi/packages/aa/bb/<60 hex>/<file> and /pypi/files/sha256/<64 hex>/<file>, "
                                         "as the pages under /simple/ link them.",
                                         request.target));
    co_return co_await files_.get(request, std::move(*file));
}

Task<Response> PypiRoute::page(const Request& request, std::size_t prefix) {
    const Segments path = request.segments;
    const bool slash = path.back().empty();
    if (path.size() == prefix)
        co_return moved(path.back() + "/");
    if (path.size() == prefix + 1 && slash)
        co_return co_await root_page(request);
    const auto& project = path[prefix];
    if (path.size() > prefix + 2 || (path.size() == prefix + 2 && !slash) || !is_project_name(project))
        co_return plain(404, fmt::format("{} is not the page of a project: a name has letters, digits, '.', '-' and "
                                         "'_', and begins and ends with a letter or digit (PEP 508)",
                                         request.target));
    auto normalized = normalized_name(project);
    if (normalized != project || !slash)
        co_return moved((slash ? "../" : "") + normalized + "/");

    const auto form = wanted_form(request);
    const auto answer = co_await pages_.get(std::move(normalized), form);
    if (!answer)
        co_return plain(answer.error());
    auto response = page_response(form, *answer->page);
    response.note = answer->note;
    response.fields.emplace_back("Cache-Status", answer->cache_status);
    co_return response;
}

Task<Response> PypiRoute::root_page(const Request& request) {
    const auto form = wanted_form(request);
    const auto names = co_await pages_.stored_projects();
    auto response = page_response({.format = form.format, .encoding = Encoding::identity, .depth = form.depth});
    auto body = form.format == PageFormat::json_v1 ? render_root_json(names) : render_root_html(names);
    response.etag = "\"" + sha256(body).hex() + "\"";
    response.body = std::make_shared<const std::string>(std::move(body));
    response.note = "local";
    co_return response;
}

} // namespace yizhan
