#include "index/api_version.hpp"

#include "index/ascii.hpp"
#include "index/html_text.hpp"

#include <string>

namespace yizhan {

Result<void> check_api_version(std::string_view claimed) {
    claimed = ascii::trimmed(claimed);
    const auto dot = claimed.find('.');
    if (dot != std::string_view::npos && claimed.substr(0, dot) == "1" && ascii::all_digits(claimed.substr(dot + 1)))
        return {};
    return fail(Errc::protocol, "the index speaks version \"" + one_line(claimed.substr(0, 40)) +
                                    "\" of the simple API; yizhan knows 1.x (PEP 629)");
}

} // namespace yizhan
