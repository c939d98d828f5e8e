// Settings as people write them: sizes, durations, switches and lists. Text to value and back; pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// A value, or a sentence without the final stop that says what is wrong and what was expected.
template <class T>
using Read = std::expected<T, std::string>;

/// true, false, yes, no, on, off, 1, 0; any case.
Read<bool> read_switch(std::string_view text);

/// A whole number in decimal digits.
Read<std::uint64_t> read_number(std::string_view text);

/// Bytes: "200GiB", "1.5TiB", "64 KiB", "10MB" (decimal), "4096". At most 2^63-1, the largest file offset.
Read<std::uint64_t> read_size(std::string_view text);

/// A time span: "1500ms", "4s", "1.5s", "10min", "1h", "7d", "0". A bare number is refused: nobody remembers its unit.
Read<std::chrono::milliseconds> read_duration(std::string_view text);

/// What read_size reads back to the same value, in the largest binary unit that needs no fraction.
std::string show_size(std::uint64_t bytes);

/// What read_duration reads back to the same value, in the largest unit that needs no fraction.
std::string show_duration(std::chrono::milliseconds time);

/// The parts between commas, without the blanks around them; an empty text has none.
std::vector<std::string> split_list(std::string_view text);

/// A TOML basic string with its quotes (TOML 1.0).
std::string toml_quoted(std::string_view text);

/// A TOML array of basic strings on one line.
std::string toml_list(const std::vector<std::string>& items);

} // namespace yizhan
