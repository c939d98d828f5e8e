// HTML cut into tags and text, as far as index pages need it: tags, attributes, comments, raw-text elements
// (HTML5 13.2.5). No tree, no allocation per token, linear in the size of the page whatever it holds.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace yizhan {

/// One attribute as written; the value still holds its character references.
struct HtmlAttribute {
    std::string_view name;                 ///< as written; compare without regard to case
    std::optional<std::string_view> value; ///< nullopt: there is no '='
    bool operator==(const HtmlAttribute&) const = default;
};

/// One piece of a page; views point into the page.
struct HtmlToken {
    enum class Kind { start_tag, end_tag, text, comment, declaration };
    Kind kind = Kind::text;
    std::string_view name;                 ///< of a tag, as written
    std::string_view text;                 ///< of text (raw), of a comment, of a declaration ("DOCTYPE html")
    std::vector<HtmlAttribute> attributes; ///< of a start tag; of equally named ones the first counts, all are here
    bool overfull = false; ///< the tag has more attributes or longer values than the limits allow; they are cut off

    /// The first attribute of this name; null where there is none.
    const HtmlAttribute* attribute(std::string_view lower_case_name) const;
};

/// Reads one page from front to back. Never throws but for lack of memory.
class HtmlTokenizer {
  public:
    /// Bounds for one tag. Index generators write up to 10 attributes; the longest real values are yank reasons.
    struct Limits {
        std::size_t attributes = 64;
        std::size_t value_bytes = 16UL * 1024;
    };

    explicit HtmlTokenizer(std::string_view page) : HtmlTokenizer(page, Limits()) {}
    HtmlTokenizer(std::string_view page, Limits limits) : page_(page), limits_(limits) {}

    /// The next token, or null at the end; it is overwritten by the next call.
    const HtmlToken* next();

    /// After the end: the page stopped inside a tag, a comment or a raw-text element, so something is missing.
    bool cut_short() const { return cut_short_; }

  private:
    bool read_markup();
    bool read_comment();
    bool read_declaration(std::size_t skip);
    bool read_end_tag();
    bool read_start_tag();
    bool read_attribute();
    std::optional<std::string_view> read_value();
    bool read_raw_text();
    bool finish_short();
    bool give_text(std::size_t end);
    void begin_token(HtmlToken::Kind kind);
    void skip_space();

    std::string_view page_;
    Limits limits_;
    std::size_t at_ = 0;
    HtmlToken token_;
    std::string_view raw_element_; ///< the element whose content is text only, until its end tag
    bool cut_short_ = false;
};

} // namespace yizhan
