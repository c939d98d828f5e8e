#include "config/gpu_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace yizhan {
namespace {

constexpr std::size_t longest = 100; // the longest name known has 53

// Sorted. "quadro" stays: the Quadro RTX 4000 is another GPU than the RTX 4000 Ada.
constexpr std::array<std::string_view, 33> silent{
    "blackwell", "card",       "corporation", "design",   "developer", "dgxs",       "edition", "embedded", "fhhl",
    "geforce",   "generation", "gpu",         "graphics", "grid",      "kit",        "laptop",  "lhr",      "max",
    "mobile",    "module",     "notebook",    "nvgpu",    "nvidia",    "nvl",        "oem",     "pcie",     "q",
    "server",    "sxm",        "tesla",       "vgpu",     "with",      "workstation"};
static_assert(std::ranges::is_sorted(silent));

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "80gb", "480g", "5gb": the memory.
bool is_memory(std::string_view word) {
    const auto digits = std::ranges::find_if_not(word, is_digit) - word.begin();
    const auto unit = word.substr(static_cast<std::size_t>(digits));
    return digits > 0 && (unit == "gb" || (unit == "g" && digits > 1));
}

/// "16q" of "GRID T4-16Q": how much of the GPU a virtual machine has.
bool is_profile(std::string_view word) {
    return word.size() >= 2 && word.size() <= 3 && std::ranges::all_of(word.substr(0, word.size() - 1), is_digit) &&
           std::string_view("qcab").contains(word.back());
}

bool is_form(std::string_view word) {
    for (const std::string_view family : {"sxm", "hbm", "gddr"})
        if (word.starts_with(family) && word.size() <= family.size() + 2)
            return true;
    return false;
}

bool tells_nothing(std::string_view word) {
    return std::ranges::binary_search(silent, word) || is_memory(word) || is_profile(word) || is_form(word);
}

std::vector<std::string> words(std::string_view name) {
    std::vector<std::string> out;
    bool inside = false;
    for (char c : name) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
        const bool part = is_digit(c) || (c >= 'a' && c <= 'z');
        if (part && !inside)
            out.emplace_back();
        if (part)
            out.back() += c;
        inside = part;
    }
    return out;
}

} // namespace

std::string gpu_key(std::string_view name) {
    std::string out;
    if (name.size() > longest)
        return out;
    for (const auto& word : words(name)) {
        if (word == "mig")
            break;
        if (!tells_nothing(word))
            out += word;
    }
    return out;
}

} // namespace yizhan
