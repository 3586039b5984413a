#include "auth/credentials.hpp"

#include <strings.h>

#include "auth/base64.hpp"

namespace varve::auth {
namespace {

// NAME:PASSWORD; the password may hold further colons.
bool split_pair(std::string_view pair, Credentials &out) {
    const size_t colon = pair.find(':');
    if (colon == std::string_view::npos) return false;
    out.name = pair.substr(0, colon);
    out.password = pair.substr(colon + 1);
    return true;
}

bool read_header(std::string_view header, Credentials &out) {
    const size_t blank = header.find(' ');
    if (blank == std::string_view::npos) return false;
    const std::string_view scheme = header.substr(0, blank);
    const std::string_view value = header.substr(blank + 1);
    // These two schemes are compared as written and take one word; basic is neither as strict.
    const bool is_one_word = value.find(' ') == std::string_view::npos;
    if (scheme == "Bearer" && is_one_word) {
        out.kind = Credentials::Kind::bearer;
        out.token = value;
        return true;
    }
    if (scheme == "Token" && is_one_word) return split_pair(value, out);
    constexpr std::string_view kBasic = "basic";
    if (scheme.size() != kBasic.size() ||
        ::strncasecmp(scheme.data(), kBasic.data(), kBasic.size()) != 0) {
        return false;
    }
    const auto pair = decode_base64(value, Base64::standard);
    return pair.ok() && split_pair(*pair, out);
}

}  // namespace

std::string_view fault_of_header(std::string_view header) {
    const size_t blank = header.find(' ');
    const bool is_two_words =
        blank != std::string_view::npos && header.find(' ', blank + 1) == std::string_view::npos;
    if (!is_two_words) return "Bad auth header";
    const auto pair = decode_base64(header.substr(blank + 1), Base64::standard);
    if (!pair.ok()) return "Bad encoding";
    return pair->find(':') == std::string::npos ? "Bad auth value" : "Bad auth header";
}

Result<Credentials> read_credentials(http::Request &request) {
    Credentials out;
    out.name = request.query_param("u").value_or("");
    out.password = request.query_param("p").value_or("");
    if (!out.name.empty() && !out.password.empty()) return out;
    out = {};
    if (read_header(request.header("authorization").value_or(""), out)) return out;
    return Status(Code::unauthenticated, "unable to parse authentication credentials");
}

}  // namespace varve::auth
