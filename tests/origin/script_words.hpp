// A script's line taken apart: words, named values, and the units in which they are written.
#pragma once

#include "tests/origin/behaviour.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan::origin {

/// One statement: its words in order, then "name=value" and bare options, in order. All errors are std::runtime_error.
class Statement {
  public:
    /// The first `words` of a line are positional, as many as the statement has; nullopt for an empty line.
    static std::optional<Statement> parse(std::string_view line);

    /// The n-th word of the line, 0 being the statement's name; an error names what is missing.
    const std::string& word(std::size_t n, const char* what) const;
    std::size_t words() const { return words_.size(); }

    struct Option {
        std::string name, value;
        bool bare = false; ///< written without '='
    };
    /// Options after the first `positional` words (a bare option is a word too).
    std::vector<Option> options(std::size_t positional) const;

  private:
    struct Word {
        std::string text;
        std::size_t equals = std::string::npos; ///< of the first '=' that was not quoted
    };
    std::vector<Word> words_;
};

std::uint64_t parse_size(std::string_view text);             ///< "300", "64K", "40M", "1G": powers of 1024
Offset parse_offset(std::string_view text);                  ///< a size, "-1", "50%"
std::chrono::milliseconds parse_time(std::string_view text); ///< "30ms", "2s"

/// "a@b" into its halves.
std::pair<std::string_view, std::string_view> split_at(std::string_view text, char separator);

/// "Name: value" into a field.
std::pair<std::string, std::string> parse_field(std::string_view text);

} // namespace yizhan::origin
