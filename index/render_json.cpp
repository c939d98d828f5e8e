#include "index/api_version.hpp"
#include "index/filename.hpp"
#include "index/html_text.hpp"
#include "index/locate.hpp"
#include "index/render.hpp"
#include "index/render_link.hpp"
#include "index/version.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t bytes_per_file = 640;

void append_control(std::string& out, char c) {
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\u00";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
}

void append_string(std::string& out, std::string_view text) {
    std::string repaired;
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
        text = repaired = valid_utf8(text);
    out += '"';
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20)
            continue;
        out.append(text, done, i - done);
        done = i + 1;
        if (static_cast<unsigned char>(c) < 0x20)
            append_control(out, c);
        else
            (out += '\\') += c;
    }
    out.append(text, done);
    out += '"';
}

/// Appends ',' and a key; `key` needs no escaping.
void append_key(std::string& out, std::string_view key) {
    out += ",\"";
    out += key;
    out += "\":";
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
    append_key(out, key);
    append_string(out, value);
}

void append_extra(std::string& out, const boost::json::object& extra) {
    for (const auto& [key, value] : extra) {
        out += ',';
        append_string(out, {key.data(), key.size()});
        out += ':';
        out += boost::json::serialize(value);
    }
}

void append_hashes(std::string& out, const ProjectFile& file) {
    append_key(out, "hashes");
    out += '{';
    for (const auto& [algorithm, hex] : file.hashes) {
        if (out.back() != '{')
            out += ',';
        append_string(out, algorithm);
        out += ':';
        append_string(out, hex);
    }
    out += '}';
}

void append_core_metadata(std::string& out, const CoreMetadata& metadata) {
    append_key(out, "core-metadata");
    if (metadata.sha256 && metadata.available)
        out += "{\"sha256\":\"" + metadata.sha256->hex() + "\"}";
    else
        out += metadata.available ? "true" : "false";
}

void append_yanked(std::string& out, const std::optional<std::string>& yanked) {
    append_key(out, "yanked");
    if (yanked && !yanked->empty())
        append_string(out, *yanked);
    else
        out += yanked ? "true" : "false";
}

// What of a page has been written so far.
struct Written {
    bool any = false;      ///< a file
    bool all_sized = true; ///< every file written has a size
};

void append_file(std::string& out, std::string_view climb, const ProjectFile& file, Written& written) {
    const auto before = out.size();
    out += written.any ? ",{\"url\":\"" : "{\"url\":\"";
    if (!append_link(out, climb, file))
        return out.resize(before);
    written.any = true;
    written.all_sized = written.all_sized && file.size.has_value();
    out += "\",\"filename\":";
    append_string(out, file.filename);
    append_hashes(out, file);
    if (file.requires_python)
        append_text(out, "requires-python", *file.requires_python);
    if (file.size) {
        append_key(out, "size");
        out += std::to_string(*file.size);
    }
    if (file.upload_time)
        append_text(out, "upload-time", *file.upload_time);
    append_yanked(out, file.yanked);
    append_core_metadata(out, file.core_metadata);
    if (file.gpg_sig) {
        append_key(out, "gpg-sig");
        out += *file.gpg_sig ? "true" : "false";
    }
    if (file.provenance)
        append_text(out, "provenance", *file.provenance);
    append_extra(out, file.extra);
    out += '}';
}

void append_meta(std::string& out, const ProjectPage& page, bool all_sized) {
    append_key(out, "meta");
    out += "{\"api-version\":\"";
    out += all_sized ? our_api_version : "1.0";
    out += '"';
    if (page.serial) {
        append_key(out, "_last-serial");
        out += std::to_string(*page.serial);
    }
    append_extra(out, page.meta);
    out += '}';
}

void append_status(std::string& out, const ProjectStatus& status) {
    append_key(out, "project-status");
    out += "{\"status\":";
    append_string(out, status.status);
    if (!status.reason.empty())
        append_text(out, "reason", status.reason);
    out += '}';
}

void append_versions(std::string& out, const ProjectPage& page) {
    append_key(out, "versions");
    out += '[';
    for (const auto& version : versions_of(page)) {
        if (out.back() != '[')
            out += ',';
        append_string(out, version);
    }
    out += ']';
}

} // namespace

std::vector<std::string> versions_of(const ProjectPage& page) {
    std::unordered_set<std::string> seen;
    std::vector<std::pair<std::optional<Version>, std::string>> versions;
    for (const auto& file : page.files) {
        auto distribution = is_located(file) ? parse_filename(file.filename, page.name) : std::nullopt;
        if (!distribution || !seen.insert(distribution->version).second)
            continue;
        auto version = Version::parse(distribution->version);
        versions.emplace_back(std::move(version), std::move(distribution->version));
    }
    // Spellings that are no versions come first; equal versions ("1.0", "1.0.0") in the order of their text.
    std::ranges::sort(versions, [](const auto& a, const auto& b) {
        if (a.first.has_value() != b.first.has_value())
            return b.first.has_value();
        if (a.first && *a.first != *b.first)
            return *a.first < *b.first;
        return a.second < b.second;
    });
    std::vector<std::string> out;
    out.reserve(versions.size());
    for (auto& [version, text] : versions)
        out.push_back(std::move(text));
    return out;
}

std::string render_json(const ProjectPage& page, std::string_view climb) {
    std::string out;
    out.reserve(1024 + page.files.size() * bytes_per_file);
    out += "{\"name\":";
    append_string(out, page.name);
    if (page.status)
        append_status(out, *page.status);
    append_versions(out, page);
    append_key(out, "files");
    out += '[';
    Written written;
    for (const auto& file : page.files)
        append_file(out, climb, file, written);
    out += ']';
    append_meta(out, page, written.all_sized);
    append_extra(out, page.extra);
    out += '}';
    return out;
}

std::string render_root_json(std::span<const std::string> names) {
    std::string out = "{\"meta\":{\"api-version\":\"";
    out.reserve(64 + names.size() * 40);
    out += our_api_version;
    out += "\"},\"projects\":[";
    for (const auto& name : names) {
        out += out.back() == '[' ? "{\"name\":" : ",{\"name\":";
        append_string(out, name);
        out += '}';
    }
    out += "]}";
    return out;
}

} // namespace yizhan
