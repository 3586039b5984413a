// One of the three files that include Boost. Beast's basic_parser splits the lines; the rules that
// it does not know (one Host, one Content-Length, no chunks in HTTP/1.0, our limits) stand here.
// This file also compiles Boost.Asio's own sources, once for all the others.
#include "kernel/http/net/asio.hpp"

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

#include "kernel/http/codec/text.hpp"
#include "kernel/http/net/request_parser.hpp"

namespace varve::http {
namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;

constexpr size_t kHeaderFieldsMax = 1000;
constexpr size_t kMethodAndVersionMax = 64;
constexpr size_t kLastChunkSize = 5;
constexpr size_t kChunkFirst = 16 * 1024;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

class RequestParser::Impl final : public beast::http::basic_parser<true> {
  public:
    Impl(const Options &options, BodyPool &pool, Request &request)
        : options_(options), pool_(pool), request_(request) {
        // Our own limits stand below; Beast's would only blur what was too large.
        header_limit(UINT32_MAX);
        body_limit(UINT64_MAX);
        eager(false);
    }

    size_t feed(std::string_view input);
    void fail(unsigned status, Refusal reason, std::string text) {
        if (!error_) error_ = Error{status, reason, std::move(text)};
    }

    // Between two chunks, or before the first.
    bool awaits_chunk_line() const { return header_complete_ && chunked_ && chunk_left_ == 0; }

    std::optional<Error> error_;
    uint64_t chunk_left_ = 0;
    bool chunk_seen_ = false;
    bool header_complete_ = false;
    bool chunked_ = false;
    uint64_t content_length_ = 0;
    unsigned minor_ = 1;
    bool expects_continue_ = false;

  private:
    void check_limits(size_t unconsumed);
    void check_header();
    void on_framing_field(beast::http::field field, std::string_view value);

    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                         int version, ErrorCode &ec) override;
    void on_response_impl(int, beast::string_view, int, ErrorCode &) override {}
    void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                       ErrorCode &ec) override;
    void on_header_impl(ErrorCode &ec) override;
    void on_body_init_impl(const boost::optional<uint64_t> &, ErrorCode &) override {}
    size_t on_body_impl(beast::string_view, ErrorCode &) override { return 0; }
    void on_chunk_header_impl(uint64_t size, beast::string_view, ErrorCode &ec) override;
    size_t on_chunk_body_impl(uint64_t, beast::string_view body, ErrorCode &ec) override;
    void on_finish_impl(ErrorCode &) override {}

    // Makes Beast stop; error_ says why.
    static void stop(ErrorCode &ec) { ec = beast::http::error::bad_value; }

    const Options &options_;
    BodyPool &pool_;
    Request &request_;
    bool line_done_ = false;
    size_t header_bytes_ = 0;  // consumed, behind the request line
    size_t trailer_fields_ = 0;
    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    unsigned transfer_encodings_ = 0;
    bool transfer_is_chunked_ = false;
};

size_t RequestParser::Impl::feed(std::string_view input) {
    const bool line_was_done = line_done_;
    ErrorCode ec;
    const size_t used = put(boost::asio::const_buffer(input.data(), input.size()), ec);
    if (!is_header_done()) {
        if (line_was_done) header_bytes_ += used;
        check_limits(input.size() - used);
    }
    if (ec == beast::http::error::need_more) ec = {};
    if (ec && !error_) {
        fail(400, Refusal::bad_request, "bad request: " + ec.message());
    }
    return used;
}

void RequestParser::Impl::check_limits(size_t unconsumed) {
    if (!line_done_ && unconsumed > options_.target_size_max + kMethodAndVersionMax) {
        fail(414, Refusal::target_too_long, "the request's target exceeds http.target_size_max");
    } else if (line_done_ && header_bytes_ + unconsumed > options_.header_size_max) {
        fail(431, Refusal::header_too_large, "the request's header exceeds http.header_size_max");
    }
}

void RequestParser::Impl::on_request_impl(beast::http::verb, beast::string_view method,
                                          beast::string_view target, int version, ErrorCode &ec) {
    line_done_ = true;
    minor_ = static_cast<unsigned>(version) % 10;
    if (target.size() > options_.target_size_max) {
        fail(414, Refusal::target_too_long, "the request's target exceeds http.target_size_max");
        return stop(ec);
    }
    request_.set_method(view(method));
    if (!request_.set_target(std::string(view(target)))) {
        fail(400, Refusal::bad_request, "bad request: malformed target");
        stop(ec);
    }
}

void RequestParser::Impl::on_framing_field(beast::http::field field, std::string_view value) {
    if (field == beast::http::field::host) {
        ++hosts_;
    } else if (field == beast::http::field::content_length) {
        ++lengths_;
        // "5, 5" is a list, which Beast takes and others read differently.
        if (value.find_first_not_of("0123456789") != std::string_view::npos) ++lengths_;
    } else if (field == beast::http::field::transfer_encoding) {
        ++transfer_encodings_;
        transfer_is_chunked_ = equals_ignoring_case(trimmed_blanks(value), "chunked");
    } else if (field == beast::http::field::expect) {
        if (equals_ignoring_case(trimmed_blanks(value), "100-continue")) {
            expects_continue_ = minor_ >= 1;
        } else {
            fail(417, Refusal::expectation_failed, "the only expectation met is 100-continue");
        }
    }
}

void RequestParser::Impl::on_field_impl(beast::http::field field, beast::string_view name,
                                        beast::string_view value, ErrorCode &ec) {
    if (header_complete_) {  // a trailer: allowed, but nobody asks for it
        if (++trailer_fields_ <= kHeaderFieldsMax) return;
        fail(431, Refusal::header_too_large, "too many trailer lines");
        return stop(ec);
    }
    if (request_.headers().size() >= kHeaderFieldsMax) {
        fail(431, Refusal::header_too_large, "too many header lines");
        return stop(ec);
    }
    on_framing_field(field, view(value));
    request_.add_header(std::string(view(name)), std::string(view(value)));
}

void RequestParser::Impl::check_header() {
    size_t size = 0;
    for (const Header &header : request_.headers()) {
        size += header.name.size() + header.value.size() + 4;
    }
    if (size > options_.header_size_max) {
        fail(431, Refusal::header_too_large, "the request's header exceeds http.header_size_max");
    } else if (lengths_ > 1) {
        fail(400, Refusal::bad_request, "bad request: more than one Content-Length");
    } else if (transfer_encodings_ > 1 || (transfer_encodings_ != 0 && lengths_ != 0)) {
        fail(400, Refusal::bad_request, "bad request: ambiguous body length");
    } else if (transfer_encodings_ != 0 && minor_ == 0) {
        fail(400, Refusal::bad_request, "bad request: Transfer-Encoding in HTTP/1.0");
    } else if (transfer_encodings_ != 0 && !transfer_is_chunked_) {
        fail(501, Refusal::not_implemented, "the only Transfer-Encoding known is chunked");
    } else if (hosts_ > 1 || (hosts_ == 0 && minor_ >= 1)) {
        fail(400, Refusal::bad_request, "bad request: Host must be given once");
    }
}

void RequestParser::Impl::on_header_impl(ErrorCode &ec) {
    header_complete_ = true;
    chunked_ = chunked();
    if (const auto length = content_length()) content_length_ = *length;
    check_header();
    if (!error_ && content_length_ > options_.body_size_max) {
        fail(413, Refusal::body_too_large, "Request Entity Too Large");
    }
    if (error_) stop(ec);
}

void RequestParser::Impl::on_chunk_header_impl(uint64_t size, beast::string_view extension,
                                               ErrorCode &ec) {
    // Beast lets line feeds pass inside quotes; a proxy may take them for the line's end.
    if (extension.find_first_of("\r\n") != beast::string_view::npos) {
        fail(400, Refusal::bad_request, "bad request: line feed in a chunk extension");
        return stop(ec);
    }
    BodyBuffer &body = request_.body_buffer();
    if (size > options_.body_size_max - body.size()) {
        fail(413, Refusal::body_too_large, "Request Entity Too Large");
        return stop(ec);
    }
    chunk_left_ = size;
    chunk_seen_ = true;
}

size_t RequestParser::Impl::on_chunk_body_impl(uint64_t, beast::string_view piece, ErrorCode &ec) {
    BodyBuffer &body = request_.body_buffer();
    const size_t wanted = body.size() + piece.size();
    if (wanted > body.capacity()) {
        const size_t doubled = std::max({wanted, body.capacity() * 2, kChunkFirst});
        if (!pool_.reserve(body, std::max(wanted, std::min(doubled, options_.body_size_max)))) {
            fail(503, Refusal::body_memory, "http.body_memory_max is reached, try again");
            stop(ec);
            return 0;
        }
    }
    std::copy(piece.begin(), piece.end(), body.space().data());
    body.commit(piece.size());
    chunk_left_ -= piece.size();
    return piece.size();
}

RequestParser::RequestParser(const Options &options, BodyPool &pool, Request &request)
    : impl_(std::make_unique<Impl>(options, pool, request)) {}
RequestParser::~RequestParser() = default;

size_t RequestParser::put(std::string_view input) {
    size_t used = 0;
    // Beast takes one step at a time (a header, a chunk's line, a chunk).
    while (used < input.size() && !impl_->error_ && !is_done()) {
        // Beast 1.74 asserts that a last chunk has its five bytes when it is asked a second time.
        // Whatever is left of a chunked body, "0\r\n\r\n" included, is at least as long.
        if (impl_->awaits_chunk_line() && input.size() - used < kLastChunkSize) break;
        const size_t step = impl_->feed(input.substr(used));
        used += step;
        if (step == 0) break;
    }
    // What Beast leaves of a chunked body is the start of a line, behind a chunk the one that ends
    // it. Beast would wait for the rest for ever.
    const std::string_view line = input.substr(used);
    if (impl_->awaits_chunk_line() && !impl_->error_ && !is_done()) {
        const size_t feed = line.find('\n');
        if (impl_->chunk_seen_ && !std::string_view("\r\n").starts_with(line.substr(0, 2))) {
            impl_->fail(400, Refusal::bad_request, "bad request: a chunk longer than its size");
        } else if (feed != std::string_view::npos && (feed == 0 || line[feed - 1] != '\r')) {
            impl_->fail(400, Refusal::bad_request, "bad request: bare line feed in a chunked body");
        }
    }
    return used;
}

bool RequestParser::is_header_done() const {
    return impl_->header_complete_;
}
bool RequestParser::is_done() const {
    return impl_->header_complete_ && (!impl_->chunked_ || impl_->is_done());
}
const std::optional<RequestParser::Error> &RequestParser::error() const {
    return impl_->error_;
}
unsigned RequestParser::http_minor() const {
    return impl_->minor_;
}
bool RequestParser::keep_alive() const {
    return impl_->keep_alive();
}
bool RequestParser::is_chunked() const {
    return impl_->chunked_;
}
uint64_t RequestParser::content_length() const {
    return impl_->content_length_;
}
bool RequestParser::expects_continue() const {
    return impl_->expects_continue_;
}

}  // namespace varve::http
