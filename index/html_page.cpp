#include "index/html_page.hpp"

#include "index/anchors.hpp"
#include "index/api_version.hpp"
#include "index/ascii.hpp"
#include "index/filename.hpp"
#include "index/html_text.hpp"
#include "index/links.hpp"
#include "index/names.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace yizhan {
namespace {

// "#sha256=…&egg=…": every "algorithm=hex" of the fragment. False where its sha256 is malformed.
bool add_fragment_hashes(ProjectFile& file, std::string_view fragment) {
    while (!fragment.empty()) {
        const auto piece = fragment.substr(0, fragment.find('&'));
        fragment.remove_prefix(std::min(piece.size() + 1, fragment.size()));
        const auto equals = piece.find('=');
        if (equals != std::string_view::npos && !add_hash(file, piece.substr(0, equals), piece.substr(equals + 1)))
            return false;
    }
    return true;
}

// PEP 658/714: "true" or "sha256=<hex>"; anything else means that there is none to rely on.
CoreMetadata core_metadata(const Anchor& anchor) {
    auto value = anchor.attribute("data-core-metadata");
    if (!value)
        value = anchor.attribute("data-dist-info-metadata");
    if (!value)
        return {};
    if (ascii::is(*value, "true"))
        return {.available = true, .sha256 = std::nullopt};
    const auto equals = value->find('=');
    if (equals == std::string::npos || equals == 0)
        return {};
    if (value->substr(0, equals) != "sha256")
        return {.available = true, .sha256 = std::nullopt};
    const auto digest = Sha256::from_hex(std::string_view(*value).substr(equals + 1));
    return {.available = digest.has_value(), .sha256 = digest};
}

std::optional<std::uint64_t> size_of(const Anchor& anchor) {
    const auto text = anchor.attribute("data-size");
    std::uint64_t value = 0;
    if (!text || !ascii::all_digits(*text) ||
        std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc())
        return std::nullopt;
    return value;
}

void read_attributes(ProjectFile& file, const Anchor& anchor) {
    if (const auto text = anchor.attribute("data-requires-python"))
        if (auto specifier = one_line(*text); !specifier.empty())
            file.requires_python = std::move(specifier);
    if (const auto reason = anchor.attribute("data-yanked"))
        file.yanked = one_line(*reason);
    file.core_metadata = core_metadata(anchor);
    if (const auto text = anchor.attribute("data-gpg-sig"))
        file.gpg_sig = ascii::is(*text, "true");
    if (auto text = anchor.attribute("data-provenance"); text && is_provenance_url(*text))
        file.provenance = std::move(text);
    // Not in PEP 503, but download.pytorch.org writes the first and uv reads both.
    if (auto text = anchor.attribute("data-upload-time"); text && is_upload_time(*text))
        file.upload_time = std::move(text);
    file.size = size_of(anchor);
}

// Whether a link leads to a file at all, and not to a folder, a home page or "Parent Directory": it ends like one, or
// it has a digest, which nobody writes behind anything else.
bool leads_to_file(const ProjectFile& file) {
    const auto path = std::string_view(file.url).substr(0, file.url.find('?'));
    return has_distribution_suffix(path.substr(path.rfind('/') + 1)) || file.sha256();
}

void add_anchor(PageBuilder& builder, const Anchor& anchor) {
    auto href = anchor.attribute("href");
    if (anchor.overfull) {
        builder.drop(href.value_or(anchor.text()), "its anchor has more or longer attributes than any index writes");
        return;
    }
    if (!href)
        return;
    ProjectFile file;
    const auto fragment = std::min(href->find('#'), href->size());
    if (!add_fragment_hashes(file, std::string_view(*href).substr(std::min(fragment + 1, href->size())))) {
        builder.drop(std::move(*href), "its sha256 is not 64 hexadecimal digits");
        return;
    }
    href->resize(fragment);
    file.url = std::move(*href);
    if (!leads_to_file(file))
        return;
    read_attributes(file, anchor);
    builder.add(std::move(file));
}

// "Links for Six" is what every generator since setuptools writes; devpi and Nexus put more around it.
std::string_view linked_project(std::string_view title) {
    for (const std::string_view words : {"Links for ", "links for "})
        if (const auto at = title.find(words); at != std::string_view::npos)
            return ascii::trimmed(title.substr(at + words.size()));
    return {};
}

Result<void> check_frame(const PageFrame& frame) {
    if (frame.cut_short)
        return fail(Errc::protocol,
                    "the index page stops in the middle of a tag or comment, so a part of it is missing");
    if (frame.too_many)
        return fail(Errc::protocol, "the index page holds more than " + std::to_string(max_anchors) + " links");
    if (frame.base_after_anchor)
        return fail(Errc::protocol,
                    "the index page has a <base> after its first link, so nobody can say where they lead");
    return frame.repository_version ? check_api_version(*frame.repository_version) : Result<void>();
}

std::unexpected<Error> no_index(const PageFrame& frame, std::string_view what) {
    std::string message = "the answer is HTML, but not " + std::string(what);
    if (const auto title = one_line(ascii::trimmed(frame.title).substr(0, 80)); !title.empty())
        message += " (its title is \"" + title + "\")";
    return fail(Errc::protocol, message + "; a block page, a challenge or a login may stand in between");
}

} // namespace

Result<ParsedPage> parse_html_page(std::string_view html, const Url& final_url, std::string_view normalized_project) {
    std::optional<PageBuilder> builder;
    std::optional<Error> bad_base;
    const auto start = [&](const PageFrame& frame) {
        auto base = frame.base_href ? final_url.resolve(ascii::trimmed(*frame.base_href)) : Result<Url>(final_url);
        if (base) {
            builder.emplace(std::move(*base), normalized_project);
        } else {
            bad_base = std::move(base.error());
            builder.emplace(final_url, normalized_project);
        }
    };
    const auto frame = read_anchors(html, [&](const Anchor& anchor, const PageFrame& before) {
        if (!builder)
            start(before);
        if (!bad_base)
            add_anchor(*builder, anchor);
    });
    if (auto good = check_frame(frame); !good)
        return std::unexpected(std::move(good.error()));
    if (!builder)
        start(frame);
    if (bad_base)
        return fail(Errc::protocol, "the index page's <base> is unusable: " + bad_base->message);

    const auto titled = linked_project(frame.title);
    if (!normalized_project.empty() && is_project_name(titled) && normalized_name(titled) != normalized_project)
        return fail(Errc::protocol, "the page asked for as project " + std::string(normalized_project) +
                                        " calls itself the page of project " + std::string(titled));
    auto out = builder->finish();
    if (!out)
        return out;
    if (out->page.files.empty() && out->dropped.empty() && titled.empty() && !frame.repository_version)
        return no_index(frame, "an index page");
    out->page.serial = frame.serial;
    auto status = one_line(frame.project_status.value_or(""));
    if (!status.empty() && status != "active")
        out->page.status = ProjectStatus{std::move(status), one_line(frame.project_status_reason.value_or(""))};
    return out;
}

Result<RootPage> parse_root_html(std::string_view html) {
    RootPage out;
    std::size_t folders = 0; // links "six/" whose text is "six": what an index looks like that says nothing of itself
    const auto frame = read_anchors(html, [&](const Anchor& anchor, const PageFrame&) {
        const auto href = anchor.attribute("href");
        if (!href || href->starts_with('.'))
            return;
        auto path = std::string_view(*href).substr(0, href->find_first_of("?#"));
        const bool folder = path.ends_with('/') && path.size() == href->size();
        if (path.ends_with('/'))
            path.remove_suffix(1);
        const auto leaf = path.substr(path.rfind('/') + 1);
        const auto text = anchor.text();
        if (!is_project_name(text) && !is_project_name(leaf))
            return;
        out.names.push_back(normalized_name(is_project_name(text) ? std::string_view(text) : leaf));
        if (folder && is_project_name(text) && normalized_name(leaf) == out.names.back())
            ++folders;
    });
    if (auto good = check_frame(frame); !good)
        return std::unexpected(std::move(good.error()));
    const bool says_so =
        frame.repository_version || ascii::lowered(frame.title).find("simple index") != std::string::npos;
    if (!says_so && (folders == 0 || folders * 2 < frame.anchors))
        return no_index(frame, "the root page of an index");
    std::ranges::sort(out.names);
    const auto doubles = std::ranges::unique(out.names);
    out.names.erase(doubles.begin(), doubles.end());
    out.serial = frame.serial;
    return out;
}

} // namespace yizhan
