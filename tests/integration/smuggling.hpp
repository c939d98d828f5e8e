// Requests that two readers could understand in two ways: each is refused, and what follows it is never read.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace yizhan::integration {

struct Smuggling {
    std::string name, bytes;

    friend std::ostream& operator<<(std::ostream& out, const Smuggling& smuggling) { return out << smuggling.name; }
};

inline const std::vector<Smuggling> smugglings{
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
    {"FoldedTransferEncoding", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
    {"GzipTransferEncoding", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"},
    {"TrailerOf200KB", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nX: " +
                           std::string(200'000, 'x') + "\r\n\r\n"}};

} // namespace yizhan::integration
