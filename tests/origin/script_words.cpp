#include "tests/origin/script_words.hpp"

#include <charconv>
#include <stdexcept>

namespace yizhan::origin {

namespace {

[[noreturn]] void wrong(std::string_view what, std::string_view text) {
    throw std::runtime_error(std::string(what) + ", not \"" + std::string(text) + "\"");
}

std::uint64_t parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        wrong("expected a number", text);
    }
    return value;
}

/// What follows a backslash; `rest` starts behind it and is moved on.
char unescape(std::string_view& rest) {
    if (rest.empty()) {
        throw std::runtime_error("a backslash at the end of the line");
    }
    const char c = rest.front();
    rest.remove_prefix(1);
    switch (c) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'x': {
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(rest.data(), rest.data() + std::min<std::size_t>(rest.size(), 2), value, 16);
        if (end != rest.data() + 2) {
            wrong("expected two hexadecimal digits after \\x", rest);
        }
        rest.remove_prefix(2);
        return static_cast<char>(value);
    }
    default:
        return c;
    }
}

} // namespace

std::optional<Statement> Statement::parse(std::string_view line) {
    Statement statement;
    bool quoted = false, in_word = false;
    while (!line.empty()) {
        const char c = line.front();
        line.remove_prefix(1);
        if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
            in_word = false;
            continue;
        }
        if (!quoted && !in_word && c == '#') {
            break;
        }
        if (!in_word) {
            statement.words_.emplace_back();
            in_word = true;
        }
        Word& word = statement.words_.back();
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\\' && quoted) {
            word.text += unescape(line);
        } else {
            if (c == '=' && !quoted && word.equals == std::string::npos) {
                word.equals = word.text.size();
            }
            word.text += c;
        }
    }
    if (quoted) {
        throw std::runtime_error("a quotation mark is not closed");
    }
    return statement.words_.empty() ? std::nullopt : std::optional(std::move(statement));
}

const std::string& Statement::word(std::size_t n, const char* what) const {
    if (n >= words_.size()) {
        throw std::runtime_error(std::string("expected ") + what + " at the end of the line");
    }
    return words_[n].text;
}

std::vector<Statement::Option> Statement::options(std::size_t positional) const {
    std::vector<Option> out;
    for (std::size_t i = positional; i < words_.size(); ++i) {
        const auto& [text, equals] = words_[i];
        if (equals == std::string::npos) {
            out.push_back({text, {}, true});
        } else {
            out.push_back({text.substr(0, equals), text.substr(equals + 1), false});
        }
    }
    return out;
}

std::uint64_t parse_size(std::string_view text) {
    unsigned shift = 0;
    if (text.ends_with('K')) {
        shift = 10;
    } else if (text.ends_with('M')) {
        shift = 20;
    } else if (text.ends_with('G')) {
        shift = 30;
    }
    return parse_number(shift == 0 ? text : text.substr(0, text.size() - 1)) << shift;
}

Offset parse_offset(std::string_view text) {
    if (text.ends_with('%')) {
        return Offset::percent(static_cast<unsigned>(parse_number(text.substr(0, text.size() - 1))));
    }
    if (text.starts_with('-')) {
        return {-static_cast<std::int64_t>(parse_size(text.substr(1)))};
    }
    return {static_cast<std::int64_t>(parse_size(text))};
}

std::chrono::milliseconds parse_time(std::string_view text) {
    if (text.ends_with("ms")) {
        return std::chrono::milliseconds(parse_number(text.substr(0, text.size() - 2)));
    }
    if (text.ends_with('s')) {
        return std::chrono::seconds(parse_number(text.substr(0, text.size() - 1)));
    }
    wrong("expected a time such as 30ms or 2s", text);
}

std::pair<std::string_view, std::string_view> split_at(std::string_view text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) {
        wrong(std::string("expected two parts around '") + separator + "'", text);
    }
    return {text.substr(0, at), text.substr(at + 1)};
}

std::pair<std::string, std::string> parse_field(std::string_view text) {
    auto [name, value] = split_at(text, ':');
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
    return {std::string(name), std::string(value)};
}

} // namespace yizhan::origin
