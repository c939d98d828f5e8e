// pip.conf and pip.ini: sections of keys, as Python's configparser reads them. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One word of one key's value: lists such as extra-index-url stand on one line or on several indented ones.
struct IniWord {
    std::string section; ///< "global", "install"
    std::string key;     ///< lower case, '_' as '-': pip takes both
    std::string text;
    std::size_t offset = 0; ///< bytes before it in the file
};

/// All words of all values, in their order; a key without a value has none. Lines that are neither a section, a key nor
/// the rest of a value are passed over. At most 100,000 words.
std::vector<IniWord> read_ini(std::string_view text);

} // namespace yizhan
