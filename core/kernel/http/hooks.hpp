// What the HTTP service asks of the rest of the server: who may come in, who counts, who logs, who
// lends worker threads. Every hook outlives the Server and is called from many threads at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/http/http.hpp"

namespace varve::http {

// Why the service itself turned a request or a connection away: the label `reason` of
// varve_http_refused_total. Each refusal counts exactly once.
enum class Refusal : uint8_t {
    bad_request,             // 400: malformed, ambiguous framing, smuggling
    bad_encoding,            // 400: the content coding's bytes are corrupt
    truncated_encoding,      // 400: ... or end too early
    body_too_large,          // 413: encoded body above http.body_size_max
    decompressed_too_large,  // 413: decoded body above http.body_size_max
    header_too_large,        // 431: http.header_size_max
    target_too_long,         // 414: http.target_size_max
    expectation_failed,      // 417: an Expect other than 100-continue
    not_implemented,         // 501: a transfer coding other than chunked
    timeout_header,          // 408: http.header_timeout
    timeout_body,            // 408: http.body_timeout and http.rate_min
    timeout_write,           // the client did not take the answer
    timeout_handshake,       // the TLS handshake did not end
    handshake_failed,        // ... or failed
    connection_limit,        // 503: http.connections_max
    body_memory,             // 503: http.body_memory_max
    queue_full,              // 503: http.worker_queue_max
    unauthorized,            // 401, 429 or 503 of the Authenticator
    count_,
};
std::string_view refusal_name(Refusal reason);

// One finished request, for the access log. Views live for the call.
struct AccessRecord {
    std::string_view peer;
    std::string_view principal;
    std::string_view method;
    std::string target;  // the value of the parameter p and of tokens replaced by [REDACTED]
    unsigned http_minor = 1;
    unsigned status = 0;
    uint64_t bytes_in = 0;    // body as sent
    uint64_t bytes_out = 0;   // head and body
    int64_t duration_ns = 0;  // from the first byte of the request to the last of the answer
    std::string_view request_id;
    std::string_view user_agent;
    std::string_view referer;
    bool cut = false;  // the connection broke before the answer was complete
};
using AccessLog = std::function<void(const AccessRecord &)>;

class Metrics {
  public:
    virtual ~Metrics() = default;
    virtual void connection_opened() {}
    virtual void connection_closed() {}
    // Above http.connections_max; comes beside refused(connection_limit), which counts the answer.
    virtual void connection_refused() {}
    // A request has reached a route, named by its mounted path; finished with the same path.
    virtual void request_routed(std::string_view /*route*/) {}
    // `route` is empty for what reached none.
    virtual void request_finished(std::string_view /*route*/, unsigned /*status*/,
                                  uint64_t /*bytes_in*/, uint64_t /*bytes_out*/,
                                  int64_t /*duration_ns*/) {}
    // A handler threw; the request was answered 500.
    virtual void handler_failed() {}
    virtual void refused(Refusal /*reason*/) {}
};

// The verdict on a request's credentials.
struct AuthDecision {
    bool allowed = true;
    std::string principal;
    std::shared_ptr<const void> credentials;
    unsigned status = 401;  // when not allowed
    std::string error;      // ... and the text of {"error":…}
};

// Called before the handler of every route without PUBLIC. `done` is called exactly once, possibly
// before authenticate() returns and on any thread.
class Authenticator {
  public:
    virtual ~Authenticator() = default;
    virtual void authenticate(Request &request, std::function<void(AuthDecision)> done) = 0;
};

// Worker threads behind a bounded queue.
class Executor {
  public:
    virtual ~Executor() = default;
    // Runs the task later on a worker; false if the queue is full, and then nothing happens. An
    // accepted task is always run.
    virtual bool try_run(std::function<void()> task) = 0;
};

// All may be absent.
struct Hooks {
    Metrics *metrics = nullptr;
    Authenticator *authenticator = nullptr;
    Executor *executor = nullptr;  // absent: the server makes its own workers
    AccessLog access_log;
};

}  // namespace varve::http
