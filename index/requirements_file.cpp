#include "index/requirements_file.hpp"

#include "index/ascii.hpp"
#include "index/names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_entries = 100'000;

struct Option {
    std::string_view name;
    std::string_view short_name;
    bool takes_value = true;
};

constexpr std::array<Option, 17> options{{{"--requirement", "-r"},
                                          {"--constraint", "-c"},
                                          {"--index-url", "-i"},
                                          {"--pypi-url", ""}, // the name that --index-url had
                                          {"--extra-index-url", ""},
                                          {"--find-links", "-f"},
                                          {"--editable", "-e"},
                                          {"--trusted-host", ""},
                                          {"--hash", ""},
                                          {"--no-binary", ""},
                                          {"--only-binary", ""},
                                          {"--use-feature", ""},
                                          {"--global-option", ""},
                                          {"--config-settings", "-C"},
                                          {"--no-index", "", false},
                                          {"--pre", "", false},
                                          {"--require-hashes", "", false}}};

struct Word {
    std::string text; ///< quotes and escapes taken off
    std::size_t offset = 0;
};

/// The words of one logical line: a line that ends in a backslash goes on in the next, a '#' at a word's start is a
/// comment to the line's end.
class Words {
  public:
    explicit Words(std::string_view text) : text_(text) {}

    bool at_end() const { return at_ >= text_.size(); }

    std::vector<Word> next_line() {
        std::vector<Word> out;
        while (!at_end() && text_[at_] != '\n') {
            if (continued())
                at_ = text_.find('\n', at_) + 1;
            else if (ascii::is_space(text_[at_]))
                ++at_;
            else if (text_[at_] == '#')
                at_ = std::min(text_.find('\n', at_), text_.size());
            else
                out.push_back(word());
        }
        ++at_;
        return out;
    }

  private:
    bool continued() const {
        return text_[at_] == '\\' &&
               (text_.substr(at_ + 1).starts_with('\n') || text_.substr(at_ + 1).starts_with("\r\n"));
    }

    Word word() {
        Word out{.text = {}, .offset = at_};
        char quote = '\0';
        for (; !at_end() && text_[at_] != '\n' && !continued(); ++at_) {
            const char c = text_[at_];
            if (quote == '\0' && ascii::is_space(c))
                break;
            if (quote == '\0' && (c == '"' || c == '\''))
                quote = c;
            else if (c == quote)
                quote = '\0';
            else
                out.text += c;
        }
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

const Option* find_option(std::string_view word) {
    const auto name = word.substr(0, word.find('='));
    for (const auto& option : options)
        if (name == option.name || (!option.short_name.empty() && word.starts_with(option.short_name)))
            return &option;
    return nullptr;
}

/// What stands in the same word: "--hash=…", "-rbase.txt".
std::string attached_value(const Option& option, std::string_view word) {
    if (!word.starts_with("--"))
        return std::string(word.substr(option.short_name.size()));
    const auto equals = word.find('=');
    return equals == std::string_view::npos ? std::string() : std::string(word.substr(equals + 1));
}

/// Takes the option that begins at words[i], and its value.
RequirementsEntry take_option(const std::vector<Word>& words, std::size_t& i) {
    const auto& word = words[i++];
    const auto* const option = find_option(word.text);
    if (option == nullptr)
        return {.option = word.text, .value = {}, .offset = word.offset};
    RequirementsEntry out{
        .option = std::string(option->name), .value = attached_value(*option, word.text), .offset = word.offset};
    if (option->name == "--pypi-url")
        out.option = "--index-url";
    if (option->takes_value && out.value.empty() && i < words.size())
        out.value = words[i++].text;
    return out;
}

bool is_name_character(char c) {
    return ascii::is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

/// "https://…", "git+ssh://…"; of "torch @ https://…" the scheme does not come first.
bool is_url(std::string_view text) {
    const auto scheme = text.substr(0, text.find("://"));
    return !scheme.empty() && scheme.size() < text.size() &&
           std::ranges::all_of(scheme, [](char c) { return is_name_character(c) || c == '+'; });
}

} // namespace

std::vector<RequirementsEntry> read_requirements(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::vector<RequirementsEntry> out;
    Words lines(text);
    while (!lines.at_end() && out.size() < most_entries) {
        auto words = lines.next_line();
        if (!words.empty() && words.front().offset == 0 && words.front().text.starts_with(byte_order_mark))
            words.front().text.erase(0, byte_order_mark.size());
        std::size_t i = 0;
        RequirementsEntry requirement;
        for (; i < words.size() && !words[i].text.starts_with('-'); ++i) {
            if (requirement.value.empty())
                requirement.offset = words[i].offset;
            requirement.value += (requirement.value.empty() ? "" : " ") + words[i].text;
        }
        if (!requirement.value.empty())
            out.push_back(std::move(requirement));
        while (i < words.size())
            out.push_back(take_option(words, i));
    }
    return out;
}

std::optional<Requirement> parse_requirement(std::string_view text) {
    Requirement out;
    text = ascii::trimmed(text);
    // A URL may hold ';', so a marker behind one stands behind a blank (PEP 508).
    const auto take_marker = [&](std::string_view before) {
        const auto at = text.find(before);
        if (at == std::string_view::npos)
            return;
        out.marker = ascii::trimmed(text.substr(at + before.size()));
        text = ascii::trimmed(text.substr(0, at));
    };
    if (is_url(text)) {
        take_marker(" ;");
        out.url = text;
        return out;
    }
    const auto name_end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_character) - text.begin());
    auto rest = ascii::trimmed(text.substr(name_end));
    if (!is_project_name(text.substr(0, name_end)))
        return std::nullopt;
    out.name = normalized_name(text.substr(0, name_end));
    if (rest.starts_with('[')) { // extras
        const auto end = rest.find(']');
        if (end == std::string_view::npos)
            return std::nullopt;
        rest = ascii::trimmed(rest.substr(end + 1));
    }
    text = rest;
    if (text.starts_with('@')) {
        take_marker(" ;");
        out.url = ascii::trimmed(text.substr(1));
        return out;
    }
    take_marker(";");
    if (text.starts_with('(') && text.ends_with(')'))
        text = ascii::trimmed(text.substr(1, text.size() - 2));
    if (!text.empty() && !std::string_view("=<>!~").contains(text.front()))
        return std::nullopt;
    out.specifiers = text;
    return out;
}

} // namespace yizhan
