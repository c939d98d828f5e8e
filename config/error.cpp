#include "config/error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace yizhan {

std::string Error::text() const {
    std::string out = message;
    for (const auto& attempt : tried) {
        out += "\n  - ";
        out += attempt;
    }
    return out;
}

std::unexpected<Error> fail(Errc code, std::string message, std::vector<std::string> tried) {
    return std::unexpected(Error{code, std::move(message), std::move(tried)});
}

std::unexpected<Error> fail_errno(std::string_view doing, int error_number) {
    const auto code = error_number == ENOSPC || error_number == EDQUOT ? Errc::no_space : Errc::io;
    return fail(code, std::string(doing) + ": " + std::generic_category().message(error_number));
}

std::string_view name(Errc code) {
    switch (code) {
    case Errc::invalid:
        return "invalid";
    case Errc::not_found:
        return "not_found";
    case Errc::refused:
        return "refused";
    case Errc::unavailable:
        return "unavailable";
    case Errc::crowded:
        return "crowded";
    case Errc::interrupted:
        return "interrupted";
    case Errc::timeout:
        return "timeout";
    case Errc::protocol:
        return "protocol";
    case Errc::digest_mismatch:
        return "digest_mismatch";
    case Errc::corrupt:
        return "corrupt";
    case Errc::io:
        return "io";
    case Errc::no_space:
        return "no_space";
    case Errc::cancelled:
        return "cancelled";
    }
    return "unknown";
}

} // namespace yizhan
