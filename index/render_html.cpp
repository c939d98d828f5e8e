#include "index/api_version.hpp"
#include "index/html_text.hpp"
#include "index/render.hpp"
#include "index/render_link.hpp"

#include <array>

namespace yizhan {
namespace {

// Measured on pages of PyPI: about 420 bytes a file with both metadata attributes.
constexpr std::size_t bytes_per_file = 512;

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += "=\"";
    append_html_escaped(out, value);
    out += '"';
}

void append_meta(std::string& out, std::string_view name, std::string_view content) {
    out += "    <meta";
    append_attribute(out, "name", name);
    append_attribute(out, "content", content);
    out += ">\n";
}

void append_head(std::string& out, const ProjectPage& page) {
    out += "<!DOCTYPE html>\n<html>\n  <head>\n";
    append_meta(out, "pypi:repository-version", our_api_version);
    if (page.status) {
        append_meta(out, "pypi:project-status", page.status->status);
        if (!page.status->reason.empty())
            append_meta(out, "pypi:project-status-reason", page.status->reason);
    }
    for (const std::string_view element : {"    <title>", "  <body>\n    <h1>"}) {
        out += element;
        out += "Links for ";
        append_html_escaped(out, page.name);
        out += element.ends_with("title>") ? "</title>\n  </head>\n" : "</h1>\n";
    }
}

// One digest in the fragment: sha256, else the strongest that pip and uv accept there (uv gives up the whole page
// over one that it does not know).
void append_fragment(std::string& out, const ProjectFile& file) {
    for (const std::string_view algorithm : {"sha256", "sha512", "sha384", "md5"})
        for (const auto& [name, hex] : file.hashes)
            if (name == algorithm) {
                out += '#';
                out += name;
                out += '=';
                out += hex;
                return;
            }
}

void append_core_metadata(std::string& out, const CoreMetadata& metadata) {
    if (!metadata.available)
        return;
    const std::string value = metadata.sha256 ? "sha256=" + metadata.sha256->hex() : "true";
    append_attribute(out, "data-dist-info-metadata", value);
    append_attribute(out, "data-core-metadata", value);
}

void append_file(std::string& out, std::string_view climb, const ProjectFile& file) {
    const auto before = out.size();
    out += "    <a href=\"";
    if (!append_link(out, climb, file))
        return out.resize(before);
    append_fragment(out, file);
    out += '"';
    if (file.requires_python)
        append_attribute(out, "data-requires-python", *file.requires_python);
    if (file.yanked)
        append_attribute(out, "data-yanked", *file.yanked);
    append_core_metadata(out, file.core_metadata);
    if (file.gpg_sig)
        append_attribute(out, "data-gpg-sig", *file.gpg_sig ? "true" : "false");
    if (file.provenance)
        append_attribute(out, "data-provenance", *file.provenance);
    out += '>';
    append_html_escaped(out, file.filename);
    out += "</a><br/>\n";
}

} // namespace

std::string render_html(const ProjectPage& page, std::string_view climb) {
    std::string out;
    out.reserve(1024 + page.files.size() * bytes_per_file);
    append_head(out, page);
    for (const auto& file : page.files)
        append_file(out, climb, file);
    out += "  </body>\n</html>\n";
    if (page.serial)
        out += "<!--SERIAL " + std::to_string(*page.serial) + "-->\n";
    return out;
}

std::string render_root_html(std::span<const std::string> names) {
    std::string out = "<!DOCTYPE html>\n<html>\n  <head>\n";
    out.reserve(512 + names.size() * 64);
    append_meta(out, "pypi:repository-version", our_api_version);
    out += "    <title>Simple index</title>\n  </head>\n  <body>\n";
    for (const auto& name : names) {
        out += "    <a href=\"";
        append_html_escaped(out, name);
        out += "/\">";
        append_html_escaped(out, name);
        out += "</a><br/>\n";
    }
    out += "  </body>\n</html>\n";
    return out;
}

} // namespace yizhan
