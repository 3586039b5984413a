// TLS with certificates made on the spot.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

void write_certificate(const std::string &certificate_file, const std::string &key_file,
                       const char *name) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char *>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE *file = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

struct TlsFiles {
    TlsFiles() {
        const std::string base = testing::TempDir() + "varve_tls_" + std::to_string(::getpid());
        options.tls_certificate_file = base + ".crt";
        options.tls_key_file = base + ".key";
        write("first");
    }
    ~TlsFiles() {
        ::unlink(options.tls_certificate_file.c_str());
        ::unlink(options.tls_key_file.c_str());
    }
    void write(const char *name) {
        write_certificate(options.tls_certificate_file, options.tls_key_file, name);
    }
    Options options;
};

TEST(HttpTls, ServesRequestsBodiesAndStreams) {
    TlsFiles files;
    TestServer server(files.options);
    ASSERT_TRUE(server.status.ok()) << server.status.text();
    Client client(server.port(), true);
    ASSERT_TRUE(client.is_connected());
    EXPECT_EQ(client.certificate_name(), "first");
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(client.request(post("/long", std::to_string(i))).body,
                  "POST /long " + std::to_string(i));
    }
    const std::string body(2'000'000, 'b');
    EXPECT_EQ(client.request(post("/size", body)).body,
              std::to_string(body.size()) + " " + std::to_string(checksum(body)));
    EXPECT_EQ(client.request(post("/echo", body)).body, "POST /echo " + body);
    EXPECT_EQ(client.request(get("/echo", "Connection: close\r\n")).status, 200u);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(HttpTls, ReloadServesTheNewCertificateAndKeepsTheOldOnAnError) {
    TlsFiles files;
    TestServer server(files.options);
    ASSERT_TRUE(server.status.ok()) << server.status.text();
    Client old(server.port(), true);
    EXPECT_EQ(old.certificate_name(), "first");
    files.write("second");
    ASSERT_TRUE(server.server->reload_tls().ok());
    EXPECT_EQ(old.request(get("/ping")).status, 204u) << "connections go on";
    EXPECT_EQ(Client(server.port(), true).certificate_name(), "second");
    std::ofstream(files.options.tls_certificate_file) << "rubbish";
    const Status status = server.server->reload_tls();
    EXPECT_EQ(status.code(), Code::invalid_argument);
    EXPECT_NE(status.text().find(files.options.tls_certificate_file), std::string::npos);
    EXPECT_EQ(Client(server.port(), true).certificate_name(), "second");
}

TEST(HttpTls, AWrongKeyStopsTheStart) {
    TlsFiles files;
    const std::string other = files.options.tls_certificate_file + "2";
    write_certificate(other, files.options.tls_key_file, "other");
    TestServer server(files.options);
    EXPECT_EQ(server.status.code(), Code::invalid_argument);
    ::unlink(other.c_str());
}

TEST(HttpTls, PlainTextAndSilenceDoNotPassTheHandshake) {
    TlsFiles files;
    files.options.handshake_timeout_ms = 300;
    TestServer server(files.options);
    Client plain(server.port());
    plain.write(get("/ping"));
    EXPECT_TRUE(plain.is_closed_by_server());
    Client silent(server.port());
    EXPECT_TRUE(silent.is_closed_by_server());
    EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
    EXPECT_EQ(server.metrics.refused_by(Refusal::handshake_failed), 1);
    EXPECT_EQ(server.metrics.refused_by(Refusal::timeout_handshake), 1);
}

TEST(HttpTls, RefusalsAreAnsweredOverTls) {
    TlsFiles files;
    files.options.body_size_max = 10;
    files.options.connections_max = 1;
    TestServer server(files.options);
    {
        Client client(server.port(), true);
        EXPECT_EQ(client.request(post("/size", std::string(100'000, 'a'))).status, 413u);
    }
    ASSERT_TRUE(eventually([&] { return server.server->connections() == 0; }));
    Client holder(server.port(), true);
    EXPECT_EQ(holder.request(get("/ping")).status, 204u);
    Client extra(server.port(), true);
    EXPECT_EQ(extra.request(get("/ping")).status, 503u);
}

}  // namespace
}  // namespace varve::http::test
