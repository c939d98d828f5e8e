#include "tests/origin/authority.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace yizhan::origin {

namespace {

template <auto Free>
struct Freer {
    void operator()(auto* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freer<X509_free>>;

constexpr long day = 24L * 60 * 60;

void must(bool ok, const char* what) {
    if (!ok) {
        throw std::runtime_error(std::string("certificate: ") + what + " failed");
    }
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    must(key != nullptr, "key generation");
    return key;
}

void add_extension(X509& certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? &certificate : issuer, &certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    must(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1, "extension");
}

/// A certificate without extensions and signature, valid from `from` to `to` seconds from now.
Cert make_certificate(const std::string& common_name, EVP_PKEY* key, X509* issuer, long from, long to) {
    Cert certificate(X509_new());
    must(certificate != nullptr && X509_set_version(certificate.get(), 2) == 1, "creation");
    std::uint64_t serial = 0;
    must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1U);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
    must(X509_set_pubkey(certificate.get(), key) == 1, "public key");
    return certificate;
}

} // namespace

struct Authority::State {
    Key key = make_key();
    Cert certificate = make_certificate("yizhan test authority", key.get(), nullptr, -day, 30 * day);
};

Authority::Authority() : state_(std::make_unique<State>()) {
    X509& certificate = *state_->certificate;
    add_extension(certificate, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, nullptr, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate, nullptr, NID_subject_key_identifier, "hash");
    must(X509_sign(&certificate, state_->key.get(), EVP_sha256()) > 0, "signing");
}

Authority::~Authority() = default;

std::string Authority::pem() const {
    const std::unique_ptr<BIO, Freer<BIO_free_all>> memory(BIO_new(BIO_s_mem()));
    must(PEM_write_bio_X509(memory.get(), state_->certificate.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::shared_ptr<ssl_ctx_st> Authority::context(const std::string& address, Certificate kind) const {
    const Key key = make_key();
    const bool own = kind == Certificate::self_signed;
    X509* issuer = own ? nullptr : state_->certificate.get();
    const long to = kind == Certificate::expired ? -day : 30 * day;
    const Cert certificate = make_certificate("yizhan test origin", key.get(), issuer, -2 * day, to);
    add_extension(*certificate, issuer, NID_subject_alt_name,
                  kind == Certificate::wrong_name ? "DNS:elsewhere.example" : "IP:" + address + ",DNS:localhost");
    add_extension(*certificate, issuer, NID_basic_constraints, "CA:FALSE");
    must(X509_sign(certificate.get(), own ? key.get() : state_->key.get(), EVP_sha256()) > 0, "signing");

    std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    must(context != nullptr, "context");
    must(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
             SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1,
         "use");
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

} // namespace yizhan::origin
