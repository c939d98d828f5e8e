#include "tests/origin/pypi_index.hpp"

#include "tests/origin/request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace yizhan::origin {

namespace {

namespace json = boost::json;

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

bool advertises(const PublishOptions& options) {
    return options.metadata == PublishOptions::Metadata::yes || options.metadata == PublishOptions::Metadata::missing;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

const std::string& listed_sha256(const Distribution& file) {
    return file.listed_sha256.empty() ? file.body.sha256() : file.listed_sha256;
}

json::object json_file(const Distribution& file, const std::string& href, const PublishOptions& options) {
    json::object out{{"filename", file.filename}, {"url", href}, {"size", file.body.size()}};
    json::object hashes;
    if (options.hash == PublishOptions::Hash::sha256) {
        hashes["sha256"] = listed_sha256(file);
    }
    out["hashes"] = std::move(hashes);
    if (!file.requires_python.empty()) {
        out["requires-python"] = file.requires_python;
    }
    if (!file.upload_time.empty()) {
        out["upload-time"] = file.upload_time;
    }
    if (!file.yanked) {
        out["yanked"] = false;
    } else if (file.yanked->empty()) {
        out["yanked"] = true;
    } else {
        out["yanked"] = *file.yanked;
    }
    const bool metadata = file.metadata && advertises(options);
    out["core-metadata"] =
        metadata ? json::value(json::object{{"sha256", sha256_hex(*file.metadata)}}) : json::value(false);
    return out;
}

/// "1.17.0" of "six-1.17.0-py2.py3-none-any.whl" or "six-1.17.0.tar.gz".
std::string version_of(std::string_view filename) {
    for (const std::string_view end : {".tar.gz", ".zip", ".whl"}) {
        if (filename.ends_with(end)) {
            filename.remove_suffix(end.size());
        }
    }
    const auto dash = filename.find('-');
    return dash == std::string_view::npos
               ? std::string{}
               : std::string(filename.substr(dash + 1, filename.find('-', dash + 1) - dash - 1));
}

} // namespace

Distribution& PypiIndex::add(const std::string& project, Distribution distribution) {
    return projects_[project].emplace_back(std::move(distribution));
}

Distribution& PypiIndex::add_wheel(const std::string& project, const std::string& version,
                                   const WheelOptions& options) {
    Wheel wheel = make_wheel(project, version, options);
    Distribution distribution;
    distribution.filename = std::move(wheel.filename);
    distribution.body = std::move(wheel.body);
    distribution.metadata = std::move(wheel.metadata);
    distribution.requires_python = options.requires_python;
    return add(project, std::move(distribution));
}

const Distribution& PypiIndex::find(const std::string& filename) const {
    for (const auto& [project, files] : projects_) {
        const auto found = std::ranges::find(files, filename, &Distribution::filename);
        if (found != files.end()) {
            return *found;
        }
    }
    throw std::out_of_range("no such file in the index: " + filename);
}

std::vector<std::string> PypiIndex::filenames() const {
    std::vector<std::string> out;
    for (const auto& [project, files] : projects_) {
        for (const Distribution& file : files) {
            out.push_back(file.filename);
        }
    }
    return out;
}

std::string PypiIndex::path(const std::string& filename, PublishOptions::Paths paths) const {
    const Distribution& file = find(filename);
    if (paths == PublishOptions::Paths::pypi) {
        return "/packages/" + file.body.pypi_folder() + "/" + filename;
    }
    const auto project = std::ranges::find_if(projects_, [&](const auto& entry) {
        return std::ranges::any_of(entry.second, [&](const Distribution& d) { return &d == &file; });
    });
    return "/files/" + project->first + "/" + filename;
}

std::vector<Distribution> PypiIndex::listed(const std::string& project, const PublishOptions& options) const {
    std::vector<Distribution> files = projects_.at(project);
    std::erase_if(files, [&](const Distribution& file) { return contains(options.without, file.filename); });
    for (Distribution& file : files) {
        if (contains(options.other_hash, file.filename)) {
            file.listed_sha256 = sha256_hex(file.filename); // a digest like any other, but of nothing
        }
    }
    return files;
}

std::string PypiIndex::href(const std::string& project, const Distribution& file, const Server& server,
                            const PublishOptions& options) const {
    if (!file.href.empty()) {
        return file.href;
    }
    const std::string rooted = percent_encoded(options.paths == PublishOptions::Paths::pypi
                                                   ? "/packages/" + file.body.pypi_folder() + "/" + file.filename
                                                   : "/files/" + project + "/" + file.filename);
    if (options.files_on != nullptr) {
        return options.files_on->url(rooted);
    }
    switch (options.links) {
    case PublishOptions::Links::absolute:
        return server.url(rooted);
    case PublishOptions::Links::rooted:
        return rooted;
    case PublishOptions::Links::relative:
        break;
    }
    // Up from <index><project>/ to the root: one step for each slash but the first of the index, and one for the
    // project.
    std::string up;
    for (auto steps = std::ranges::count(options.index, '/'); steps > 0; --steps) {
        up += "../";
    }
    return up + rooted.substr(1);
}

std::string PypiIndex::html(const std::string& project, const Server& server, const PublishOptions& options) const {
    std::string out = fmt::format("<!DOCTYPE html>\n<html>\n<head>\n<meta name=\"pypi:repository-version\" "
                                  "content=\"1.1\">\n<title>Links for {0}</title>\n</head>\n<body>\n"
                                  "<h1>Links for {0}</h1>\n",
                                  html_escaped(project));
    for (const Distribution& file : listed(project, options)) {
        std::string link = href(project, file, server, options);
        if (options.hash == PublishOptions::Hash::sha256) {
            link += "#sha256=" + listed_sha256(file);
        }
        out += "<a href=\"" + html_escaped(link) + "\"";
        if (!file.requires_python.empty()) {
            out += " data-requires-python=\"" + html_escaped(file.requires_python) + "\"";
        }
        if (file.yanked) {
            out += " data-yanked=\"" + html_escaped(*file.yanked) + "\"";
        }
        if (file.metadata && advertises(options)) {
            const std::string digest = sha256_hex(*file.metadata);
            out += fmt::format(" data-dist-info-metadata=\"sha256={0}\" data-core-metadata=\"sha256={0}\"", digest);
        }
        out += ">" + html_escaped(file.filename) + "</a><br/>\n";
    }
    out += "</body>\n</html>\n";
    return options.serial ? out + fmt::format("<!--SERIAL {}-->", *options.serial) : out;
}

std::string PypiIndex::json(const std::string& project, const Server& server, const PublishOptions& options) const {
    json::array files;
    json::array versions;
    for (const Distribution& file : listed(project, options)) {
        files.push_back(json_file(file, href(project, file, server, options), options));
        const json::value version(version_of(file.filename));
        if (std::ranges::find(versions, version) == versions.end()) {
            versions.push_back(version);
        }
    }
    json::object meta{{"api-version", "1.1"}};
    json::object out{{"name", project}, {"files", std::move(files)}, {"versions", std::move(versions)}};
    if (options.serial) {
        meta["_last-serial"] = *options.serial;
    }
    out["meta"] = std::move(meta);
    return json::serialize(out);
}

void PypiIndex::publish_files(Server& server, const std::vector<Distribution>& files,
                              const PublishOptions& options) const {
    for (const Distribution& distribution : files) {
        const std::string where = path(distribution.filename, options.paths);
        server.serve(where, file(distribution.body));
        const bool metadata = options.metadata == PublishOptions::Metadata::yes ||
                              options.metadata == PublishOptions::Metadata::unannounced;
        if (distribution.metadata && metadata) {
            server.serve(where + ".metadata", file(Body::text(*distribution.metadata)));
        }
    }
}

void PypiIndex::publish(Server& server, const PublishOptions& options) const {
    for (const auto& [project, _] : projects_) {
        if (!options.only.empty() && !contains(options.only, project)) {
            continue;
        }
        Resource html_page = page(html(project, server, options));
        if (options.serial) {
            html_page.fields.emplace_back("X-PyPI-Last-Serial", std::to_string(*options.serial));
        }
        if (options.json) {
            auto json_page = std::make_shared<Resource>(page(json(project, server, options)));
            json_page->content_type = "application/vnd.pypi.simple.v1+json";
            json_page->fields = html_page.fields;
            html_page.json = std::move(json_page);
        }
        server.serve(options.index + project + "/", std::move(html_page));
        server.serve(options.index + project, redirect(options.index + project + "/", 301));
        if (options.files) {
            publish_files(options.files_on != nullptr ? *options.files_on : server, listed(project, options), options);
        }
    }
}

} // namespace yizhan::origin
