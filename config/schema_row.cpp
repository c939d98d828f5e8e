#include "config/schema_row.hpp"

#include "config/url.hpp"

namespace yizhan {

std::string shown(const Written& written) {
    constexpr std::size_t longest = 200;
    std::string out = written.text;
    if (written.form == Written::Form::list)
        out = toml_list(written.items);
    else if (written.form == Written::Form::tables)
        out = "an array of tables";
    else if (written.form == Written::Form::text || written.form == Written::Form::string)
        out = toml_quoted(written.text);
    if (out.contains('@') || out.contains("://"))
        out = redacted(out);
    return out.size() > longest ? out.substr(0, longest) + "..." : out;
}

} // namespace yizhan
