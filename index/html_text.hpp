// Text of foreign pages: character references decoded, bytes that are no text replaced, and escaping on the way out.
#pragma once

#include <string>
#include <string_view>

namespace yizhan {

/// Decodes the character references of an attribute value by the rules of HTML5 13.2.5.72 for attributes: numeric
/// ones with or without ';', and of the named ones those that index generators write (amp, lt, gt, quot, apos, plus,
/// nbsp and the like); others stay as they are. Invalid UTF-8 becomes U+FFFD.
std::string decoded_attribute(std::string_view raw);

/// The same for text between tags, where "&ltx" is "<x".
std::string decoded_text(std::string_view raw);

/// `text` with each malformed UTF-8 sequence replaced by U+FFFD: JSON and HTML that we write must be valid UTF-8.
std::string valid_utf8(std::string_view text);

/// Foreign text made fit for one line of a page, a log or an error: valid UTF-8, control characters turned into
/// spaces, ends trimmed.
std::string one_line(std::string_view text);

/// Appends `text` so that it is safe inside a double-quoted attribute and between tags.
void append_html_escaped(std::string& out, std::string_view text);

} // namespace yizhan
