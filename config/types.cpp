#include "config/types.hpp"

#include "config/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cmath>
#include <netinet/in.h>
#include <optional>

namespace yizhan {
namespace {

using Form = Written::Form;

Read<std::string> scalar_text(const Written& written) {
    if (written.form == Form::text || written.form == Form::string)
        return written.text;
    return std::unexpected("expected a string in quotes");
}

Read<std::vector<std::string>> list_items(const Written& written) {
    if (written.form == Form::text)
        return split_list(written.text);
    if (written.form == Form::list)
        return written.items;
    return std::unexpected("expected a list of strings such as [\"one\", \"two\"]");
}

/// A type whose values lie from `least` to `most`, both included; `limits` says so in words.
template <class T>
Type<T> limited(std::string name, std::string limits, T least, T most, Read<T> (*read)(const Written&),
                std::string (*show)(const T&)) {
    Type<T> out{std::move(name), std::move(limits), {}, show};
    out.read = [least, most, read, words = out.limits](const Written& written, const Place&) -> Read<T> {
        auto value = read(written);
        if (value && (*value < least || *value > most))
            return std::unexpected(fmt::format("out of bounds; expected {}", words));
        return value;
    };
    return out;
}

Read<unsigned> number_of(const Written& written) {
    const bool number = written.form == Form::integer || written.form == Form::text;
    const auto value = read_number(number ? written.text : "");
    if (!value)
        return std::unexpected("expected a whole number without quotes, not below 0");
    return static_cast<unsigned>(std::min<std::uint64_t>(*value, 0xffff'ffff)); // over every limit that a row has
}

/// Sizes and times are text with a unit in TOML; a size may be a plain integer, a time may not.
Read<std::uint64_t> size_of(const Written& written) {
    if (written.form == Form::integer || written.form == Form::string || written.form == Form::text)
        return read_size(written.text);
    return read_size("");
}

Read<std::chrono::milliseconds> time_of(const Written& written) {
    if (written.form == Form::integer || written.form == Form::string || written.form == Form::text)
        return read_duration(written.text);
    return read_duration("");
}

std::string between(const std::string& least, const std::string& most) {
    return fmt::format("{} to {}", least, most);
}

Read<std::filesystem::path> path_of(std::string_view text, const Place& place) {
    if (text.empty())
        return std::unexpected("expected a path; this one is empty");
    if (text.contains('\0'))
        return std::unexpected("holds a NUL byte");
    if (text.starts_with('~')) {
        if (text.size() > 1 && text[1] != '/')
            return std::unexpected("\"~name\" is not known here; write \"~/…\" or the whole path");
        if (place.home.empty())
            return std::unexpected("\"~\" needs HOME, which is not set; write the whole path");
        return text.size() < 3 ? place.home : (place.home / text.substr(2)).lexically_normal();
    }
    return (place.base / text).lexically_normal();
}

/// "127.0.0.1:8080" or "[::1]:8080"; "localhost" becomes 127.0.0.1 so that nobody has to resolve it.
Read<std::string> listen_address(std::string_view written) {
    std::string text(written);
    if (text.starts_with("localhost:"))
        text.replace(0, 9, "127.0.0.1");
    const auto colon = text.rfind(':');
    const std::string wrong = fmt::format(
        "\"{}\" is no address; expected \"127.0.0.1:8080\", \"0.0.0.0:8080\" (every IPv4 address) or \"[::1]:8080\"",
        text);
    if (colon == std::string::npos)
        return std::unexpected(wrong);
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port > 65535)
        return std::unexpected(wrong);
    std::string host = text.substr(0, colon);
    in6_addr address{};
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    if (::inet_pton(bracketed ? AF_INET6 : AF_INET, host.c_str(), &address) != 1)
        return std::unexpected(wrong);
    return text;
}

/// Runs of '-', '_' and '.' become one '-', letters lower case: what PEP 503 does to names, so that patterns meet them.
Read<std::string> name_pattern(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '-' || c == '_' || c == '.') {
            if (out.empty() || out.back() != '-')
                out += '-';
        } else if (letter || c == '*' || c == '?') {
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else {
            return std::unexpected(
                fmt::format("\"{}\" is no name pattern; expected letters, digits, \"-\", and \"*\" or "
                            "\"?\" for any text or character",
                            text));
        }
    }
    if (out.empty())
        return std::unexpected("an empty pattern matches nothing; leave it out");
    return out;
}

Type<std::vector<std::string>> list_of(std::string name, Read<std::string> (*check)(std::string_view),
                                       bool may_be_empty) {
    Type<std::vector<std::string>> out{std::move(name), "", {}, toml_list};
    out.read = [check, may_be_empty](const Written& written, const Place&) -> Read<std::vector<std::string>> {
        auto items = list_items(written);
        if (!items)
            return items;
        if (items->empty() && !may_be_empty)
            return std::unexpected("expected at least one");
        for (auto& item : *items) {
            auto checked = check(item);
            if (!checked)
                return std::unexpected(checked.error());
            item = *checked;
        }
        return items;
    };
    return out;
}

Type<std::string> text_type(std::string name, std::optional<std::string> (*wrong)(std::string_view)) {
    Type<std::string> out{std::move(name), "", {}, [](const std::string& text) { return toml_quoted(text); }};
    out.read = [wrong](const Written& written, const Place&) -> Read<std::string> {
        auto text = scalar_text(written);
        if (text)
            if (const auto complaint = wrong(*text))
                return std::unexpected(*complaint);
        return text;
    };
    return out;
}

std::optional<std::string> wrong_proxy(std::string_view text) {
    constexpr std::string_view expected = "expected http://host:port or http://user:password@host:port";
    if (text.empty())
        return std::nullopt;
    if (!text.starts_with("http://") && !text.starts_with("https://"))
        return std::string(expected);
    const auto rest = text.substr(text.find("://") + 3);
    const auto host = rest.substr(rest.find_last_of('@') + 1); // npos + 1 is 0
    const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
    if (!plain || host.empty() || host.front() == ':' || host.front() == '/')
        return fmt::format("{}; other characters as %XX", expected);
    return std::nullopt;
}

std::optional<std::string> wrong_user_agent(std::string_view text) {
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.size() > 200 ||
        !std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }))
        return "expected 1 to 200 visible ASCII characters, without blanks at the ends";
    return std::nullopt;
}

} // namespace

Type<bool> a_switch() {
    Type<bool> out{"true or false", "", {}, [](bool on) { return std::string(on ? "true" : "false"); }};
    out.read = [](const Written& written, const Place&) -> Read<bool> {
        if (written.form == Form::boolean || written.form == Form::text)
            return read_switch(written.text);
        return std::unexpected("expected true or false, without quotes");
    };
    return out;
}

Type<unsigned> a_number(unsigned least, unsigned most) {
    return limited<unsigned>("number", between(std::to_string(least), std::to_string(most)), least, most, number_of,
                             [](const unsigned& number) { return std::to_string(number); });
}

Type<double> a_fraction(double least, double most) {
    const auto read = [](const Written& written) -> Read<double> {
        if (written.form != Form::fraction && written.form != Form::integer && written.form != Form::text)
            return std::unexpected("expected a number such as 0.5, without quotes");
        double value = 0;
        const auto* end = written.text.data() + written.text.size();
        const auto [stop, error] = std::from_chars(written.text.data(), end, value);
        if (error != std::errc{} || stop != end || !std::isfinite(value))
            return std::unexpected("expected a number such as 0.5");
        return value;
    };
    return limited<double>("number", between(fmt::format("{}", least), fmt::format("{}", most)), least, most, read,
                           [](const double& value) { return fmt::format("{}", value); });
}

Type<std::uint64_t> a_size(std::uint64_t least, std::uint64_t most) {
    return limited<std::uint64_t>("size", between(show_size(least), show_size(most)), least, most, size_of,
                                  [](const std::uint64_t& bytes) { return toml_quoted(show_size(bytes)); });
}

Type<std::uint64_t> a_rate(std::uint64_t least, std::uint64_t most) {
    const auto read = [](const Written& written) -> Read<std::uint64_t> {
        Written size = written;
        if (size.text.ends_with("/s"))
            size.text.resize(size.text.size() - 2);
        return size_of(size);
    };
    return limited<std::uint64_t>("size per second", between(show_size(least) + "/s", show_size(most) + "/s"), least,
                                  most, read,
                                  [](const std::uint64_t& bytes) { return toml_quoted(show_size(bytes) + "/s"); });
}

Type<std::chrono::milliseconds> a_time(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return limited<std::chrono::milliseconds>(
        "time span", between(show_duration(least), show_duration(most)), least, most, time_of,
        [](const std::chrono::milliseconds& time) { return toml_quoted(show_duration(time)); });
}

Type<std::chrono::seconds> whole_seconds(std::chrono::seconds least, std::chrono::seconds most) {
    const auto read = [](const Written& written) -> Read<std::chrono::seconds> {
        const auto time = time_of(written);
        if (!time)
            return std::unexpected(time.error());
        if (*time % std::chrono::seconds(1) != std::chrono::milliseconds(0))
            return std::unexpected("expected whole seconds");
        return std::chrono::duration_cast<std::chrono::seconds>(*time);
    };
    return limited<std::chrono::seconds>(
        "time span", between(show_duration(least), show_duration(most)), least, most, read,
        [](const std::chrono::seconds& time) { return toml_quoted(show_duration(time)); });
}

Type<std::filesystem::path> a_path() {
    Type<std::filesystem::path> out{"path", "", {}, [](const auto& path) { return toml_quoted(path.string()); }};
    out.read = [](const Written& written, const Place& place) -> Read<std::filesystem::path> {
        const auto text = scalar_text(written);
        if (!text)
            return std::unexpected(text.error());
        return path_of(*text, place);
    };
    return out;
}

Type<std::string> a_file() {
    Type<std::string> out{"path", "", {}, [](const std::string& path) { return toml_quoted(path); }};
    out.read = [](const Written& written, const Place& place) -> Read<std::string> {
        const auto text = scalar_text(written);
        if (!text || text->empty())
            return text;
        const auto path = path_of(*text, place);
        if (!path)
            return std::unexpected(path.error());
        return path->string();
    };
    return out;
}

Type<std::string> a_user_agent() {
    return text_type("string", wrong_user_agent);
}

Type<std::string> a_proxy() {
    return text_type("URL", wrong_proxy);
}

Type<std::vector<std::string>> listen_addresses() {
    return list_of("list of address:port", listen_address, false);
}

Type<std::vector<std::string>> name_patterns() {
    return list_of("list of name patterns", name_pattern, true);
}

Read<std::size_t> read_choice(const Written& written, const std::vector<std::string>& words) {
    const auto text = scalar_text(written);
    const auto found = text ? std::ranges::find(words, *text) : words.end();
    if (found != words.end())
        return static_cast<std::size_t>(found - words.begin());
    auto complaint = fmt::format("expected {}", choice_name(words));
    if (const auto near = text ? nearest(*text, words) : std::nullopt)
        complaint += fmt::format("; did you mean \"{}\"?", *near);
    return std::unexpected(complaint);
}

std::string choice_name(const std::vector<std::string>& words) {
    return fmt::format("one of {}", fmt::join(words, ", "));
}

Type<std::string> one_of(const std::vector<std::string>& words) {
    Type<std::string> out{choice_name(words), "", {}, [](const std::string& word) { return toml_quoted(word); }};
    out.read = [words](const Written& written, const Place&) -> Read<std::string> {
        const auto index = read_choice(written, words);
        if (!index)
            return std::unexpected(index.error());
        return words[*index];
    };
    return out;
}

} // namespace yizhan
