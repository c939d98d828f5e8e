// The characters and lists of RFC 9110 section 5, shared by everything that reads or writes a field. Pure.
#pragma once

#include <string>
#include <string_view>

namespace yizhan {

/// RFC 9110 5.6.2: tchar.
bool is_token_char(char c);

/// One or more tchar.
bool is_token(std::string_view text);

/// RFC 9110 5.5: visible ASCII, space, tab and obs-text (0x80 to 0xff, opaque); no other control character.
bool is_field_value(std::string_view text);

/// As is_field_value, but ASCII only: what we are willing to write ourselves.
bool is_plain_field_value(std::string_view text);

/// Field names compare without regard to ASCII case.
bool same_name(std::string_view a, std::string_view b);

/// Without spaces and tabs at either end.
std::string_view trimmed(std::string_view text);

/// The next element of a comma-separated list, trimmed, taken off `rest`; commas inside a quoted string do not count.
/// Empty elements come out empty. Call while `rest` is not empty.
std::string_view next_list_element(std::string_view& rest);

/// True when the comma-separated list `list` has `token`, without regard to case.
bool list_has(std::string_view list, std::string_view token);

/// The text with every byte outside visible ASCII and space, and quotes and backslashes, written as \xNN; cut to
/// `limit` bytes of input.
std::string printable(std::string_view text, std::string_view::size_type limit);

} // namespace yizhan
