#include "proxy/cli/running.hpp"

#include <cerrno>
#include <fstream>

namespace yizhan {
namespace {

std::filesystem::path address_file(const std::filesystem::path& data) {
    return data / "address";
}

} // namespace

Result<void> leave_address(const std::filesystem::path& data, const std::string& address) {
    std::ofstream out(address_file(data), std::ios::trunc);
    out << address << "\n";
    out.close();
    if (!out)
        return fail_errno("cannot write " + address_file(data).string(), errno);
    return {};
}

Result<std::string> running_address(const std::filesystem::path& data) {
    std::ifstream in(address_file(data));
    std::string address;
    if (!std::getline(in, address) || address.empty())
        return fail(Errc::not_found, "no yizhan has been started on " + data.string() +
                                         ". Start it with: yizhan serve --data " + data.string());
    return address;
}

} // namespace yizhan
