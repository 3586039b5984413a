// 1. Route: unknown path 404, wrong method 405 with Allow, OPTIONS 200.
// 2. Headers that every answer carries: the configured ones, and of the route InfluxDB's and CORS.
// 3. Where to run: in place on the io thread if the route is SHORT, the body small and a slot free
//    (two threads always stay free for sockets); otherwise on a worker; no room there: 503.
//    If the route is also MAY_STAY, the handler gets the thread as a whole, while one is to spare.
// 4. There: authenticate, remove the content coding, call the handler.
#include "kernel/http/dispatch.hpp"

#include <exception>
#include <thread>
#include <utility>

#include "kernel/http/codec/content_coding.hpp"
#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

// Decoding this much takes an io thread tens of microseconds at most.
constexpr size_t kInPlaceCodedMax = 4096;

// A right to run in place.
class Slot {
  public:
    explicit Slot(std::atomic<int> &free) : free_(free) {
        taken_ = free_.fetch_sub(1, std::memory_order_acq_rel) > 0;
        if (!taken_) free_.fetch_add(1, std::memory_order_acq_rel);
    }
    ~Slot() {
        if (taken_) free_.fetch_add(1, std::memory_order_acq_rel);
    }
    Slot(const Slot &) = delete;
    Slot &operator=(const Slot &) = delete;
    bool taken() const { return taken_; }

  private:
    std::atomic<int> &free_;
    bool taken_ = false;
};

void set_version_headers(Exchange &exchange) {
    const Options &options = exchange.service().options;
    exchange.set_header("X-Influxdb-Version", options.influx_version);
    exchange.set_header("X-Influxdb-Build", options.influx_build);
}

void set_influx_headers(Exchange &exchange) {
    Request &request = exchange.request();
    set_version_headers(exchange);
    std::string id(request.header("x-request-id").value_or(""));
    if (id.empty()) id = request.header("request-id").value_or("");
    if (id.empty()) id = new_uuid_v1();
    exchange.set_header("Request-Id", id);
    exchange.set_header("X-Request-Id", id);
    const std::string_view origin = request.header("origin").value_or("");
    if (origin.empty()) return;
    exchange.set_header("Access-Control-Allow-Origin", origin);
    exchange.set_header("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, POST, PUT");
    exchange.set_header("Access-Control-Allow-Headers",
                        "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, "
                        "X-CSRF-Token, X-HTTP-Method-Override");
    exchange.set_header("Access-Control-Expose-Headers",
                        "Date, X-InfluxDB-Version, X-InfluxDB-Build");
}

// On every answer, whoever asks.
void set_influx_08_headers(Exchange &exchange) {
    exchange.set_header("X-Influxdb-Version", exchange.service().options.influx_version);
    exchange.set_header("Access-Control-Allow-Origin", "*");
    exchange.set_header("Access-Control-Max-Age", "2592000");
    exchange.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
    exchange.set_header("Access-Control-Allow-Headers",
                        "Origin, X-Requested-With, Content-Type, Accept");
}

void send_plain(ResponseWriter writer, unsigned status, std::string text) {
    writer.set_status(status);
    writer.set_header("Content-Type", "text/plain; charset=utf-8");
    writer.set_header("X-Content-Type-Options", "nosniff");
    writer.send(std::move(text));
}

void refuse(Exchange &exchange, ResponseWriter writer, Refusal reason, unsigned status,
            std::string_view text) {
    exchange.service().count(reason);
    if (status == 503 || status == 429) {
        writer.set_header("Retry-After", std::to_string(exchange.service().options.retry_after_s));
    }
    writer.send_error(status, text);
}

void handle(const std::shared_ptr<Exchange> &exchange, ResponseWriter writer) {
    // Held until the handler has returned, even if it answers before.
    const std::shared_ptr<RouteUse> use = exchange->use();
    try {
        use->route().handler(exchange->request(), std::move(writer));
    } catch (const std::exception &) {
        // The writer died with the handler's frame and has answered 500.
        Metrics *metrics = exchange->service().hooks.metrics;
        if (metrics != nullptr) metrics->handler_failed();
    }
}

bool decode(Exchange &exchange, ResponseWriter &writer) {
    Request &request = exchange.request();
    Service &service = exchange.service();
    const auto value = request.header("content-encoding");
    if (!value || request.body_buffer().size() == 0) return true;
    std::string error;
    const DecodeResult result = decode_body(coding_of(*value), request.body_buffer(), *service.pool,
                                            service.options.body_size_max, error);
    switch (result) {
        case DecodeResult::ok:
            return true;
        case DecodeResult::corrupt:
            refuse(exchange, std::move(writer), Refusal::bad_encoding, 400, error);
            break;
        case DecodeResult::truncated:
            refuse(exchange, std::move(writer), Refusal::truncated_encoding, 400, error);
            break;
        case DecodeResult::too_large:
            refuse(exchange, std::move(writer), Refusal::decompressed_too_large, 413, error);
            break;
        case DecodeResult::no_memory:
            refuse(exchange, std::move(writer), Refusal::body_memory, 503, error);
            break;
    }
    return false;
}

// Hands over to a worker; says 503 if none will come.
void run_on_worker(const std::shared_ptr<Exchange> &exchange, ResponseWriter writer,
                   void (*step)(const std::shared_ptr<Exchange> &, ResponseWriter)) {
    // std::function wants copies, a writer has none.
    auto shared = std::make_shared<ResponseWriter>(std::move(writer));
    exchange->request().set_may_block(false);
    Executor *executor = exchange->service().executor.load(std::memory_order_acquire);
    if (executor != nullptr &&
        executor->try_run([exchange, shared, step] { step(exchange, std::move(*shared)); })) {
        return;
    }
    refuse(*exchange, std::move(*shared), Refusal::queue_full, 503,
           "request throttled, queue full");
}

void proceed(const std::shared_ptr<Exchange> &exchange, ResponseWriter writer) {
    try {
        if (!decode(*exchange, writer)) return;
    } catch (const std::bad_alloc &) {
        refuse(*exchange, std::move(writer), Refusal::body_memory, 503, "out of memory");
        return;
    }
    handle(exchange, std::move(writer));
}

// What waits for the Authenticator's verdict.
struct AuthCall {
    std::shared_ptr<Exchange> exchange;
    ResponseWriter writer;
    std::thread::id caller;
    bool inside = true;  // the caller's: authenticate() has not returned
};

void finish_authentication(AuthCall &call, AuthDecision decision) {
    const std::shared_ptr<Exchange> exchange = call.exchange;
    if (!decision.allowed) {
        refuse(*exchange, std::move(call.writer), Refusal::unauthorized, decision.status,
               decision.error);
        return;
    }
    exchange->request().set_principal(std::move(decision.principal),
                                      std::move(decision.credentials));
    // A verdict at once goes on in place; a later one comes on a thread that is not for handlers.
    if (std::this_thread::get_id() == call.caller && call.inside) {
        proceed(exchange, std::move(call.writer));
    } else {
        run_on_worker(exchange, std::move(call.writer), &proceed);
    }
}

void run(const std::shared_ptr<Exchange> &exchange, ResponseWriter writer) {
    Authenticator *authenticator = exchange->service().hooks.authenticator;
    if (authenticator == nullptr || (exchange->route()->flags & kPublic) != 0) {
        proceed(exchange, std::move(writer));
        return;
    }
    auto call = std::make_shared<AuthCall>();
    call->exchange = exchange;
    call->writer = std::move(writer);
    call->caller = std::this_thread::get_id();
    authenticator->authenticate(exchange->request(), [call](AuthDecision decision) {
        finish_authentication(*call, std::move(decision));
    });
    // `call` may be answered by now, on another thread; only this thread reads `inside`.
    call->inside = false;
}

bool may_run_in_place(Exchange &exchange) {
    Request &request = exchange.request();
    const size_t size = request.body_buffer().size();
    if ((exchange.route()->flags & kShort) == 0) return false;
    if (size > exchange.service().options.in_place_body_max) return false;
    return size <= kInPlaceCodedMax || !request.header("content-encoding");
}

// The handler as a job that has its thread to itself; empty if none is to spare, and then `writer`
// is still there.
std::function<void()> make_job(const std::shared_ptr<Exchange> &exchange, ResponseWriter &writer) {
    auto slot = std::make_shared<Slot>(exchange->service().stay_slots_free);
    if (!slot->taken()) return {};
    exchange->request().set_may_block(true);
    auto shared = std::make_shared<ResponseWriter>(std::move(writer));
    return [exchange, shared, slot] { run(exchange, std::move(*shared)); };
}

}  // namespace

std::function<void()> dispatch(const std::shared_ptr<Exchange> &exchange, bool takes_job) {
    ResponseWriter writer(exchange);
    Request &request = exchange->request();
    Service &service = exchange->service();
    for (const auto &[name, value] : service.options.headers) exchange->set_header(name, value);
    std::shared_ptr<RouteUse> use = service.routes.find(request.path());
    if (use == nullptr) {
        set_version_headers(*exchange);
        send_plain(std::move(writer), 404, "404 page not found\n");
        return {};
    }
    const Route &route = use->route();
    if ((route.flags & kInflux08) != 0) set_influx_08_headers(*exchange);
    const uint32_t wanted = request.method() == kHead ? kGet : request.method();
    if (wanted == kOptions ? !route.has_options() : (route.methods & wanted) == 0) {
        set_version_headers(*exchange);
        writer.set_header("Allow", route.allow());
        send_plain(std::move(writer), 405, "Method Not Allowed\n");
        return {};
    }
    if ((route.flags & kInflux) != 0) set_influx_headers(*exchange);
    if (wanted == kOptions && (route.methods & kOptions) == 0) {
        if ((route.flags & kInflux) == 0) writer.set_header("Allow", route.allow());
        writer.send();
        return {};
    }
    exchange->set_route(std::move(use));
    if (service.hooks.metrics != nullptr) {
        service.hooks.metrics->request_routed(exchange->route_path());
    }
    if (may_run_in_place(*exchange)) {
        if (takes_job && (route.flags & kMayStay) != 0) {
            if (auto job = make_job(exchange, writer)) return job;
        }
        const Slot slot(service.slots_free);
        if (slot.taken()) {
            run(exchange, std::move(writer));
            return {};
        }
    }
    run_on_worker(exchange, std::move(writer), &run);
    return {};
}

}  // namespace varve::http
