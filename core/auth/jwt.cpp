// The order of the checks is InfluxDB's, because it decides which text a token with several faults
// gets: form, algorithm, signature, times, then the claims that InfluxDB wants.
#include "auth/jwt.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string_view>
#include <vector>

#include "auth/base64.hpp"
#include "auth/claims.hpp"

namespace varve::auth {
namespace {

Status refused(std::string text) {
    return {Code::unauthenticated, std::move(text)};
}

std::vector<std::string_view> split(std::string_view token) {
    std::vector<std::string_view> parts;
    for (;;) {
        const size_t dot = token.find('.');
        parts.push_back(token.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        token.remove_prefix(dot + 1);
    }
}

Result<std::string> decode_part(std::string_view part) {
    std::string padded(part);
    while (padded.size() % 4 != 0) padded += '=';
    return decode_base64(padded, Base64::url);
}

Result<const EVP_MD *> find_digest(const std::optional<std::string> &algorithm) {
    if (!algorithm) return refused("signing method (alg) is unspecified.");
    if (*algorithm == "HS256") return EVP_sha256();
    if (*algorithm == "HS384") return EVP_sha384();
    if (*algorithm == "HS512") return EVP_sha512();
    for (const char *other : {"none", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256",
                              "PS384", "PS512"}) {
        if (*algorithm == other) return refused("unexpected signing method: " + *algorithm);
    }
    return refused("signing method (alg) is unavailable.");
}

bool is_signed(std::string_view text, std::string_view signature, std::string_view secret,
               const EVP_MD *digest) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (HMAC(digest, secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char *>(text.data()), text.size(), mac.data(),
             &size) == nullptr) {
        return false;
    }
    return signature.size() == size && CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

// Zero counts as absent; of several faults the last one is told.
Status check_times(const Claims &claims, int64_t now_ns) {
    const int64_t whole_s = now_ns / 1'000'000'000;
    const auto now_s = static_cast<double>(whole_s);
    const char *fault = nullptr;
    if (claims.expires_s.value_or(0) != 0 && now_s > *claims.expires_s) fault = "Token is expired";
    if (claims.issued_s.value_or(0) != 0 && now_s < *claims.issued_s) {
        fault = "Token used before issued";
    }
    if (claims.not_before_s.value_or(0) != 0 && now_s < *claims.not_before_s) {
        fault = "Token is not valid yet";
    }
    return fault == nullptr ? Status() : refused(fault);
}

}  // namespace

Result<std::string> verify_jwt(std::string_view token, std::string_view secret, int64_t now_ns) {
    const std::vector<std::string_view> parts = split(token);
    if (parts.size() != 3) return refused("token contains an invalid number of segments");
    const auto header = decode_part(parts[0]);
    if (!header.ok()) return refused(header.status().text());
    const auto algorithm = read_algorithm(*header);
    if (!algorithm.ok()) return refused(algorithm.status().text());
    const auto body = decode_part(parts[1]);
    if (!body.ok()) return refused(body.status().text());
    const auto claims = read_claims(*body);
    if (!claims.ok()) return refused(claims.status().text());
    const auto digest = find_digest(*algorithm);
    if (!digest.ok()) return digest.status();

    const auto signature = decode_part(parts[2]);
    if (!signature.ok()) return refused(signature.status().text());
    const std::string_view text = token.substr(0, parts[0].size() + 1 + parts[1].size());
    if (!is_signed(text, *signature, secret, *digest)) return refused("signature is invalid");
    VARVE_RETURN_IF_ERROR(check_times(*claims, now_ns));
    if (claims->expires_s.value_or(0) <= 0) return refused("token expiration required");
    if (!claims->username) return refused("username in token must be a string");
    if (claims->username->empty()) return refused("token must contain a username");
    return *claims->username;
}

}  // namespace varve::auth
