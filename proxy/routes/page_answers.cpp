#include "proxy/routes/page_answers.hpp"

#include "index/names.hpp"
#include "index/negotiate.hpp"
#include "index/render.hpp"
#include "proxy/http/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace yizhan {
namespace {

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

} // namespace

PageForm wanted_form(const Request& request) {
    auto form = negotiated(request.field("Accept"), request.field("Accept-Encoding"));
    form.depth = request.above + static_cast<unsigned>(request.segments.size() - 1);
    form.before = request.before;
    return form;
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

Response page_response(const PageForm& form, const ProjectPages::Fresh& hit) {
    auto response = page_response(form, *hit.page);
    response.note = "hit";
    response.hit_ttl = hit.ttl.count();
    return response;
}

Response page_response(const PageForm& form, const ProjectPages::Answer& answer) {
    auto response = page_response(form, *answer.page);
    response.note = answer.note;
    response.fields.emplace_back("Cache-Status", answer.cache_status);
    return response;
}

Response root_response(const Request& request, const std::vector<std::string>& names) {
    const auto form = wanted_form(request);
    auto response = page_response({.format = form.format, .encoding = Encoding::identity, .depth = form.depth});
    auto body = form.format == PageFormat::json_v1 ? render_root_json(names) : render_root_html(names);
    response.etag = "\"" + sha256(body).hex() + "\"";
    response.body = std::make_shared<const std::string>(std::move(body));
    response.note = "local";
    return response;
}

std::expected<std::string, Response> page_asked(const Request& request, std::size_t prefix) {
    const auto& path = request.segments;
    const bool slash = path.back().empty();
    if (path.size() == prefix)
        return std::unexpected(moved(path.back() + "/"));
    if (path.size() == prefix + 1 && slash)
        return std::string();
    const auto& project = path[prefix];
    if (path.size() > prefix + 2 || (path.size() == prefix + 2 && !slash) || !is_project_name(project))
        return std::unexpected(
            plain(404, fmt::format("{} is not the page of a project: a name has letters, digits, '.', '-' and "
                                   "'_', and begins and ends with a letter or digit (PEP 508)",
                                   request.target)));
    auto normalized = normalized_name(project);
    if (normalized != project || !slash)
        return std::unexpected(moved((slash ? "../" : "") + normalized + "/"));
    return normalized;
}

} // namespace yizhan
