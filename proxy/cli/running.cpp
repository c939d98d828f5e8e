#include "proxy/cli/running.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>

namespace yizhan {
namespace {

std::filesystem::path address_file(const std::filesystem::path& data) {
    return data / "address";
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* user) {
    static_cast<std::string*>(user)->append(data, size * count);
    return size * count;
}

} // namespace

Result<Answered> ask_running(const std::string& url) {
    const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
    Answered out;
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, 60L); // pages may have to come from far away first
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &out.body);
    if (const auto rc = curl_easy_perform(easy.get()); rc != CURLE_OK)
        return fail(Errc::unavailable, fmt::format("{}: {}", url, curl_easy_strerror(rc)));
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &out.status);
    return out;
}

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

std::optional<Settings> settings_or_words(const Overrides& overrides) {
    auto settings = load_settings(overrides);
    if (settings)
        return std::move(*settings);
    fmt::print(stderr, "{}\n", settings.error().text());
    return std::nullopt;
}

std::optional<Answered> ask_service(const Settings& settings, const std::string& what) {
    const auto address = running_address(settings.data);
    if (!address) {
        fmt::print(stderr, "{}\n", address.error().text());
        return std::nullopt;
    }
    auto answered = ask_running(*address + what);
    if (answered)
        return std::move(*answered);
    fmt::print(stderr, "no yizhan answers for {}: {}\nStart it with: yizhan serve --data {}\n", settings.data.string(),
               answered.error().message, settings.data.string());
    return std::nullopt;
}

} // namespace yizhan
