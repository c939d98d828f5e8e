#include "index/ini_file.hpp"

#include "index/ascii.hpp"

#include <algorithm>

namespace yizhan {
namespace {

constexpr std::size_t most_words = 100'000;

/// Adds the words of a value that stands at `offset` of the file; " #" and " ;" are no comments in values to pip.
void add_words(std::vector<IniWord>& out, const IniWord& of, std::string_view value, std::size_t offset) {
    for (std::size_t at = 0; at < value.size() && out.size() < most_words;) {
        if (ascii::is_space(value[at])) {
            ++at;
            continue;
        }
        const auto end = std::min(value.find_first_of(" \t\r\n\f", at), value.size());
        out.push_back({of.section, of.key, std::string(value.substr(at, end - at)), offset + at});
        at = end;
    }
}

std::string key_of(std::string_view text) {
    auto out = ascii::lowered(ascii::trimmed(text));
    std::ranges::replace(out, '_', '-');
    return out;
}

} // namespace

std::vector<IniWord> read_ini(std::string_view text) {
    std::vector<IniWord> out;
    IniWord of; // the section and key that a value belongs to
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        const auto content = ascii::trimmed(line);
        const auto start = at;
        at = end + 1;
        if (content.empty() || content.front() == '#' || content.front() == ';')
            continue;
        const bool indented = ascii::is_space(line.front());
        if (content.front() == '[' && !indented) {
            of = {.section = std::string(content.substr(1, content.find(']') - 1)), .key = {}, .text = {}};
        } else if (indented && !of.key.empty()) {
            add_words(out, of, line, start);
        } else if (const auto equals = line.find_first_of("=:"); equals != std::string_view::npos) {
            of.key = key_of(line.substr(0, equals));
            add_words(out, of, line.substr(equals + 1), start + equals + 1);
        }
    }
    return out;
}

} // namespace yizhan
