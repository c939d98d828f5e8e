#include "index/render_link.hpp"

#include "index/ascii.hpp"
#include "index/locate.hpp"

namespace yizhan {

bool append_link(std::string& out, std::string_view climb, const ProjectFile& file) {
    static constexpr char digits[] = "0123456789ABCDEF";
    out += climb;
    if (!append_located_folder(out, file))
        return false;
    for (const char c : file.filename) {
        if (ascii::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return true;
}

} // namespace yizhan
