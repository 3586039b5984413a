#include "kernel/http/hooks.hpp"

#include "base/assert.hpp"

namespace varve::http {

std::string_view refusal_name(Refusal reason) {
    static constexpr std::string_view kNames[] = {"bad_request",
                                                  "bad_encoding",
                                                  "truncated_encoding",
                                                  "body_too_large",
                                                  "decompressed_too_large",
                                                  "header_too_large",
                                                  "target_too_long",
                                                  "expectation_failed",
                                                  "not_implemented",
                                                  "timeout_header",
                                                  "timeout_body",
                                                  "timeout_write",
                                                  "timeout_handshake",
                                                  "handshake_failed",
                                                  "connection_limit",
                                                  "body_memory",
                                                  "queue_full",
                                                  "unauthorized"};
    static_assert(std::size(kNames) == static_cast<size_t>(Refusal::count_));
    VARVE_ASSERT(reason < Refusal::count_);
    return kNames[static_cast<size_t>(reason)];
}

}  // namespace varve::http
