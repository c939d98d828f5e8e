// The types that settings can have: how each is read from what somebody wrote, checked, named and shown.
#pragma once

#include "config/values.hpp"
#include "config/written.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

template <class T>
struct Type {
    std::string name;   ///< for people: "time span"
    std::string limits; ///< "10ms to 14s"; empty: none
    std::function<Read<T>(const Written&, const Place&)> read;
    std::function<std::string(const T&)> show; ///< as TOML
};

Type<bool> a_switch();
Type<unsigned> a_number(unsigned least, unsigned most);
Type<double> a_fraction(double least, double most); ///< "0.02"; never infinite, never not a number
Type<std::uint64_t> a_size(std::uint64_t least, std::uint64_t most);
Type<std::uint64_t> a_rate(std::uint64_t least, std::uint64_t most); ///< bytes per second: "1KiB/s"
Type<std::chrono::milliseconds> a_time(std::chrono::milliseconds least, std::chrono::milliseconds most);
Type<std::chrono::seconds> whole_seconds(std::chrono::seconds least, std::chrono::seconds most);

/// A path; "~/" is the home folder, a relative one starts at the configuration file's folder, or at the working
/// directory when it comes from the environment or a flag.
Type<std::filesystem::path> a_path();
Type<std::string> a_file();       ///< the same, or empty for none
Type<std::string> a_user_agent(); ///< visible ASCII and single blanks: it becomes a header field (RFC 9110 5.5)
Type<std::string> a_proxy();      ///< http://[user:password@]host:port, or empty

Type<std::vector<std::string>> listen_addresses(); ///< "127.0.0.1:8080", "[::1]:8080"
Type<std::vector<std::string>> name_patterns();    ///< globs with * and ?, normalised like names (PEP 503)

Type<std::string> one_of(const std::vector<std::string>& words);

/// The reading half of a choice between words: the index of the word that was written.
Read<std::size_t> read_choice(const Written& written, const std::vector<std::string>& words);
std::string choice_name(const std::vector<std::string>& words);

template <class E>
Type<E> a_choice(const std::vector<std::pair<std::string, E>>& values) {
    std::vector<std::string> words;
    words.reserve(values.size());
    for (const auto& [word, value] : values)
        words.push_back(word);
    Type<E> out{choice_name(words), "", {}, {}};
    out.read = [values, words](const Written& written, const Place&) -> Read<E> {
        const auto index = read_choice(written, words);
        if (!index)
            return std::unexpected(index.error());
        return values[*index].second;
    };
    out.show = [values](const E& wanted) {
        for (const auto& [word, value] : values)
            if (value == wanted)
                return toml_quoted(word);
        return toml_quoted("");
    };
    return out;
}

} // namespace yizhan
