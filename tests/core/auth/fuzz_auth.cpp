// Any bytes as an Authorization header, a token and its parts: they are read or refused, and nobody
// is let in who does not know the secret.
#include <cstdlib>

#include "auth/base64.hpp"
#include "auth/claims.hpp"
#include "auth/credentials.hpp"
#include "auth/jwt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace varve;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    http::Request request;
    request.set_method("GET");
    (void)request.set_target("/query");
    request.add_header("Authorization", std::string(text));
    (void)auth::read_credentials(request);
    for (const auto alphabet : {auth::Base64::standard, auth::Base64::url}) {
        const auto decoded = auth::decode_base64(text, alphabet);
        if (decoded.ok() && decoded->size() > size) std::abort();
    }
    (void)auth::read_algorithm(text);
    (void)auth::read_claims(text);
    constexpr int64_t kNowNs = 1'600'000'000'000'000'000;
    if (auth::verify_jwt(text, "a secret that the corpus does not know", kNowNs).ok()) std::abort();
    return 0;
}
