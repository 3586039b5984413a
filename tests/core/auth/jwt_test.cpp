// Tokens and the texts that InfluxDB has for wrong ones; recorded from influxd.
#include "auth/jwt.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace varve::auth {
namespace {

constexpr int64_t kNowS = 1'600'000'000;

std::string encoded(const std::string &bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    out.resize(static_cast<size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char *>(out.data()),
        reinterpret_cast<const unsigned char *>(bytes.data()), static_cast<int>(bytes.size()))));
    while (out.ends_with('=')) out.pop_back();
    for (char &c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
}

std::string token(const std::string &header, const std::string &claims,
                  const std::string &secret = "s3cret", const EVP_MD *digest = EVP_sha256()) {
    const std::string text = encoded(header) + '.' + encoded(claims);
    std::string mac(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    HMAC(digest, secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char *>(text.data()), text.size(),
         reinterpret_cast<unsigned char *>(mac.data()), &size);
    mac.resize(size);
    return text + '.' + encoded(mac);
}

const std::string kHs256 = R"({"alg":"HS256","typ":"JWT"})";
const std::string kGood = R"({"username":"root","exp":1600000060})";

std::string verdict(const std::string &jwt, const std::string &secret = "s3cret") {
    const auto name = verify_jwt(jwt, secret, kNowS * 1'000'000'000);
    if (!name.ok()) {
        EXPECT_EQ(name.code(), Code::unauthenticated);
    }
    return name.ok() ? "ok " + *name : name.status().text();
}

TEST(Jwt, IsSignedWithTheSecret) {
    EXPECT_EQ(verdict(token(kHs256, kGood)), "ok root");
    EXPECT_EQ(verdict(token(R"({"alg":"HS384"})", kGood, "s3cret", EVP_sha384())), "ok root");
    EXPECT_EQ(verdict(token(R"({"alg":"HS512"})", kGood, "s3cret", EVP_sha512())), "ok root");
    EXPECT_EQ(verdict(token(kHs256, kGood, "other")), "signature is invalid");
    EXPECT_EQ(verdict(token(kHs256, kGood, "s3cret", EVP_sha512())), "signature is invalid");
    EXPECT_EQ(verdict(token(kHs256, kGood) + "=").substr(0, 7), "ok root");
    std::string cut = token(kHs256, kGood);
    cut.resize(cut.rfind('.') + 1);
    EXPECT_EQ(verdict(cut), "signature is invalid");
    cut += "!!!!";
    EXPECT_EQ(verdict(cut), "illegal base64 data at input byte 0");
}

TEST(Jwt, TakesNoOtherAlgorithm) {
    const auto with = [](const std::string &header) { return verdict(token(header, kGood)); };
    EXPECT_EQ(with(R"({"alg":"none"})"), "unexpected signing method: none");
    EXPECT_EQ(with(R"({"alg":"RS256"})"), "unexpected signing method: RS256");
    EXPECT_EQ(with(R"({"alg":"foo"})"), "signing method (alg) is unavailable.");
    EXPECT_EQ(with(R"({"alg":"hs256"})"), "signing method (alg) is unavailable.");
    EXPECT_EQ(with(R"({"typ":"JWT"})"), "signing method (alg) is unspecified.");
    EXPECT_EQ(with(R"({"alg":3})"), "signing method (alg) is unspecified.");
}

TEST(Jwt, HasItsTimes) {
    const auto with = [](const std::string &claims) {
        return verdict(token(kHs256, R"({"username":"root")" + claims + "}"));
    };
    EXPECT_EQ(with(""), "token expiration required");
    EXPECT_EQ(with(R"(,"exp":"x")"), "token expiration required");
    EXPECT_EQ(with(R"(,"exp":0)"), "token expiration required");
    EXPECT_EQ(with(R"(,"exp":-1)"), "Token is expired");
    EXPECT_EQ(with(R"(,"exp":1599999999)"), "Token is expired");
    EXPECT_EQ(with(R"(,"exp":1600000000)"), "ok root");
    EXPECT_EQ(with(R"(,"exp":1600000060.5)"), "ok root");
    EXPECT_EQ(with(R"(,"exp":1600000060,"nbf":1600000030)"), "Token is not valid yet");
    EXPECT_EQ(with(R"(,"exp":1600000060,"iat":1600000030)"), "Token used before issued");
    EXPECT_EQ(with(R"(,"exp":1,"iat":1600000030,"nbf":1600000030)"), "Token is not valid yet");
    // The signature is looked at first.
    EXPECT_EQ(verdict(token(kHs256, R"({"username":"root","exp":1})", "other")),
              "signature is invalid");
}

TEST(Jwt, NamesAUser) {
    const auto with = [](const std::string &claims) {
        return verdict(token(kHs256, "{\"exp\":1600000060" + claims + "}"));
    };
    EXPECT_EQ(with(""), "username in token must be a string");
    EXPECT_EQ(with(R"(,"username":3)"), "username in token must be a string");
    EXPECT_EQ(with(R"(,"username":"")"), "token must contain a username");
    EXPECT_EQ(with(R"(,"username":"a b")"), "ok a b");
}

TEST(Jwt, MayBeAnyBytes) {
    for (const char *bad : {"", "x", "a.b", "a.b.c.d", "...."}) {
        EXPECT_EQ(verdict(bad), "token contains an invalid number of segments") << bad;
    }
    EXPECT_EQ(verdict("a.b.c"), "illegal base64 data at input byte 1");
    EXPECT_EQ(verdict("!!.b.c"), "illegal base64 data at input byte 0");
    EXPECT_EQ(verdict(token("[]", kGood)), "token contains malformed JSON");
    EXPECT_EQ(verdict(token(kHs256, "[1]")), "token contains malformed JSON");
    EXPECT_EQ(verdict(token(kHs256, "junk")), "token contains malformed JSON");
    EXPECT_EQ(verdict(token(kHs256, std::string(100'000, '['))), "token contains malformed JSON");
    EXPECT_EQ(verdict(".."), "token contains malformed JSON");
}

}  // namespace
}  // namespace varve::auth
