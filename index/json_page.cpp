#include "index/json_page.hpp"

#include "index/api_version.hpp"
#include "index/html_text.hpp"
#include "index/links.hpp"
#include "index/names.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace yizhan {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

// A number beyond a double's range is read as infinity, for which JSON has no spelling: kept, one such number would
// make the whole page unreadable for every client.
bool all_finite(const json::value& value) {
    if (value.is_double())
        return std::isfinite(value.get_double());
    if (value.is_array())
        return std::ranges::all_of(value.get_array(), all_finite);
    if (value.is_object())
        return std::ranges::all_of(value.get_object(), [](const auto& member) { return all_finite(member.value()); });
    return true;
}

void keep(json::object& extra, json::string_view key, const json::value& value) {
    if (all_finite(value))
        extra.emplace(key, value);
}

/// Text that is there and not empty.
std::optional<std::string> text_of(const json::value* value) {
    if (!value || !value->is_string())
        return std::nullopt;
    auto text = one_line(view(value->get_string()));
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::optional<std::uint64_t> number_of(const json::value* value) {
    if (!value)
        return std::nullopt;
    if (value->is_uint64())
        return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0)
        return static_cast<std::uint64_t>(value->get_int64());
    if (!value->is_string()) // shadowmire's `_last-serial`
        return std::nullopt;
    const auto text = view(value->get_string());
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// PEP 714: the new key wins even where it says false; then PEP 658's, then what PyPI once wrote by mistake.
CoreMetadata core_metadata(const json::object& file) {
    for (const std::string_view key : {"core-metadata", "dist-info-metadata", "data-dist-info-metadata"}) {
        const auto* const value = file.if_contains(key);
        if (!value || value->is_null())
            continue;
        if (value->is_bool())
            return {.available = value->get_bool(), .sha256 = std::nullopt};
        if (!value->is_object() || value->get_object().empty())
            return {};
        const auto* const hex = value->get_object().if_contains("sha256");
        if (!hex)
            return {.available = true, .sha256 = std::nullopt};
        // A digest that cannot be read could never be checked: then rather no metadata.
        const auto digest = hex->is_string() ? Sha256::from_hex(view(hex->get_string())) : std::nullopt;
        return {.available = digest.has_value(), .sha256 = digest};
    }
    return {};
}

// Each of these returns false where the value's kind leaves no safe reading.
bool read_hashes(ProjectFile& out, const json::value& value) {
    if (value.is_null())
        return true;
    if (!value.is_object())
        return false;
    for (const auto& [algorithm, hex] : value.get_object())
        if (!hex.is_string() || !add_hash(out, algorithm, view(hex.get_string())))
            return false;
    return true;
}

bool read_requires_python(ProjectFile& out, const json::value& value) {
    out.requires_python = text_of(&value);
    return value.is_string() || value.is_null();
}

bool read_yanked(ProjectFile& out, const json::value& value) {
    if (value.is_bool() && value.get_bool())
        out.yanked = "";
    else if (value.is_string() && !value.get_string().empty())
        out.yanked = one_line(view(value.get_string()));
    return value.is_bool() || value.is_string() || value.is_null();
}

// Reads one key of a file; false: the file must be dropped.
bool read_member(ProjectFile& out, std::string_view key, const json::value& value) {
    if (key == "hashes")
        return read_hashes(out, value);
    if (key == "requires-python")
        return read_requires_python(out, value);
    if (key == "yanked")
        return read_yanked(out, value);
    if (key == "size") {
        out.size = value.is_string() ? std::nullopt : number_of(&value);
    } else if (key == "upload-time") {
        out.upload_time = text_of(&value);
        if (out.upload_time && !is_upload_time(*out.upload_time))
            out.upload_time.reset();
    } else if (key == "provenance") {
        out.provenance = text_of(&value);
        if (out.provenance && !is_provenance_url(*out.provenance))
            out.provenance.reset();
    } else if (key == "gpg-sig") {
        if (value.is_bool())
            out.gpg_sig = value.get_bool();
    } else if (key != "filename" && key != "url" && key != "core-metadata" && key != "dist-info-metadata" &&
               key != "data-dist-info-metadata") {
        keep(out.extra, key, value);
    }
    return true;
}

void add_file(PageBuilder& builder, const json::value& value) {
    if (!value.is_object())
        return builder.drop("", "its entry is no JSON object");
    const auto& object = value.get_object();
    ProjectFile file;
    const auto* const filename = object.if_contains("filename");
    const auto* const url = object.if_contains("url");
    if (filename && filename->is_string())
        file.filename = view(filename->get_string());
    if (file.filename.empty() || !url || !url->is_string())
        return builder.drop(std::move(file.filename), "its entry has no filename or no url");
    file.url = view(url->get_string());
    for (const auto& [key, member] : object)
        if (!read_member(file, key, member))
            return builder.drop(std::move(file.filename), "its " + std::string(key) + " cannot be read");
    file.core_metadata = core_metadata(object);
    builder.add(std::move(file));
}

void read_status(ProjectPage& page, const json::value& value) {
    if (!value.is_object())
        return;
    const auto& object = value.get_object();
    // The PEP's prose says "state", its example and PyPI say "status".
    auto status = text_of(object.if_contains("status"));
    if (!status)
        status = text_of(object.if_contains("state"));
    if (status && *status != "active")
        page.status = ProjectStatus{std::move(*status), text_of(object.if_contains("reason")).value_or("")};
}

Result<void> read_meta(ProjectPage& page, const json::value& value) {
    if (!value.is_object())
        return {};
    for (const auto& [key, member] : value.get_object()) {
        if (key == "api-version") {
            if (!member.is_string())
                return fail(Errc::protocol, "the index page's api-version is no text; PEP 691 wants \"1.x\"");
            if (auto good = check_api_version(view(member.get_string())); !good)
                return good;
        } else if (key == "_last-serial") {
            page.serial = number_of(&member);
        } else if (key == "project-status") {
            if (!page.status)
                read_status(page, member);
        } else if (key != "tracks") {
            keep(page.meta, key, member);
        }
    }
    return {};
}

Result<void> check_name(const json::value& value, std::string_view project) {
    if (value.is_string()) {
        const auto name = view(value.get_string());
        if (is_project_name(name) && normalized_name(name) == project)
            return {};
    }
    const std::string found = value.is_string() ? one_line(view(value.get_string()).substr(0, 80)) : "no text";
    return fail(Errc::protocol, "the page asked for as project " + std::string(project) + " names its project \"" +
                                    found + "\"; the upstream's URL or its redirect is wrong");
}

Result<json::value> parse_tree(std::string_view text, json::monotonic_resource& memory) {
    if (text.size() > max_json_page)
        return fail(Errc::protocol, "the index page has " + std::to_string(text.size()) + " bytes; more than " +
                                        std::to_string(max_json_page) + " are not parsed");
    json::error_code error;
    auto tree = json::parse(text, error, &memory);
    if (error)
        return fail(Errc::protocol, "the index page claims to be JSON but is not: " + error.message());
    return tree;
}

} // namespace

Result<ParsedPage> parse_json_page(std::string_view text, const Url& final_url, std::string_view normalized_project) {
    json::monotonic_resource memory;
    const auto tree = parse_tree(text, memory);
    if (!tree)
        return std::unexpected(tree.error());
    const auto* const top = tree->if_object();
    const auto* const files = top ? top->if_contains("files") : nullptr;
    if (!files || !files->is_array())
        return fail(Errc::protocol, "the answer is JSON, but no index page: it has no list of files (PEP 691)");

    PageBuilder builder(final_url, normalized_project);
    auto& page = builder.page();
    for (const auto& [key, value] : *top) {
        Result<void> good;
        if (key == "name")
            good = check_name(value, normalized_project);
        else if (key == "meta")
            good = read_meta(page, value);
        else if (key == "project-status")
            read_status(page, value);
        else if (key != "files" && key != "versions" && key != "alternate-locations")
            keep(page.extra, key, value);
        if (!good)
            return std::unexpected(std::move(good.error()));
    }
    page.files.reserve(files->get_array().size());
    for (const auto& file : files->get_array())
        add_file(builder, file);
    return builder.finish();
}

} // namespace yizhan
