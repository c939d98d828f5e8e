#include "tests/origin/resource.hpp"

#include <algorithm>
#include <cctype>

namespace yizhan::origin {

bool iequals(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

std::string_view field(const Fields& fields, std::string_view name) {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return iequals(f.first, name); });
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 416:
        return "Range Not Satisfiable";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Scripted";
    }
}

Resource file(Body body) {
    Resource resource;
    // Of size and first bytes: hashing 300 MB for an ETag would cost more than the test.
    std::string head(static_cast<std::size_t>(std::min<std::uint64_t>(body.size(), 1024)), '\0');
    body.read(0, head);
    resource.etag = "\"" + std::to_string(body.size()) + "-" + sha256_hex(head).substr(0, 16) + "\"";
    resource.body = std::move(body);
    return resource;
}

Resource page(std::string html) {
    Resource resource;
    resource.body = Body::text(std::move(html));
    resource.content_type = "text/html; charset=utf-8";
    resource.etag = "\"" + resource.body.sha256().substr(0, 32) + "\"";
    return resource;
}

Resource text(unsigned status, std::string words) {
    Resource resource;
    resource.status = status;
    resource.content_type = "text/plain; charset=utf-8";
    resource.body = Body::text(std::move(words));
    return resource;
}

Resource not_found() {
    Resource resource =
        page("<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
             "<center><h1>404 Not Found</h1></center>\r\n<hr><center>origin</center>\r\n</body></html>\r\n");
    resource.status = 404;
    resource.etag.clear();
    return resource;
}

Resource forbidden() {
    Resource resource = page("<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body>\n"
                             "<h1>Your request was blocked</h1>\n<p>Rule: 5f1d03aa</p>\n"
                             "<p>Request ID: 00112233445566778899aabbccddeeff</p>\n</body></html>\n");
    resource.status = 403;
    resource.etag.clear();
    return resource;
}

Resource challenge() {
    Resource resource = page("<!DOCTYPE html>\n<html><head><title>Checking your browser</title></head>\n"
                             "<body><script>/* proof of work */</script></body></html>\n");
    resource.etag.clear();
    return resource;
}

Resource too_many(int retry_after) {
    Resource resource = text(429, "too many requests\n");
    if (retry_after >= 0) {
        resource.fields.emplace_back("Retry-After", std::to_string(retry_after));
    }
    return resource;
}

Resource redirect(std::string location, unsigned status) {
    Resource resource = text(status, "moved\n");
    resource.fields.emplace_back("Location", std::move(location));
    return resource;
}

Resource empty() {
    Resource resource;
    resource.ranges = false;
    return resource;
}

} // namespace yizhan::origin
