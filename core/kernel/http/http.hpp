// What a handler sees of HTTP: a request and a writer for its response. No sockets, no Boost: the
// listener behind this seam can be exchanged.
//
//   connection --bytes--> Request --handler(Request &, ResponseWriter)--> answer --bytes-->
//   connection
//
// The request lives until its response has ended and the handler has returned, whichever is later.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <varve/host/http.h>

#include "kernel/http/body_pool.hpp"

namespace varve::http {

// Methods; or-ed in a route. The first five are the ABI's.
constexpr uint32_t kGet = VARVE_HTTP_GET;
constexpr uint32_t kPost = VARVE_HTTP_POST;
constexpr uint32_t kPut = VARVE_HTTP_PUT;
constexpr uint32_t kDelete = VARVE_HTTP_DELETE;
constexpr uint32_t kPatch = VARVE_HTTP_PATCH;
constexpr uint32_t kHead = 32;     // seen by a GET handler; the service cuts the body
constexpr uint32_t kOptions = 64;  // answered by the service unless the route takes it

// Flags of a route, the ABI's.
constexpr uint32_t kShort = VARVE_HTTP_SHORT;
constexpr uint32_t kMayStay = VARVE_HTTP_MAY_STAY;
constexpr uint32_t kInflux = VARVE_HTTP_INFLUX;
constexpr uint32_t kInflux08 = VARVE_HTTP_INFLUX_08;
constexpr uint32_t kPublic = VARVE_HTTP_PUBLIC;

struct Header {
    std::string name;
    std::string value;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

// One request. Not thread-safe: it belongs to one thread at a time, the handler's.
class Request {
  public:
    uint32_t method() const { return method_; }  // one of the constants above; 0 = another one
    std::string_view method_name() const { return method_name_; }
    std::string_view target() const { return target_; }  // raw, origin form: path and query
    std::string_view path() const { return path_; }      // percent-decoded, without the query
    std::string_view query() const { return query_; }    // raw, behind the '?'
    // The first header of that name, in any case; no value if absent.
    std::optional<std::string_view> header(std::string_view name) const;
    const std::vector<Header> &headers() const { return headers_; }
    // Whole and contiguous, gzip, deflate and zstd removed; the handler may write to it.
    std::span<char> body() { return body_.bytes(); }
    // The first value of a decoded parameter; of a form body (urlencoded or multipart) first, then
    // of the query string. Decoded on the first call, so ask before changing the body.
    std::optional<std::string_view> param(std::string_view name);
    // Likewise, of the query string only.
    std::optional<std::string_view> query_param(std::string_view name);
    uint64_t connection_id() const { return connection_id_; }  // never reused within the process
    std::string_view peer() const { return peer_; }  // "10.0.0.1:1234", "[::1]:1" or "unix"
    bool is_tls() const { return is_tls_; }
    // The authenticated name; empty without authentication. `credentials` is whatever the
    // Authenticator attached for the rooms above.
    std::string_view principal() const { return principal_; }
    const std::shared_ptr<const void> &credentials() const { return credentials_; }

    // The handler may keep its thread until it has answered.
    bool may_block() const { return may_block_; }
    // Of the route it reached; or-ed.
    uint32_t route_flags() const { return route_flags_; }

    // The rest is for the service itself and for tests of handlers.
    void set_method(std::string_view name);
    // Takes a raw target apart; false if it is malformed (bad escape in the path, no '/').
    bool set_target(std::string target);
    void add_header(std::string name, std::string value);
    void set_body(BodyBuffer body) { body_ = std::move(body); }
    BodyBuffer &body_buffer() { return body_; }
    void set_connection(uint64_t id, std::string peer, bool is_tls);
    void set_principal(std::string name, std::shared_ptr<const void> credentials);
    void set_may_block(bool may_block) { may_block_ = may_block; }
    void set_route_flags(uint32_t flags) { route_flags_ = flags; }

  private:
    uint32_t method_ = 0;
    uint32_t route_flags_ = 0;
    bool is_tls_ = false;
    bool may_block_ = false;
    bool query_decoded_ = false;
    bool form_decoded_ = false;
    uint64_t connection_id_ = 0;
    std::string method_name_;
    std::string target_;
    std::string path_;
    std::string_view query_;  // into target_
    std::vector<Header> headers_;
    BodyBuffer body_;
    Parameters query_params_;
    Parameters form_params_;
    std::string peer_;
    std::string principal_;
    std::shared_ptr<const void> credentials_;
};

class Exchange;

// The right and the duty to answer one request, exactly once. Movable, usable after the handler has
// returned and from any thread, but from one at a time. After send() or end() it is empty. Dropped
// unanswered it answers 500; dropped in the middle of a stream it cuts the connection.
class ResponseWriter {
  public:
    enum class WriteResult {
        ok,         // go on
        wait,       // taken, but the client is slow: write nothing more until resume()
        cancelled,  // the client is gone: end now
    };

    ResponseWriter() = default;
    explicit ResponseWriter(std::shared_ptr<Exchange> exchange);
    ResponseWriter(ResponseWriter &&other) noexcept = default;
    ResponseWriter &operator=(ResponseWriter &&other) noexcept;
    ~ResponseWriter();

    explicit operator bool() const { return exchange_ != nullptr; }
    Request &request();

    // Before send() or the first write(). Status defaults to 200. Control characters in a value
    // become spaces; set_header replaces a header of the same name, add_header does not.
    void set_status(unsigned status);
    void set_header(std::string_view name, std::string_view value);
    void add_header(std::string_view name, std::string_view value);

    // Answers with this whole body and ends.
    void send(std::string body = {});
    // Answers {"error":"<text>"} as JSON and ends.
    void send_error(unsigned status, std::string_view text);
    // Streams a piece; copies. `resume` is called exactly once after `wait`, on any thread and
    // without locks (also when the client goes away or the stream ends); it must not block.
    WriteResult write(std::string_view piece, std::function<void()> resume = {});
    // Ends a stream; ok = false cuts the connection, so that the client sees it broke.
    void end(bool ok = true);
    // The last piece of a stream, and its end.
    void finish(std::string_view piece);
    // True once the client has hung up or the server gives up on it.
    bool is_cancelled() const;

  private:
    void abandon();

    std::shared_ptr<Exchange> exchange_;
};

// Called on an io thread (SHORT routes) or a worker. May answer later and from any thread. What it
// throws becomes a 500.
using Handler = std::function<void(Request &, ResponseWriter)>;

// `text` as the inside of a JSON string: quotes, backslashes, control characters, and as InfluxDB
// does < > & escaped.
std::string json_escaped(std::string_view text);

}  // namespace varve::http
