// The least that a caching proxy must do with a file, and nothing else: receive it, write it, hash it, read it back,
// send it on. `pipeline HOST PORT PATH FILE` prints the CPU seconds and the bytes; what yizhan costs is held against
// it.
#include <openssl/evp.h>

#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

[[noreturn]] void stop(const char* what) {
    std::perror(what);
    std::exit(1);
}

int connect_to(const char* host, const char* port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
        stop("connect");
    return fd;
}

// A client that takes whatever comes, in a thread of its own; its CPU is not counted.
struct Client {
    int fd = -1;
    std::jthread reader;
    double cpu = 0;

    Client() {
        const int listener = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        if (bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener, 1) != 0 ||
            getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
            stop("listen");
        reader = std::jthread([this, listener] {
            const int taken = accept(listener, nullptr, nullptr);
            std::vector<char> buffer(1 << 18);
            while (recv(taken, buffer.data(), buffer.size(), 0) > 0) {
            }
            timespec used{};
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
            cpu = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
        });
        fd = connect_to("127.0.0.1", std::to_string(ntohs(at.sin_port)).c_str());
    }
};

void send_all(int fd, const char* bytes, std::size_t size) {
    while (size > 0) {
        const auto sent = send(fd, bytes, size, 0);
        if (sent <= 0)
            stop("send");
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: pipeline HOST PORT PATH FILE\n");
        return 2;
    }
    Client client;
    const int from = connect_to(argv[1], argv[2]);
    const auto request =
        std::string("GET ") + argv[3] + " HTTP/1.1\r\nHost: " + argv[1] + "\r\nConnection: close\r\n\r\n";
    send_all(from, request.data(), request.size());
    const int file = open(argv[4], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        stop("open");
    auto* hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
    std::vector<char> buffer(1 << 18), again(1 << 18);
    std::string head;
    std::uint64_t bytes = 0;
    for (;;) {
        const auto got = recv(from, buffer.data(), buffer.size(), 0);
        if (got < 0)
            stop("recv");
        if (got == 0)
            break;
        const char* begin = buffer.data();
        auto size = static_cast<std::size_t>(got);
        if (!head.ends_with("\r\n\r\n")) {
            const std::string seen = head + std::string(begin, size);
            const auto end = seen.find("\r\n\r\n");
            if (end == std::string::npos)
                stop("head");
            begin += end + 4 - head.size();
            size -= end + 4 - head.size();
            head = seen.substr(0, end + 4);
        }
        if (size == 0)
            continue;
        if (pwrite(file, begin, size, static_cast<off_t>(bytes)) != static_cast<ssize_t>(size))
            stop("write");
        EVP_DigestUpdate(hash, begin, size);
        if (pread(file, again.data(), size, static_cast<off_t>(bytes)) != static_cast<ssize_t>(size))
            stop("read");
        send_all(client.fd, again.data(), size);
        bytes += size;
    }
    shutdown(client.fd, SHUT_WR);
    client.reader.join();
    EVP_MD_CTX_free(hash);
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    std::printf("%.3f %llu\n", static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9 - client.cpu,
                static_cast<unsigned long long>(bytes));
}
