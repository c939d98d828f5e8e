#include "cache/log_record.hpp"

#include "config/url.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <concepts>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

constexpr std::size_t checksum_digits = 8;
constexpr std::size_t max_fields = 9; // verb and eight fields: the longest line, "page"

std::uint32_t checksum(std::string_view text) {
    return static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const unsigned char*>(text.data()), static_cast<unsigned>(text.size())));
}

bool plain(char c) {
    return c > 0x20 && c < 0x7f && c != '%';
}

/// "-" stands for the empty string, so that fields never vanish between two spaces.
std::string field(std::string_view text) {
    if (text.empty())
        return "-";
    if (text == "-")
        return "%2D";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (plain(c))
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string line(const std::string& rest) {
    return fmt::format("{:08x} {}\n", checksum(rest), rest);
}

/// Takes fields from the left; `ok` turns false at the first that does not fit.
class Fields {
  public:
    explicit Fields(std::vector<std::string_view> fields) : fields_(std::move(fields)) {}

    std::string_view raw() {
        if (next_ == fields_.size()) {
            ok_ = false;
            return {};
        }
        return fields_[next_++];
    }

    std::string text() {
        const auto encoded = raw();
        if (encoded == "-")
            return {};
        auto out = percent_decoded(encoded);
        ok_ = ok_ && out;
        return out.value_or(std::string());
    }

    template <std::integral T>
    T number(int base = 10) {
        const auto text = raw();
        T out{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
        ok_ = ok_ && error == std::errc{} && end == text.data() + text.size() && !text.empty();
        return out;
    }

    Sha256 digest() {
        const auto out = Sha256::from_hex(raw());
        ok_ = ok_ && out;
        return out.value_or(Sha256{});
    }

    Grade grade() {
        const auto number = this->number<std::uint8_t>();
        ok_ = ok_ && number >= std::to_underlying(Grade::seen) && number <= std::to_underlying(Grade::root);
        return static_cast<Grade>(number);
    }

    bool done() const { return ok_ && next_ == fields_.size(); }

  private:
    std::vector<std::string_view> fields_;
    std::size_t next_ = 0;
    bool ok_ = true;
};

/// The fields of a line whose checksum is right.
std::optional<Fields> checked(std::string_view text) {
    std::uint32_t expected = 0;
    if (text.size() <= checksum_digits || text.size() > max_log_line || text[checksum_digits] != ' ')
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + checksum_digits, expected, 16);
    auto rest = text.substr(checksum_digits + 1);
    if (error != std::errc{} || end != text.data() + checksum_digits || checksum(rest) != expected)
        return std::nullopt;
    std::vector<std::string_view> fields;
    for (;;) {
        const auto space = rest.find(' ');
        if (fields.size() == max_fields)
            return std::nullopt;
        fields.push_back(rest.substr(0, space));
        if (space == std::string_view::npos)
            return Fields(std::move(fields));
        rest.remove_prefix(space + 1);
    }
}

std::string body(const BlobRecord& record) {
    return fmt::format("blob {} {}", record.digest.hex(), record.size);
}

std::string body(const ObjectRecord& record) {
    return fmt::format("object {} {} {} {} {}", record.digest.hex(), record.size, std::to_underlying(record.grade),
                       field(record.path), field(record.source));
}

std::string body(const PageRecord& record) {
    const auto& document = record.document;
    return fmt::format("page {} {} {} {} {} {} {} {}", document.digest.hex(), record.size, document.checked_at,
                       field(record.key), field(document.url), field(document.content_type), field(document.etag),
                       field(document.last_modified));
}

std::string body(const EraseRecord& record) {
    return "erase " + record.digest.hex();
}

std::string body(const DropRecord& record) {
    return "drop " + record.digest.hex();
}

ObjectRecord read_object(Fields& in) {
    ObjectRecord out;
    out.digest = in.digest();
    out.size = in.number<std::uint64_t>();
    out.grade = in.grade();
    out.path = in.text();
    out.source = in.text();
    return out;
}

PageRecord read_page(Fields& in) {
    PageRecord out;
    out.document.digest = in.digest();
    out.size = in.number<std::uint64_t>();
    out.document.checked_at = in.number<std::int64_t>();
    out.key = in.text();
    out.document.url = in.text();
    out.document.content_type = in.text();
    out.document.etag = in.text();
    out.document.last_modified = in.text();
    return out;
}

} // namespace

std::string encode_line(const Record& record) {
    return line(std::visit([](const auto& one) { return body(one); }, record));
}

std::string encode_line(const LogHeader& header) {
    return line(fmt::format("log {} {:016x}", header.format, header.generation));
}

std::optional<Record> decode_record(std::string_view text) {
    auto in = checked(text);
    if (!in)
        return std::nullopt;
    const auto verb = in->raw();
    std::optional<Record> out;
    if (verb == "blob") {
        const auto digest = in->digest();
        out = BlobRecord{digest, in->number<std::uint64_t>()};
    } else if (verb == "object") {
        out = read_object(*in);
    } else if (verb == "page") {
        out = read_page(*in);
    } else if (verb == "erase") {
        out = EraseRecord{in->digest()};
    } else if (verb == "drop") {
        out = DropRecord{in->digest()};
    }
    return in->done() ? std::move(out) : std::nullopt;
}

std::optional<LogHeader> decode_header(std::string_view text) {
    auto in = checked(text);
    if (!in || in->raw() != "log")
        return std::nullopt;
    LogHeader out;
    out.format = in->number<std::uint32_t>();
    // A newer format may say more after its number: enough is read to refuse it by name.
    if (out.format != LogHeader{}.format)
        return out;
    out.generation = in->number<std::uint64_t>(16);
    return in->done() ? std::optional(out) : std::nullopt;
}

} // namespace yizhan
