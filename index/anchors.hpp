// What a page of the HTML index API (PEP 503) says, still unjudged: its anchors and the few things around them.
#pragma once

#include "index/html_tokens.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One `<a>`; its views live as long as the page.
struct Anchor {
    std::vector<HtmlAttribute> attributes;
    std::string raw_text;  ///< between `<a>` and `</a>`, inner tags left out; cut off after 1 KiB
    bool overfull = false; ///< see HtmlToken

    /// The decoded value of the first attribute of this name: "" for one without a value, nullopt where it is absent.
    std::optional<std::string> attribute(std::string_view lower_case_name) const;
    std::string text() const; ///< decoded, trimmed
};

/// What stands around the anchors.
struct PageFrame {
    std::optional<std::string> base_href;             ///< of the first `<base>`
    bool base_after_anchor = false;                   ///< it came too late to be obeyed
    std::optional<std::string> repository_version;    ///< PEP 629
    std::optional<std::string> project_status;        ///< PEP 792
    std::optional<std::string> project_status_reason; ///< PEP 792
    std::optional<std::uint64_t> serial;              ///< `<!--SERIAL n-->`, what bandersnatch and shadowmire append
    std::string title;                                ///< text of `<title>`, else of the first `<h1>`
    std::size_t anchors = 0;
    bool too_many = false;  ///< reading stopped at `max_anchors`
    bool cut_short = false; ///< the page ends inside a tag, a comment or a raw-text element
};

/// Ten times PyPI's root page of 2026.
inline constexpr std::size_t max_anchors = 8'000'000;

/// Calls `handle` for each anchor in order; the Anchor is overwritten after the call. `frame` holds at each call what
/// stood before the anchor. Linear in the page's size.
PageFrame read_anchors(std::string_view page, const std::function<void(const Anchor&, const PageFrame& frame)>& handle);

} // namespace yizhan
