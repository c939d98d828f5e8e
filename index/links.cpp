#include "index/links.hpp"

#include "index/ascii.hpp"
#include "index/filename.hpp"
#include "index/html_text.hpp"
#include "index/names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace yizhan {
namespace {

// Bytes that mean the same before and after any URL parser: unreserved ones, '+' and '!' of versions.
bool is_plain(char c) {
    return ascii::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '!';
}

// A relative path of plain segments: nothing empty, no dot segments, and of escapes only the "%2B" of local versions
// (curl turns "%2e" into ".", and later versions may touch others).
bool is_plain_path(std::string_view path) {
    std::size_t segment = 0;
    bool only_dots = true;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (c == '/') {
            if (segment == 0 || only_dots)
                return false;
            segment = 0;
            only_dots = true;
            continue;
        }
        if (c == '%' ? !path.substr(i).starts_with("%2B") : !is_plain(c))
            return false;
        ++segment;
        only_dots = only_dots && c == '.';
    }
    return segment > 0 && !only_dots;
}

// "%2e%2e", "%2f", "%5c": dots, slashes and backslashes that a careless server decodes before it looks for the file.
bool has_disguised_separator(std::string_view path) {
    for (auto at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
        const auto code = ascii::lowered(path.substr(at + 1, 2));
        if (code == "2f" || code == "5c" || code == "00")
            return true;
        if (code == "2e") {
            const auto start = path.rfind('/', at) + 1;
            auto segment = ascii::lowered(path.substr(start, path.find('/', at) - start));
            for (auto dot = segment.find("%2e"); dot != std::string::npos; dot = segment.find("%2e"))
                segment.replace(dot, 3, ".");
            if (segment == "." || segment == "..")
                return true;
        }
    }
    return false;
}

std::string_view leaf(std::string_view url) {
    url = url.substr(0, url.find('?'));
    return url.substr(url.rfind('/') + 1);
}

// The project of a wheel that is not `project`'s. The name is compared first: it fits for nearly every file.
std::optional<std::string> wheel_of_another(std::string_view filename, std::string_view project) {
    if (!filename.ends_with(".whl") || normalized_name(filename.substr(0, filename.find('-'))) == project)
        return std::nullopt;
    auto wheel = parse_wheel_filename(filename);
    return wheel ? std::optional(std::move(wheel->name)) : std::nullopt;
}

} // namespace

LinkResolver::LinkResolver(Url base) : base_(std::move(base)), origin_(base_.origin()) {
    folder_ = origin_ + std::string(base_.path().substr(0, base_.path().rfind('/') + 1));
}

bool LinkResolver::is_known_origin(std::string_view origin) {
    if (origin == origin_ || origin == other_origin_)
        return true;
    const auto url = Url::parse(std::string(origin) + "/");
    if (!url || url->origin() != origin)
        return false;
    other_origin_ = origin;
    return true;
}

std::optional<std::string> LinkResolver::resolve_plain(std::string_view link) {
    std::string_view folder = folder_;
    std::size_t root = origin_.size() + 1; // "https://host/"
    if (const auto scheme = link.find("://"); scheme != std::string_view::npos) {
        root = link.find('/', scheme + 3) + 1;
        if (root == 0 || !is_known_origin(link.substr(0, root - 1)))
            return std::nullopt;
        folder = link.substr(0, root);
        link.remove_prefix(root);
    } else if (link.starts_with('/')) {
        folder = folder.substr(0, root);
        link.remove_prefix(1);
    }
    while (link.starts_with("../") && folder.size() > root) {
        link.remove_prefix(3);
        folder.remove_suffix(1);
        folder = folder.substr(0, folder.rfind('/') + 1);
    }
    if (!is_plain_path(link))
        return std::nullopt;
    std::string out;
    out.reserve(folder.size() + link.size());
    out += folder;
    out += link;
    return out;
}

Result<std::string> LinkResolver::resolve(std::string_view link) {
    link = ascii::trimmed(link); // browsers and pip strip it, so generators get away with it
    link = link.substr(0, link.find('#'));
    if (has_disguised_separator(link.substr(0, link.find('?'))))
        return fail(Errc::invalid, "its link hides a dot segment, a slash or a backslash behind a percent sign");
    auto out = resolve_plain(link);
    if (!out) {
        auto url = base_.resolve(link);
        if (!url)
            return std::unexpected(std::move(url.error()));
        out = url->str();
    }
    return std::move(*out);
}

PageBuilder::PageBuilder(Url base, std::string_view normalized_project) : links_(std::move(base)) {
    out_.page.name = normalized_project;
}

void PageBuilder::drop(std::string filename, std::string reason) {
    filename.resize(std::min<std::size_t>(filename.size(), 255));
    out_.dropped.push_back({one_line(filename), std::move(reason)});
}

Result<void> PageBuilder::judge(ProjectFile& file) {
    auto url = links_.resolve(file.url);
    if (!url)
        return std::unexpected(std::move(url.error()));
    if (file.filename.empty()) {
        auto name = percent_decoded(leaf(*url));
        if (!name)
            return fail(Errc::invalid, "its link holds a broken percent escape");
        file.filename = std::move(*name);
    }
    file.url = std::move(*url);
    if (!is_safe_filename(file.filename))
        return fail(Errc::invalid, "its name is no safe file name");
    // "<file>.metadata" is where PEP 658 puts a wheel's metadata; a file of that name would stand in its place.
    if (ascii::ends_with(file.filename, ".metadata"))
        return fail(Errc::invalid, "names that end in .metadata belong to core metadata (PEP 658)");
    if (auto name = out_.page.name.empty() ? std::nullopt : wheel_of_another(file.filename, out_.page.name)) {
        ++foreign_;
        foreign_name_ = std::move(*name);
        return fail(Errc::invalid, "it is a wheel of project " + foreign_name_);
    }
    if (!seen_.insert(file.url + ' ' + file.filename).second)
        return fail(Errc::invalid, "the page lists it twice");
    return {};
}

void PageBuilder::add(ProjectFile file) {
    if (auto good = judge(file); !good) {
        drop(file.filename.empty() ? std::move(file.url) : std::move(file.filename), std::move(good.error().message));
        return;
    }
    out_.page.files.push_back(std::move(file));
}

Result<ParsedPage> PageBuilder::finish() {
    if (out_.page.files.empty() && foreign_ > 0)
        return fail(Errc::protocol, "the page asked for as project " + out_.page.name + " lists wheels of project " +
                                        foreign_name_ + "; the upstream's URL or its redirect is wrong");
    return std::move(out_);
}

bool add_hash(ProjectFile& file, std::string_view algorithm, std::string_view hex) {
    // hashlib's names; the longest digest there is 64 bytes.
    static constexpr std::array<std::string_view, 10> known{"sha256", "md5",     "sha1",    "sha224",   "sha384",
                                                            "sha512", "blake2b", "blake2s", "sha3_256", "sha3_512"};
    if (algorithm == "sha256" && !ascii::is_hex(hex, 64))
        return false;
    const bool sane = hex.size() >= 32 && hex.size() <= 128 && hex.size() % 2 == 0 && ascii::is_hex(hex, hex.size());
    const bool first = std::ranges::none_of(file.hashes, [&](const auto& hash) { return hash.first == algorithm; });
    if (sane && first && std::ranges::find(known, algorithm) != known.end())
        file.hashes.emplace_back(algorithm, ascii::lowered(hex));
    return true;
}

bool is_upload_time(std::string_view text) {
    static constexpr std::string_view shape = "0000-00-00T00:00:00";
    if (text.size() <= shape.size() || text.size() > 40)
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == '0' ? !ascii::is_digit(text[i]) : text[i] != shape[i])
            return false;
    text.remove_prefix(shape.size());
    if (text.front() == '.') {
        text.remove_prefix(1);
        const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, ascii::is_digit) - text.begin());
        if (digits == 0 || digits > 9)
            return false;
        text.remove_prefix(digits);
    }
    if (text == "Z")
        return true;
    return text.size() == 6 && (text[0] == '+' || text[0] == '-') && ascii::all_digits(text.substr(1, 2)) &&
           text[3] == ':' && ascii::all_digits(text.substr(4));
}

bool is_provenance_url(std::string_view text) {
    return text.starts_with("https://") && text.size() <= 4096 && Url::parse(text).has_value();
}

} // namespace yizhan
