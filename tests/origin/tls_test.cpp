// The certificates as a client sees them: OpenSSL's own client stands in for libcurl.
#include "tests/origin/authority.hpp"
#include "tests/origin/farm.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <memory>
#include <sys/socket.h>

namespace yizhan::origin {
namespace {

/// The first bytes of the answer to a GET, or X509_V_… as text where the certificate is not accepted.
std::string ask(const Server& server, const std::string& ca_pem) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(
        BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())), BIO_free_all);
    const std::unique_ptr<X509, decltype(&X509_free)> ca(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);

    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port());
    ::inet_pton(AF_INET, server.address().c_str(), &to.sin_addr);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        return "no connection";
    }
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
    SSL_set_fd(tls.get(), socket.get());
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), server.address().c_str());
    if (SSL_connect(tls.get()) != 1) {
        return X509_verify_cert_error_string(SSL_get_verify_result(tls.get()));
    }
    constexpr std::string_view request = "GET /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    SSL_write(tls.get(), request.data(), static_cast<int>(request.size()));
    std::array<char, 15> answer{};
    SSL_read(tls.get(), answer.data(), static_cast<int>(answer.size()));
    return {answer.data(), answer.size()};
}

TEST(Tls, IsTrustedByThoseWhoTrustTheAuthority) {
    Farm farm;
    Server& server = farm.add_tls("a");
    server.serve("/f", text(200, "x"));
    EXPECT_TRUE(server.origin().starts_with("https://127.0.1.1:"));
    EXPECT_EQ(ask(server, farm.authority().pem()), "HTTP/1.1 200 OK");
    EXPECT_EQ(ask(server, Authority().pem()), "certificate signature failure");
}

TEST(Tls, RefusesItselfInTheWaysThatAreAskedFor) {
    Farm farm;
    const std::string ca = farm.authority().pem();
    EXPECT_EQ(ask(farm.add_tls("e", Certificate::expired), ca), "certificate has expired");
    EXPECT_EQ(ask(farm.add_tls("w", Certificate::wrong_name), ca), "IP address mismatch");
    EXPECT_EQ(ask(farm.add_tls("s", Certificate::self_signed), ca), "self-signed certificate");
}

} // namespace
} // namespace yizhan::origin
