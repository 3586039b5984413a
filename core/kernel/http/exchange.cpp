#include "kernel/http/exchange.hpp"

#include <utility>

#include <varve/cpp/accept.hpp>

#include "base/assert.hpp"
#include "kernel/http/codec/error_document.hpp"
#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

constexpr size_t kErrorHeaderMax = 1024;

std::string_view find_header(const std::vector<Header> &headers, std::string_view name) {
    for (const Header &header : headers) {
        if (equals_ignoring_case(header.name, name)) return header.value;
    }
    return {};
}

std::string_view realm(uint32_t flags) {
    if ((flags & kInflux) != 0) return "Basic realm=\"InfluxDB\"";
    return (flags & kInflux08) != 0 ? "Basic realm=\"influxdb\"" : "Basic realm=\"Varve\"";
}

}  // namespace

Exchange::Exchange(std::shared_ptr<Service> service, std::shared_ptr<Waker> waker)
    : service_(std::move(service)), waker_(std::move(waker)) {}

void Exchange::set_protocol(unsigned http_minor, bool keep_alive) {
    http_minor_ = http_minor;
    request_keeps_alive_ = keep_alive;
    is_head_ = request_.method() == kHead;
}

void Exchange::set_route(std::shared_ptr<RouteUse> use) {
    use_ = std::move(use);
    flags_ = use_->route().flags;
    request_.set_route_flags(flags_);
    route_path_ = use_->route().path;
}

void Exchange::set_status(unsigned status) {
    // 1xx are not answers, and no number may break the status line.
    status_ = status >= 200 && status <= 999 ? status : 500;
}

void Exchange::set_header(std::string_view name, std::string_view value) {
    for (Header &header : headers_) {
        if (equals_ignoring_case(header.name, name)) {
            header.value = header_safe(value);
            return;
        }
    }
    add_header(name, value);
}

void Exchange::add_header(std::string_view name, std::string_view value) {
    if (name.empty() || is_service_header(name) ||
        name.find_first_of(std::string_view(" \t\r\n:\0", 6)) != std::string_view::npos) {
        return;
    }
    headers_.push_back({std::string(name), header_safe(value)});
}

bool Exchange::has_no_body() const {
    return status_ == 204 || status_ == 304;
}

bool Exchange::wants_gzip() const {
    const bool may_be = (flags_ & kInflux) != 0 ? status_ == 200 : status_ != 206;
    return service_->options.compression && !is_head_ && !has_no_body() && may_be &&
           accepts_gzip(request_.header("accept-encoding").value_or("")) &&
           find_header(headers_, "content-encoding").empty() &&
           is_compressible(find_header(headers_, "content-type"));
}

// The headers that follow from the others and from the body (of a stream: nothing yet).
void Exchange::complete_headers(std::string_view body, size_t size, bool streaming) {
    if ((size != 0 || streaming) && !has_no_body() &&
        find_header(headers_, "content-type").empty()) {
        add_header("Content-Type", "text/plain; charset=utf-8");
    }
    if (status_ == 401) {
        if (find_header(headers_, "www-authenticate").empty()) {
            add_header("Www-Authenticate", realm(flags_));
        }
    } else if (status_ >= 400 && (flags_ & kInflux) != 0 &&
               find_header(headers_, "x-influxdb-error").empty()) {
        const std::string text = error_text(body, kErrorHeaderMax);
        if (!text.empty()) add_header("X-Influxdb-Error", text);
    }
}

// InfluxDB's errors, and what it says of an empty answer, are of the form that Accept asks for.
void Exchange::take_asked_form(std::string &body) {
    if ((flags_ & kInflux) == 0 || (status_ < 400 && !has_no_body())) return;
    const std::string_view format = answer_format(request_.header("accept").value_or(""));
    if (format == "json" || find_header(headers_, "content-type") != "application/json") return;
    set_header("Content-Type", document_type(format));
    if (!has_no_body()) body = error_document(format, error_text(body, body.size()));
}

void Exchange::send(std::string body) {
    complete_headers(body, body.size(), false);
    take_asked_form(body);
    if (body.size() >= kCompressMin && wants_gzip()) {
        std::string smaller = gzip_compressed(body);
        if (!smaller.empty()) {
            body = std::move(smaller);
            add_header("Content-Encoding", "gzip");
            if ((flags_ & kInflux) == 0) add_header("Vary", "Accept-Encoding");
        }
    }
    publish(Phase::whole, std::move(body));
}

// Makes the answer visible to the connection and lets the route go.
void Exchange::publish(Phase phase, std::string body) {
    // Declared before the lock: the hold on the route is dropped behind it.
    const std::shared_ptr<RouteUse> use = std::move(use_);
    std::unique_lock lock(mutex_);
    phase_ = phase;
    if (pending_.empty()) {
        pending_ = std::move(body);
    } else {
        pending_ += body;
    }
    wake_if_waiting(std::move(lock), &Waker::wake_at_end);
}

void Exchange::wake_if_waiting(std::unique_lock<std::mutex> lock, void (Waker::*wake)()) {
    if (!waiting_ || waker_ == nullptr) return;
    waiting_ = false;
    const std::shared_ptr<Waker> waker = waker_;
    lock.unlock();
    ((*waker).*wake)();
}

bool Exchange::begin_stream(std::string_view piece) {
    {
        const std::lock_guard lock(mutex_);
        VARVE_ASSERT(phase_ == Phase::open || phase_ == Phase::streaming);
        VARVE_ASSERT(!resume_.call);  // nothing may be written before resume() has come
        if (waker_ == nullptr || waker_->is_hung_up()) return false;
        if (phase_ != Phase::open) return true;
    }
    complete_headers(piece, piece.size(), true);
    if (wants_gzip()) {
        gzip_ = std::make_unique<GzipStream>();
        add_header("Content-Encoding", "gzip");
        if ((flags_ & kInflux) == 0) add_header("Vary", "Accept-Encoding");
    }
    return true;
}

std::string_view Exchange::coded(std::string_view piece, std::string &buffer) {
    if (gzip_ != nullptr) {
        buffer = gzip_->add(piece);
        piece = buffer;
    }
    return is_head_ || has_no_body() ? std::string_view() : piece;
}

ResponseWriter::WriteResult Exchange::write(std::string_view piece, std::function<void()> resume) {
    if (!begin_stream(piece)) return ResponseWriter::WriteResult::cancelled;
    std::string buffer;
    piece = coded(piece, buffer);
    std::unique_lock lock(mutex_);
    if (waker_ == nullptr) return ResponseWriter::WriteResult::cancelled;
    phase_ = Phase::streaming;
    begun_ = true;
    pending_ += piece;
    auto result = ResponseWriter::WriteResult::ok;
    if (pending_.size() >= service_->options.stream_buffer_max) {
        result = ResponseWriter::WriteResult::wait;
        if (!resume) resume = [] {};
        resume_ = {std::move(resume), use_};
    }
    wake_if_waiting(std::move(lock), &Waker::wake);
    return result;
}

void Exchange::finish(std::string_view piece) {
    if (begin_stream(piece)) {
        std::string buffer;
        piece = coded(piece, buffer);
        const std::lock_guard lock(mutex_);
        phase_ = Phase::streaming;
        begun_ = true;
        pending_ += piece;
    }
    end(true);
}

void Exchange::end(bool ok) {
    Phase before = Phase::open;
    {
        const std::lock_guard lock(mutex_);
        before = phase_;
    }
    if (!ok) {
        gzip_.reset();
        publish(Phase::cut, {});
    } else if (before == Phase::open) {
        send({});  // a stream without pieces is an answer without a body
    } else {
        std::string rest = gzip_ != nullptr ? gzip_->finish() : std::string();
        if (is_head_ || has_no_body()) rest.clear();
        gzip_.reset();
        publish(Phase::ended, std::move(rest));
    }
}

void Exchange::abandon() {
    Phase before = Phase::open;
    {
        const std::lock_guard lock(mutex_);
        before = phase_;
    }
    if (before != Phase::open) {
        end(false);
        return;
    }
    set_status(500);
    set_header("Content-Type", "application/json");
    send("{\"error\":\"internal error: the request was dropped without an answer\"}\n");
}

bool Exchange::is_cancelled() const {
    const std::lock_guard lock(mutex_);
    return waker_ == nullptr || waker_->is_hung_up();
}

void Exchange::append_out_head(Outgoing &out, bool may_keep_alive) {
    HeadParts parts;
    parts.http_minor = http_minor_;
    parts.status = status_;
    keep_alive_ = may_keep_alive && request_keeps_alive_;
    if (has_no_body()) {
        parts.framing = Framing::none;
    } else if (phase_ == Phase::whole) {
        parts.framing = Framing::length;
        parts.length = pending_.size();
    } else if (http_minor_ == 0) {
        parts.framing = Framing::close;
        keep_alive_ = false;
    } else {
        parts.framing = Framing::chunked;
    }
    parts.keep_alive = keep_alive_;
    append_head(out.head, parts, headers_);
    head_sent_ = true;
}

bool Exchange::collect(Outgoing &out, bool may_keep_alive) {
    const std::lock_guard lock(mutex_);
    const bool finished = phase_ == Phase::whole || phase_ == Phase::ended || phase_ == Phase::cut;
    const bool head_due = !head_sent_ && phase_ != Phase::open;
    if (phase_ == Phase::open || (!finished && !head_due && pending_.empty())) {
        waiting_ = true;
        return false;
    }
    out.head.clear();
    out.body.clear();
    // What was written before the cut still goes out.
    if (head_due && (phase_ != Phase::cut || begun_)) append_out_head(out, may_keep_alive);
    const bool framed = phase_ != Phase::whole && http_minor_ != 0 && !is_head_ && !has_no_body();
    out.is_chunk = framed;
    out.is_last = finished;
    out.is_cut = phase_ == Phase::cut;
    out.keep_alive = keep_alive_;
    out.body.swap(pending_);
    if (is_head_ || has_no_body()) out.body.clear();
    return true;
}

void Exchange::written() {
    Resume resume;
    {
        const std::lock_guard lock(mutex_);
        std::swap(resume, resume_);
    }
    if (resume.call) resume.call();
}

void Exchange::detach() {
    Resume resume;
    std::shared_ptr<Waker> waker;
    {
        const std::lock_guard lock(mutex_);
        std::swap(resume, resume_);
        std::swap(waker, waker_);
        pending_.clear();
        pending_.shrink_to_fit();
    }
    if (resume.call) resume.call();
}

std::string_view Exchange::header(std::string_view name) const {
    return find_header(headers_, name);
}

ResponseWriter::ResponseWriter(std::shared_ptr<Exchange> exchange)
    : exchange_(std::move(exchange)) {}

ResponseWriter &ResponseWriter::operator=(ResponseWriter &&other) noexcept {
    if (this != &other) {
        abandon();
        exchange_ = std::move(other.exchange_);
    }
    return *this;
}

ResponseWriter::~ResponseWriter() {
    abandon();
}

void ResponseWriter::abandon() {
    if (exchange_ == nullptr) return;
    exchange_->abandon();
    exchange_.reset();
}

Request &ResponseWriter::request() {
    VARVE_ASSERT(exchange_ != nullptr);
    return exchange_->request();
}

void ResponseWriter::set_status(unsigned status) {
    VARVE_ASSERT(exchange_ != nullptr);
    exchange_->set_status(status);
}

void ResponseWriter::set_header(std::string_view name, std::string_view value) {
    VARVE_ASSERT(exchange_ != nullptr);
    exchange_->set_header(name, value);
}

void ResponseWriter::add_header(std::string_view name, std::string_view value) {
    VARVE_ASSERT(exchange_ != nullptr);
    exchange_->add_header(name, value);
}

void ResponseWriter::send(std::string body) {
    VARVE_ASSERT(exchange_ != nullptr);
    const std::shared_ptr<Exchange> exchange = std::move(exchange_);
    exchange->send(std::move(body));
}

void ResponseWriter::send_error(unsigned status, std::string_view text) {
    set_status(status);
    if ((request().route_flags() & kInflux08) != 0) {
        set_header("Content-Type", "text/plain");
        return send(std::string(text));
    }
    set_header("Content-Type", "application/json");
    send("{\"error\":\"" + json_escaped(text) + "\"}\n");
}

ResponseWriter::WriteResult ResponseWriter::write(std::string_view piece,
                                                  std::function<void()> resume) {
    VARVE_ASSERT(exchange_ != nullptr);
    return exchange_->write(piece, std::move(resume));
}

void ResponseWriter::end(bool ok) {
    VARVE_ASSERT(exchange_ != nullptr);
    const std::shared_ptr<Exchange> exchange = std::move(exchange_);
    exchange->end(ok);
}

void ResponseWriter::finish(std::string_view piece) {
    VARVE_ASSERT(exchange_ != nullptr);
    const std::shared_ptr<Exchange> exchange = std::move(exchange_);
    exchange->finish(piece);
}

bool ResponseWriter::is_cancelled() const {
    VARVE_ASSERT(exchange_ != nullptr);
    return exchange_->is_cancelled();
}

}  // namespace varve::http
