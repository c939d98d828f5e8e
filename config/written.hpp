// A setting as somebody wrote it, before the schema gives it a type; the same for file, environment and flags.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace yizhan {

struct Assignment;

/// A value and where it stands.
struct Written {
    enum class Form {
        text,    ///< from the environment or a flag, where everything is text
        boolean, ///< the rest is TOML's; `text` is the value's spelling
        integer,
        fraction, ///< a floating-point number
        string,
        list,   ///< of strings, in `items`
        tables, ///< an array of tables, in `tables`
        other, ///< what no setting takes; `text` names it: "a date", "a table"; of a mixed list `items` has the strings
    };
    Form form = Form::text;
    std::string text;
    std::vector<std::string> items;
    std::vector<std::vector<Assignment>> tables;
    std::string where; ///< "file:line:column", "YIZHAN_DATA", "command line"
};

/// One "name = value"; `where` is the name's place.
struct Assignment {
    std::string name; ///< dotted: "relay.stall_timeout"; in a table of an array: the key alone
    Written value;
    std::string where;
};

/// What relative paths and "~" stand for.
struct Place {
    std::filesystem::path base; ///< the configuration file's folder, or the working directory
    std::filesystem::path home; ///< empty: unknown
};

} // namespace yizhan
