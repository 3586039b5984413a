#include "kernel/http/net/connection.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/assert.hpp"
#include "kernel/http/codec/text.hpp"
#include "kernel/http/codec/url.hpp"
#include "kernel/http/dispatch.hpp"

namespace varve::http {
namespace {

constexpr size_t kInputFirst = 2048;
constexpr size_t kInputChunked = 64 * 1024;  // small reads would copy large bodies in crumbs
constexpr int64_t kLingerMs = 2000;
constexpr uint64_t kLingerBytesMax = 64 << 20;
constexpr int64_t kOverLimitMs = 1000;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kLineEndAndLastChunk = "\r\n0\r\n\r\n";

}  // namespace

int64_t steady_now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

Connection::Connection(std::shared_ptr<Service> service, Peer peer)
    : service_(std::move(service)), peer_(std::move(peer)) {
    enter(Phase::idle, peer_.over_limit ? kOverLimitMs : service_->options.idle_timeout_ms);
}

Connection::~Connection() {
    if (exchange_ != nullptr) exchange_->detach();
}

void Connection::begin_handshake() {
    enter(Phase::handshake, service_->options.handshake_timeout_ms);
}

void Connection::end_handshake(bool ok) {
    if (ok) {
        enter(Phase::idle, peer_.over_limit ? kOverLimitMs : service_->options.idle_timeout_ms);
        return;
    }
    service_->count(timed_out_ ? Refusal::timeout_handshake : Refusal::handshake_failed);
    state_ = State::closed;
}

void Connection::enter(Phase phase, int64_t timeout_ms) {
    deadline_base_ns_ = steady_now_ns() + timeout_ms * 1'000'000;
    deadline_bytes_ = 0;
    deadline_ns_.store(deadline_base_ns_, std::memory_order_relaxed);
    phase_.store(phase, std::memory_order_release);
}

// Progress earns time, at the minimum rate.
void Connection::extend(uint64_t bytes) {
    deadline_bytes_ += bytes;
    const double earned_ns = 1e9 * static_cast<double>(deadline_bytes_) /
                             static_cast<double>(std::max<size_t>(service_->options.rate_min, 1));
    deadline_ns_.store(deadline_base_ns_ + static_cast<int64_t>(earned_ns),
                       std::memory_order_relaxed);
}

Connection::Action Connection::next() {
    for (;;) {
        if (given_up_.load(std::memory_order_acquire)) state_ = State::closed;
        std::optional<Action> action;
        switch (state_) {
            case State::reading:
                action = read_header();
                break;
            case State::body_length:
                action = read_length_body();
                break;
            case State::body_chunked:
                action = read_chunked_body();
                break;
            case State::running:
                action = run_step();
                break;
            case State::writing:
                action = write_step();
                break;
            case State::shutting:
                state_ = State::linger;
                enter(Phase::linger, kLingerMs);
                return Action::shutdown_write;
            case State::linger:
                input_begin_ = input_end_ = 0;
                if (!ended_ && lingered_ < kLingerBytesMax) return Action::read;
                state_ = State::closed;
                break;
            case State::closed:
                if (exchange_ != nullptr) finish_exchange(true);
                return Action::close;
        }
        if (action) return *action;
    }
}

std::span<char> Connection::read_space() {
    if (state_ == State::body_length) {
        const std::span<char> space = exchange_->request().body_buffer().space();
        return space.first(std::min<uint64_t>(space.size(), body_left_));
    }
    const bool large = state_ == State::body_chunked || state_ == State::linger;
    const size_t wanted = large ? kInputChunked : kInputFirst;
    const size_t held = input_end_ - input_begin_;
    if (input_capacity_ < wanted || held == input_capacity_) {
        const size_t capacity = std::max(wanted, held == input_capacity_ ? held * 2 : 0);
        std::unique_ptr<char[]> bigger(new char[capacity]);
        if (held != 0) std::memcpy(bigger.get(), input_.get() + input_begin_, held);
        input_ = std::move(bigger);
        input_capacity_ = capacity;
        input_begin_ = 0;
        input_end_ = held;
    } else if (input_begin_ != 0) {
        std::memmove(input_.get(), input_.get() + input_begin_, held);
        input_begin_ = 0;
        input_end_ = held;
    }
    return {input_.get() + input_end_, input_capacity_ - input_end_};
}

void Connection::on_read(size_t count) {
    if (count == 0) {
        ended_ = true;
        return;
    }
    switch (state_) {
        case State::body_length:
            exchange_->request().body_buffer().commit(count);
            body_left_ -= count;
            extend(count);
            return;
        case State::body_chunked:
            extend(count);
            break;
        case State::linger:
            lingered_ += count;
            break;
        default:
            if (phase_ == Phase::idle) {
                const int64_t limit = service_->options.header_timeout_ms;
                enter(Phase::header, peer_.over_limit ? std::min(limit, kOverLimitMs) : limit);
                request_started_ns_ = steady_now_ns();
            }
    }
    input_end_ += count;
}

void Connection::new_request() {
    exchange_ = std::make_shared<Exchange>(service_, waker_.lock());
    exchange_->request().set_connection(peer_.id, peer_.name, peer_.is_tls);
    parser_.emplace(service_->options, *service_->pool, exchange_->request());
    body_left_ = 0;
    bytes_in_ = 0;
    bytes_out_ = 0;
}

std::optional<Connection::Action> Connection::read_header() {
    // A line break left over by a sloppy client before the request line is skipped.
    while (exchange_ == nullptr && input_begin_ + 1 < input_end_ && input_[input_begin_] == '\r' &&
           input_[input_begin_ + 1] == '\n') {
        input_begin_ += 2;
    }
    if (input_begin_ != input_end_) {
        if (exchange_ == nullptr) {
            new_request();
            if (phase_ == Phase::idle) {  // pipelined: it was here before
                enter(Phase::header, service_->options.header_timeout_ms);
                request_started_ns_ = steady_now_ns();
            }
        }
        input_begin_ += parser_->put({input_.get() + input_begin_, input_end_ - input_begin_});
        if (parser_->error()) {
            refuse(*parser_->error());
            return std::nullopt;
        }
        if (parser_->is_header_done()) {
            on_header();
            return std::nullopt;
        }
    }
    if (!ended_) {
        if (input_begin_ == input_end_ && exchange_ == nullptr) {
            if (service_->draining) {
                state_ = State::shutting;
                return std::nullopt;
            }
            if (input_capacity_ > kInputFirst) {  // idle connections hold little
                input_.reset();
                input_capacity_ = input_begin_ = input_end_ = 0;
            }
        }
        return Action::read;
    }
    if (peer_.over_limit) {
        refuse(Refusal::connection_limit, 503, "http.connections_max is reached, try again");
    } else if (exchange_ != nullptr) {
        on_early_end();
    } else {
        state_ = State::closed;
    }
    return std::nullopt;
}

// The client's half ended inside a request: it gave up, or our patience did.
void Connection::on_early_end() {
    if (!timed_out_) {
        refuse(Refusal::bad_request, 400, "unexpected EOF");
    } else if (state_ == State::reading) {
        refuse(Refusal::timeout_header, 408,
               "the request's header took longer than http.header_timeout");
    } else {
        refuse(Refusal::timeout_body, 408, "the request's body came slower than http.rate_min");
    }
}

void Connection::on_header() {
    if (peer_.over_limit) {
        refuse(Refusal::connection_limit, 503, "http.connections_max is reached, try again");
        return;
    }
    exchange_->set_protocol(parser_->http_minor(), parser_->keep_alive());
    const uint64_t length = parser_->content_length();
    if (!parser_->is_chunked() && length == 0) {
        run();
        return;
    }
    enter(Phase::body, service_->options.body_timeout_ms);
    if (parser_->is_chunked()) {
        state_ = State::body_chunked;
    } else {
        start_body(length);
        if (state_ != State::body_length) return;
    }
    const bool more = parser_->is_chunked() ? !parser_->is_done() : body_left_ != 0;
    if (parser_->expects_continue() && more && input_begin_ == input_end_) {
        continuing_ = true;
        out_ = Outgoing();
        out_.head = kContinue;
        out_offset_ = 0;
        state_ = State::writing;
    }
}

void Connection::start_body(uint64_t length) {
    BodyBuffer &body = exchange_->request().body_buffer();
    if (!service_->pool->reserve(body, length)) {
        refuse(Refusal::body_memory, 503, "http.body_memory_max is reached, try again");
        return;
    }
    const size_t here = std::min<uint64_t>(length, input_end_ - input_begin_);
    std::memcpy(body.space().data(), input_.get() + input_begin_, here);
    body.commit(here);
    input_begin_ += here;
    body_left_ = length - here;
    state_ = State::body_length;
}

std::optional<Connection::Action> Connection::read_length_body() {
    if (body_left_ == 0) {
        run();
    } else if (ended_) {
        on_early_end();
    } else {
        return Action::read;
    }
    return std::nullopt;
}

std::optional<Connection::Action> Connection::read_chunked_body() {
    const size_t held = input_end_ - input_begin_;
    const size_t used = held == 0 ? 0 : parser_->put({input_.get() + input_begin_, held});
    input_begin_ += used;
    if (parser_->error()) {
        refuse(*parser_->error());
    } else if (parser_->is_done()) {
        run();
    } else if (ended_) {
        on_early_end();
    } else if (input_end_ - input_begin_ >= kInputChunked) {
        refuse(Refusal::bad_request, 400, "bad request: chunk extensions or trailers too long");
    } else {
        return Action::read;
    }
    return std::nullopt;
}

void Connection::run() {
    bytes_in_ = exchange_->request().body_buffer().size();
    parser_.reset();
    state_ = State::running;
    phase_.store(Phase::busy, std::memory_order_release);
    job_ = dispatch(exchange_, takes_jobs_);
}

std::optional<Connection::Action> Connection::run_step() {
    if (!exchange_->collect(out_, !service_->draining)) return Action::wait;
    out_offset_ = 0;
    chunk_line_.clear();
    chunk_end_ = {};
    if (out_.is_chunk) {
        if (!out_.body.empty()) {
            char digits[20];
            char *end = std::to_chars(digits, digits + sizeof digits, out_.body.size(), 16).ptr;
            chunk_line_.assign(digits, end);
            chunk_line_ += kLineEnd;
            chunk_end_ = out_.is_last && !out_.is_cut ? kLineEndAndLastChunk : kLineEnd;
        } else if (out_.is_last && !out_.is_cut) {
            chunk_end_ = kLastChunk;
        }
    }
    state_ = State::writing;
    enter(Phase::write, service_->options.write_timeout_ms);
    return std::nullopt;
}

std::array<std::string_view, 4> Connection::output() const {
    std::array<std::string_view, 4> parts{out_.head, chunk_line_, out_.body, chunk_end_};
    size_t skip = out_offset_;
    for (std::string_view &part : parts) {
        const size_t gone = std::min(skip, part.size());
        part.remove_prefix(gone);
        skip -= gone;
    }
    return parts;
}

void Connection::on_written(size_t count) {
    out_offset_ += count;
    bytes_out_ += count;
    extend(count);
}

void Connection::on_write_failed() {
    if (timed_out_) service_->count(Refusal::timeout_write);
    state_ = State::closed;
}

void Connection::await_write() {
    enter(Phase::write, service_->options.write_timeout_ms);
}

std::optional<Connection::Action> Connection::write_step() {
    const size_t total =
        out_.head.size() + chunk_line_.size() + out_.body.size() + chunk_end_.size();
    if (out_offset_ < total) return Action::write;
    after_output();
    return std::nullopt;
}

void Connection::after_output() {
    if (continuing_) {
        continuing_ = false;
        out_.head.clear();
        out_offset_ = 0;
        state_ = parser_->is_chunked() ? State::body_chunked : State::body_length;
        return;
    }
    if (refusing_) {
        finish_exchange(false);
        state_ = State::shutting;
        return;
    }
    if (!out_.is_last) {
        phase_.store(Phase::busy, std::memory_order_release);
        state_ = State::running;
        exchange_->written();
        return;
    }
    const bool keep_alive = out_.keep_alive;
    const bool cut = out_.is_cut;
    finish_exchange(cut);
    if (cut) {
        state_ = State::closed;
    } else if (keep_alive && !service_->draining) {
        state_ = State::reading;
        enter(Phase::idle, service_->options.idle_timeout_ms);
    } else {
        state_ = State::shutting;
    }
}

// Counts and logs the request, and lets the exchange go.
void Connection::finish_exchange(bool cut) {
    const std::shared_ptr<Exchange> exchange = std::move(exchange_);
    exchange_ = nullptr;
    parser_.reset();
    if (exchange == nullptr) return;
    const unsigned status = cut && bytes_out_ == 0 ? 499 : exchange->status();
    const int64_t duration_ns = steady_now_ns() - request_started_ns_;
    const Hooks &hooks = service_->hooks;
    // A detached exchange may still be in its handler's hands: its request is not ours to read
    // then.
    const bool readable = out_.is_last || refusing_;
    if (hooks.metrics != nullptr) {
        hooks.metrics->request_finished(exchange->route_path(), status, bytes_in_, bytes_out_,
                                        duration_ns);
    }
    if (hooks.access_log && readable) {
        const Request &request = exchange->request();
        AccessRecord record;
        record.peer = peer_.name;
        record.principal = request.principal();
        record.method = request.method_name();
        record.target = redacted_target(request.target());
        record.status = status;
        record.bytes_in = bytes_in_;
        record.bytes_out = bytes_out_;
        record.duration_ns = duration_ns;
        record.request_id = exchange->header("request-id");
        record.user_agent = request.header("user-agent").value_or("");
        record.referer = request.header("referer").value_or("");
        record.cut = cut;
        hooks.access_log(record);
    }
    exchange->written();
    exchange->detach();
    std::string().swap(out_.body);
    request_started_ns_ = steady_now_ns();
}

void Connection::refuse(const RequestParser::Error &error) {
    refuse(error.reason, error.status, error.text);
}

// Answers without a handler, and closes: what follows in the input cannot be trusted.
void Connection::refuse(Refusal reason, unsigned status, std::string_view text) {
    service_->count(reason);
    if (exchange_ == nullptr) new_request();
    exchange_->set_status(status);
    out_ = Outgoing();
    out_.body = "{\"error\":\"" + json_escaped(text) + "\"}\n";
    std::vector<Header> headers{{"Content-Type", "application/json"}};
    if (status == 503) {
        headers.push_back({"Retry-After", std::to_string(service_->options.retry_after_s)});
    }
    HeadParts parts;
    parts.status = status;
    parts.length = out_.body.size();
    parts.keep_alive = false;
    append_head(out_.head, parts, headers);
    out_offset_ = 0;
    chunk_line_.clear();
    chunk_end_ = {};
    refusing_ = true;
    state_ = State::writing;
    enter(Phase::write, service_->options.write_timeout_ms);
}

Connection::Sweep Connection::sweep(int64_t now_ns) {
    const Phase phase = phase_.load(std::memory_order_acquire);
    if (phase == Phase::busy) return Sweep::probe;
    const bool idle = phase == Phase::idle;
    if (idle && service_->draining) return Sweep::shut_read;
    if (now_ns < deadline_ns_.load(std::memory_order_relaxed)) return Sweep::none;
    timed_out_ = true;
    const bool answerable = idle || phase == Phase::header || phase == Phase::body;
    return answerable ? Sweep::shut_read : Sweep::shut_both;
}

void Connection::set_hung_up() {
    hung_up_ = true;
}
bool Connection::is_hung_up() const {
    return hung_up_ || given_up_;
}
void Connection::give_up() {
    given_up_.store(true, std::memory_order_release);
}
bool Connection::is_idle() const {
    return phase_ == Phase::idle;
}

}  // namespace varve::http
