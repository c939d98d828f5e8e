// Pages over HTTP/2, from a server that speaks it (nghttpd; deploy/setup.sh --test).
#include "tests/integration/stage.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <regex>
#include <set>
#include <sys/socket.h>
#include <thread>

namespace yizhan::integration {
namespace {

namespace fs = std::filesystem;

std::uint16_t free_port() {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw_errno("bind");
    return ntohs(address.sin_port);
}

class Http2 : public Stage {
  protected:
    static constexpr int projects = 40;

    void SetUp() override {
        // A machine set up before this test came still runs the others; setup.sh --test names the package.
        if (!fs::exists("/usr/sbin/nghttpd"))
            GTEST_SKIP() << "nghttpd is not here: deploy/setup.sh --test installs it";
        for (int i = 0; i < projects; ++i) {
            const auto page = folder() / "tree/simple" / name(i);
            fs::create_directories(page);
            std::ofstream(page / "index.html")
                << "<a href=\"/packages/" << name(i) << "-1.0.tar.gz#sha256=" << std::string(64, 'a') << "\">"
                << name(i) << "-1.0.tar.gz</a>";
        }
        std::ofstream(folder() / "mime.types") << "text/html html\n";
        const std::vector<std::string> path{"PATH=/usr/bin:/bin"};
        Child openssl({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                       "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=mirror",
                       "-addext", "subjectAltName=IP:127.0.0.1"},
                      path, folder().string());
        ASSERT_EQ(openssl.wait(seconds(10)), 0) << openssl.said();
        const auto port = std::to_string(free_port());
        mirror_ = std::make_unique<Child>(
            std::vector<std::string>{"/usr/sbin/nghttpd", "--verbose", "--address=127.0.0.1", "--htdocs=tree",
                                     "--mime-types-file=mime.types", port, "key.pem", "cert.pem"},
            path, folder().string());
        ASSERT_TRUE(mirror_->wait_line("listen", seconds(10))) << mirror_->said();
        set("relay.ca_file = '" + (folder() / "cert.pem").string() + "'");
        set("[[pypi.upstream]]\nurl = 'https://127.0.0.1:" + port + "/simple/'");
        start();
    }

    static std::string name(int i) { return "part" + std::to_string(i); }

    /// As many as asked the mirror for anything.
    std::size_t connections() const {
        const std::string said = mirror_->said();
        const std::regex asked(R"(\[id=(\d+)\].*recv HEADERS)");
        std::set<std::string> out;
        for (std::sregex_iterator at(said.begin(), said.end(), asked), end; at != end; ++at)
            out.insert((*at)[1]);
        return out.size();
    }

    std::unique_ptr<Child> mirror_;
};

TEST_F(Http2, AResolversPagesShareOneConnection) {
    std::vector<std::string> bodies(projects);
    {
        std::vector<std::jthread> resolver;
        resolver.reserve(projects);
        for (int i = 0; i < projects; ++i)
            resolver.emplace_back(
                [&, i] { bodies[static_cast<std::size_t>(i)] = get("/simple/" + name(i) + "/").body; });
    }
    for (int i = 0; i < projects; ++i)
        EXPECT_THAT(bodies[static_cast<std::size_t>(i)], HasSubstr(name(i) + "-1.0.tar.gz")) << i;
    EXPECT_EQ(connections(), 1u) << mirror_->said();
}

TEST_F(Http2, AMissingPageIsNotFoundAndTheOthersGoOn) {
    EXPECT_EQ(get("/simple/no-such-thing/").status, 404u);
    EXPECT_EQ(get("/simple/part1/").status, 200u);
    EXPECT_EQ(connections(), 1u) << mirror_->said();
}

} // namespace
} // namespace yizhan::integration
