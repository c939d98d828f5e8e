#include "proxy/relay/judge.hpp"

#include "proxy/http/field_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace yizhan {
namespace {

constexpr std::string_view does_not_have_it = " (does not have it)";

std::unexpected<Rejection> reject(Symptom symptom, std::string words) {
    return std::unexpected(Rejection{symptom, std::move(words)});
}

// RFC 9110 10.2.3 in its seconds form; a date is rare, and its clock is the mirror's.
std::optional<std::chrono::seconds> retry_after(const Head& head) {
    const auto text = head.field("retry-after");
    unsigned seconds = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return std::chrono::seconds(seconds);
}

bool is_html(const Head& head) {
    return head.field("content-type").starts_with("text/html");
}

// What an archive of this name starts with; empty where the name promises nothing.
std::string_view magic_of(std::string_view filename) {
    struct Row {
        std::string_view ending, magic;
    };
    static constexpr Row rows[] = {
        {".whl", "PK"},      {".zip", "PK"},       {".egg", "PK"},  {".conda", "PK"},
        {".gz", "\x1f\x8b"}, {".tgz", "\x1f\x8b"}, {".bz2", "BZh"}, {".zst", "\x28\xb5\x2f\xfd"},
    };
    const auto row = std::ranges::find_if(rows, [&](const Row& r) { return filename.ends_with(r.ending); });
    return row == std::end(rows) ? std::string_view{} : row->magic;
}

bool takes_number(std::string_view& text, std::uint64_t& value) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool takes(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

constexpr std::string_view html_instead = "with an HTML page instead of the file (a block or challenge page)";

bool is_page_instead(const Head& head, const Expectation& expected) {
    return is_html(head) && !magic_of(expected.filename).empty();
}

struct ContentRange {
    std::uint64_t first = 0, last = 0, total = 0;
};

std::optional<ContentRange> content_range(std::string_view text) {
    ContentRange out;
    if (takes(text, "bytes ") && takes_number(text, out.first) && takes(text, "-") && takes_number(text, out.last) &&
        takes(text, "/") && takes_number(text, out.total) && text.empty() && out.first <= out.last &&
        out.last < out.total)
        return out;
    return std::nullopt;
}

// The size that a 416 tells (RFC 9110 14.4).
std::optional<std::uint64_t> unsatisfied_size(std::string_view text) {
    std::uint64_t size = 0;
    return takes(text, "bytes */") && takes_number(text, size) && text.empty() ? std::optional(size) : std::nullopt;
}

std::expected<Acceptance, Rejection> judge_partial(const Head& head, const Expectation& expected) {
    if (is_page_instead(head, expected))
        return reject(Symptom::foreign_page, fmt::format("206 {}", html_instead));
    const auto text = head.field("content-range");
    const auto range = content_range(text);
    if (!range)
        return reject(Symptom::protocol, fmt::format("206 with an unusable Content-Range \"{}\"", printable(text, 80)));
    if (expected.size && range->total != *expected.size)
        return reject(Symptom::wrong_size,
                      fmt::format("says that the object has {} bytes, not {}", range->total, *expected.size));
    const auto end = std::min(expected.end.value_or(range->total), range->total);
    if (range->first != expected.offset || range->last + 1 != end)
        return reject(Symptom::protocol, fmt::format("206 with bytes {}-{}/{} where {}-{} was asked for", range->first,
                                                     range->last, range->total, expected.offset, end - 1));
    return Acceptance{.skip = 0, .total = range->total};
}

std::expected<Acceptance, Rejection> judge_whole(const Head& head, const Expectation& expected) {
    if (is_page_instead(head, expected))
        return reject(Symptom::foreign_page, fmt::format("200 {}", html_instead));
    const auto length = head.content_length();
    if (length == 0 && expected.size.value_or(1) != 0)
        return reject(Symptom::protocol, "200 with an empty body");
    if (length && expected.size && *length != *expected.size)
        return reject(Symptom::wrong_size,
                      fmt::format("200 with a Content-Length of {} where {} is right", *length, *expected.size));
    if (length && *length < expected.offset)
        return reject(Symptom::wrong_size, fmt::format("200 with {} bytes, fewer than the {} that are here already",
                                                       *length, expected.offset));
    return Acceptance{.skip = expected.offset, .total = length};
}

std::string words_of(Symptom symptom, unsigned status) {
    switch (symptom) {
    case Symptom::lacks:
        return fmt::format("{}{}", status, does_not_have_it);
    case Symptom::forbidden:
    case Symptom::too_many:
        return fmt::format("{} (does not want to serve us)", status);
    case Symptom::block_page:
        return fmt::format("{} with a page (blocks us)", status);
    default:
        return fmt::format("status {}", status);
    }
}

} // namespace

bool says_absent(std::string_view words) {
    return words.ends_with(does_not_have_it);
}

Rejection rejection_of(const Error& error) {
    switch (error.code) {
    case Errc::timeout:
        return {Symptom::silence, error.message};
    case Errc::interrupted:
        return {Symptom::reset, error.message};
    case Errc::not_found:
        return {Symptom::lacks, error.message};
    case Errc::unavailable:
        return {Symptom::unreachable, error.message};
    default:
        return {Symptom::protocol, error.message};
    }
}

std::expected<Acceptance, Rejection> judge_head(const Head& head, const Expectation& expected) {
    const auto status = head.status;
    if (const auto told = status == 416 ? unsatisfied_size(head.field("content-range")) : std::nullopt;
        told && expected.size && *told != *expected.size) // what stands there is something else, and shorter
        return reject(Symptom::wrong_size,
                      fmt::format("416: says that the object has {} bytes, not {}", *told, *expected.size));
    if (const auto symptom = symptom_of_status(status, is_html(head)))
        return std::unexpected(Rejection{*symptom, words_of(*symptom, status), retry_after(head)});
    if (status != 200 && !(status == 206 && (expected.offset > 0 || expected.end)))
        return reject(Symptom::protocol, fmt::format("status {}", status));
    if (const auto encoding = head.field("content-encoding"); !encoding.empty() && encoding != "identity")
        return reject(Symptom::protocol,
                      fmt::format("a body in Content-Encoding {}, which was not asked for", printable(encoding, 40)));
    return status == 206 ? judge_partial(head, expected) : judge_whole(head, expected);
}

bool promises_zip(std::string_view filename) {
    return magic_of(filename) == "PK";
}

std::optional<Rejection> judge_first_bytes(std::span<const std::byte> bytes, std::string_view filename) {
    const auto magic = magic_of(filename);
    const auto seen = std::min(magic.size(), bytes.size());
    const bool fits = std::equal(magic.begin(), magic.begin() + static_cast<std::ptrdiff_t>(seen), bytes.begin(),
                                 [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
    if (fits)
        return std::nullopt;
    if (bytes[0] == std::byte{'<'})
        return Rejection{Symptom::foreign_page, fmt::format("200 {}", html_instead)};
    return std::nullopt; // odd, but the digest decides: old indexes hold misnamed archives
}

} // namespace yizhan
