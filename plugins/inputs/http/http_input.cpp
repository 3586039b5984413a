#include "inputs/http/http_input.hpp"

#include <string>

#include "inputs/http/query_handler.hpp"
#include "inputs/http/responder.hpp"
#include "inputs/http/series_api/number_file.hpp"
#include "inputs/http/write_handler.hpp"

namespace varve {
namespace {

HttpInput &input_of(void *ctx) {
    return *static_cast<HttpInput *>(ctx);
}

// GET /ping: 204, or the version as JSON with ?verbose=true.
void handle_ping(void *ctx, const varve_http_request *request, varve_http_response *response) {
    Responder responder(input_of(ctx).host(), response);
    const std::string_view verbose = responder.query_param(request, "verbose");
    if (verbose.empty() || verbose == "0" || verbose == "false") return responder.send(204);
    responder.send_json(200, "{\"version\":\"1.8.10\"}");
}

void handle_status(void *ctx, const varve_http_request *, varve_http_response *response) {
    Responder(input_of(ctx).host(), response).send(204);
}

WriteParts write_parts(void *ctx) {
    HttpInput &input = input_of(ctx);
    return {input.host(), input.figures(), input.senders()};
}

void handle_v1_write(void *ctx, const varve_http_request *request, varve_http_response *response) {
    handle_write(write_parts(ctx), request, response, WriteFace::v1);
}

void handle_v2_write(void *ctx, const varve_http_request *request, varve_http_response *response) {
    handle_write(write_parts(ctx), request, response, WriteFace::v2);
}

void handle_v1_query(void *ctx, const varve_http_request *request, varve_http_response *response) {
    handle_query(input_of(ctx).host(), input_of(ctx).figures(), request, response);
}

// POST /api/v2/query: Flux, which is off.
void handle_flux(void *ctx, const varve_http_request *, varve_http_response *response) {
    Responder(input_of(ctx).host(), response)
        .send_text(403,
                   "Flux query service disabled. Verify flux-enabled=true in the [http] section of "
                   "the InfluxDB config.\n");
}

constexpr varve_config_key kKeys[] = {
    {"ping_auth_enabled", "false", "Ask for credentials on /ping and /status as well.",
     VARVE_CONFIG_BOOLEAN, 0},
};

}  // namespace

const varve_descriptor &HttpInput::descriptor() {
    static const varve_descriptor made = {
        sizeof made,
        VARVE_KIND_INPUT,
        "inputs.http",
        "InfluxDB HTTP",
        "1.0.0",
        "InfluxDB 1.x over HTTP: /write, /query, /ping, /status, /api/v2/write; 0.8's /db and "
        "/cluster.",
        kKeys,
        std::size(kKeys),
        0};
    return made;
}

Status HttpInput::start() {
    const varve_host_http *http = host_.http();
    if (http == nullptr) return {Code::failed_precondition, "the host has no HTTP service"};
    const auto ping_auth = host_.config_boolean("ping_auth_enabled");
    if (!ping_auth.ok()) return ping_auth.status();
    VARVE_RETURN_IF_ERROR(open_numbers());
    const uint32_t open = *ping_auth ? 0 : VARVE_HTTP_PUBLIC;
    struct Route {
        uint32_t methods;
        const char *path;
        uint32_t flags;
        void (*handle)(void *, const varve_http_request *, varve_http_response *);
    };
    const Route routes[] = {
        {VARVE_HTTP_GET, "/ping", VARVE_HTTP_SHORT | open, handle_ping},
        {VARVE_HTTP_GET, "/status", VARVE_HTTP_SHORT | open, handle_status},
        {VARVE_HTTP_POST, "/write", VARVE_HTTP_SHORT, handle_v1_write},
        {VARVE_HTTP_POST, "/api/v2/write", VARVE_HTTP_SHORT, handle_v2_write},
        {VARVE_HTTP_POST, "/api/v2/query", VARVE_HTTP_SHORT, handle_flux},
        // Short, because the query runs in a slot of its own.
        {VARVE_HTTP_GET | VARVE_HTTP_POST, "/query", VARVE_HTTP_SHORT | VARVE_HTTP_MAY_STAY,
         handle_v1_query},
    };
    for (const Route &route : routes) {
        VARVE_RETURN_IF_ERROR(
            mount(route.methods, route.path, route.flags | VARVE_HTTP_INFLUX, route.handle, this));
    }
    constexpr uint32_t kMethods = VARVE_HTTP_GET | VARVE_HTTP_POST | VARVE_HTTP_DELETE;
    constexpr uint32_t kFlags = VARVE_HTTP_SHORT | VARVE_HTTP_INFLUX_08;
    for (const char *const *path = kSeriesApiPaths; *path != nullptr; ++path) {
        VARVE_RETURN_IF_ERROR(mount(kMethods, *path, kFlags, handle_series_api, &series_api_));
    }
    return mount(VARVE_HTTP_GET, "/interfaces", kFlags | VARVE_HTTP_PUBLIC, handle_series_api,
                 &series_api_);
}

Status HttpInput::open_numbers() {
    const NumberFile file(host_);
    const Result<int64_t> reserved = file.read();
    if (!reserved.ok()) return reserved.status();
    series_api_.numbers = std::make_unique<series_json::PointNumbers>(
        host_.now_ns(), *reserved, [file](int64_t limit) { return file.write(limit); });
    return {};
}

Status HttpInput::mount(uint32_t methods, const char *path, uint32_t flags,
                        void (*handle)(void *, const varve_http_request *, varve_http_response *),
                        void *ctx) {
    varve_error error = abi_error();
    const int32_t code =
        host_.http()->mount(host_.raw(), methods, path, flags, handle, ctx, &error);
    if (code == VARVE_OK) return {};
    stop();
    return Status::from_abi(code, error);
}

void HttpInput::stop() {
    if (host_.http() != nullptr) host_.http()->unmount_all(host_.raw());
}

}  // namespace varve
