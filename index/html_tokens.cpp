#include "index/html_tokens.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

// Elements whose content is text up to their end tag: HTML5 13.2.6.4 without scripting, RCDATA included.
constexpr std::array<std::string_view, 9> raw_elements{"script", "style",   "title",    "textarea", "xmp",
                                                       "iframe", "noembed", "noframes", "plaintext"};

bool ends_name(char c) {
    return ascii::is_space(c) || c == '/' || c == '>';
}

} // namespace

const HtmlAttribute* HtmlToken::attribute(std::string_view lower_case_name) const {
    const auto found = std::ranges::find_if(
        attributes, [&](const HtmlAttribute& attribute) { return ascii::is(attribute.name, lower_case_name); });
    return found == attributes.end() ? nullptr : &*found;
}

const HtmlToken* HtmlTokenizer::next() {
    if (!raw_element_.empty() && read_raw_text())
        return &token_;
    while (at_ < page_.size()) {
        const auto open = std::min(page_.find('<', at_), page_.size());
        // A '<' that starts no markup ("a < b") is text; it is handed over with what follows it.
        if (open > at_) {
            give_text(open);
            return &token_;
        }
        if (read_markup())
            return &token_;
    }
    return nullptr;
}

// At a '<'. True: token_ holds something; false: the page ended inside.
bool HtmlTokenizer::read_markup() {
    const char c = at_ + 1 < page_.size() ? page_[at_ + 1] : ' ';
    if (ascii::is_letter(c))
        return read_start_tag();
    if (c == '/')
        return read_end_tag();
    if (c == '!')
        return page_.substr(at_).starts_with("<!--") ? read_comment() : read_declaration(2);
    if (c == '?')
        return read_declaration(1);
    return give_text(std::min(page_.find('<', at_ + 1), page_.size()));
}

bool HtmlTokenizer::read_comment() {
    const auto start = at_ + 4;
    begin_token(HtmlToken::Kind::comment);
    // "<!-->" and "<!--->" are empty comments (HTML5: abrupt closing).
    for (const std::string_view abrupt : {">", "->"})
        if (page_.substr(start).starts_with(abrupt)) {
            at_ = start + abrupt.size();
            return true;
        }
    // "--!>" closes a comment too. One walk from "--" to "--", not a search for each ending: a page of a million
    // comments that end one way would be searched to its end a million times for the other.
    auto end = page_.find("--", start);
    std::size_t closing = 0;
    for (; end != std::string_view::npos; end = page_.find("--", end + 1)) {
        const auto after = page_.substr(end + 2);
        closing = after.starts_with('>') ? 3 : after.starts_with("!>") ? 4 : 0;
        if (closing != 0)
            break;
    }
    if (end == std::string_view::npos)
        return finish_short();
    token_.text = page_.substr(start, end - start);
    at_ = end + closing;
    return true;
}

bool HtmlTokenizer::read_declaration(std::size_t skip) {
    const auto end = page_.find('>', at_);
    if (end == std::string_view::npos)
        return finish_short();
    const auto start = std::min(at_ + skip, end);
    begin_token(HtmlToken::Kind::declaration);
    token_.text = page_.substr(start, end - start);
    at_ = end + 1;
    return true;
}

bool HtmlTokenizer::read_end_tag() {
    if (at_ + 2 >= page_.size() || !ascii::is_letter(page_[at_ + 2]))
        return read_declaration(2); // "</ x>", "</>": a bogus comment
    if (!read_start_tag())
        return false;
    token_.kind = HtmlToken::Kind::end_tag;
    raw_element_ = {};
    return true;
}

bool HtmlTokenizer::read_start_tag() {
    begin_token(HtmlToken::Kind::start_tag);
    auto begin = at_ + 1;
    if (page_[begin] == '/')
        ++begin;
    at_ = begin;
    while (at_ < page_.size() && !ends_name(page_[at_]))
        ++at_;
    token_.name = page_.substr(begin, at_ - begin);
    while (read_attribute()) {
    }
    if (at_ >= page_.size())
        return finish_short();
    ++at_; // '>'
    for (const auto name : raw_elements)
        if (ascii::is(token_.name, name))
            raw_element_ = name;
    return true;
}

// False at the '>' that closes the tag, or at the end of the page.
bool HtmlTokenizer::read_attribute() {
    while (at_ < page_.size() && (ascii::is_space(page_[at_]) || page_[at_] == '/'))
        ++at_;
    if (at_ >= page_.size() || page_[at_] == '>')
        return false;
    const auto begin = at_++; // a leading '=' belongs to the name
    while (at_ < page_.size() && !ends_name(page_[at_]) && page_[at_] != '=')
        ++at_;
    HtmlAttribute attribute{page_.substr(begin, at_ - begin), std::nullopt};
    skip_space();
    if (at_ < page_.size() && page_[at_] == '=') {
        ++at_;
        attribute.value = read_value();
    }
    if (attribute.name.size() > limits_.value_bytes ||
        (attribute.value && attribute.value->size() > limits_.value_bytes) ||
        token_.attributes.size() >= limits_.attributes)
        token_.overfull = true;
    else
        token_.attributes.push_back(attribute);
    return true;
}

std::optional<std::string_view> HtmlTokenizer::read_value() {
    skip_space();
    if (at_ >= page_.size())
        return std::nullopt;
    const char quote = page_[at_];
    if (quote == '"' || quote == '\'') {
        const auto begin = ++at_;
        const auto end = page_.find(quote, begin);
        at_ = end == std::string_view::npos ? page_.size() : end + 1;
        return page_.substr(begin, std::min(end, page_.size()) - begin);
    }
    const auto begin = at_;
    while (at_ < page_.size() && !ascii::is_space(page_[at_]) && page_[at_] != '>')
        ++at_;
    return page_.substr(begin, at_ - begin);
}

// The content of a raw-text element: one text token, none where it is empty. The end tag stays for next().
bool HtmlTokenizer::read_raw_text() {
    const auto element = raw_element_;
    raw_element_ = {};
    auto end = at_;
    while (true) {
        end = page_.find("</", end);
        if (end == std::string_view::npos)
            break;
        const auto after = end + 2 + element.size();
        if (element != "plaintext" && after < page_.size() && ends_name(page_[after]) &&
            ascii::starts_with(page_.substr(end + 2), element))
            break;
        end += 2;
    }
    if (end == std::string_view::npos) {
        cut_short_ = true;
        end = page_.size();
    }
    return end > at_ && give_text(end);
}

bool HtmlTokenizer::finish_short() {
    cut_short_ = true;
    at_ = page_.size();
    return false;
}

bool HtmlTokenizer::give_text(std::size_t end) {
    begin_token(HtmlToken::Kind::text);
    token_.text = page_.substr(at_, end - at_);
    at_ = end;
    return true;
}

void HtmlTokenizer::begin_token(HtmlToken::Kind kind) {
    token_.kind = kind;
    token_.name = {};
    token_.text = {};
    token_.attributes.clear();
    token_.overfull = false;
}

void HtmlTokenizer::skip_space() {
    while (at_ < page_.size() && ascii::is_space(page_[at_]))
        ++at_;
}

} // namespace yizhan
