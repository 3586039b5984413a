// varve_host_http over the HTTP service's RouteTable: each request of a plugin's route becomes one
// Call, which lives until the plugin ends its response.
#include <varve/cpp/plugin.hpp>

#include "kernel/host/handle.hpp"
#include "kernel/http/router.hpp"

namespace varve {
namespace {

struct Call {
    varve_http_request request{};
    http::ResponseWriter writer;
    http::Request *inner = nullptr;
};

Call &call_of(varve_http_response *response) {
    return *reinterpret_cast<Call *>(response);
}
http::Request &inner_of(const varve_http_request *request) {
    return *static_cast<Call *>(request->request_data)->inner;
}

void fill_request(http::Request &inner, Call &call) {
    varve_http_request &request = call.request;
    request.struct_size = sizeof request;
    // A HEAD is a GET whose answer's body the service cuts off.
    request.method = inner.method() == http::kHead ? http::kGet : inner.method();
    request.path = str(inner.path());
    request.query = str(inner.query());
    request.target = str(inner.target());
    request.body = {inner.body().data(), inner.body().size()};
    request.connection_id = inner.connection_id();
    request.request_data = &call;
    request.may_block = inner.may_block() ? 1 : 0;
}

int32_t http_mount(const varve_host *host, uint32_t methods, const char *path, uint32_t flags,
                   void (*handle)(void *, const varve_http_request *, varve_http_response *),
                   void *ctx, varve_error *error) {
    return guarded(error, [&] {
        return HostHandle::from(host).services().routes->mount(
            host, methods, path, flags,
            [handle, ctx](http::Request &inner, http::ResponseWriter writer) {
                auto call = std::make_unique<Call>();
                call->writer = std::move(writer);
                call->inner = &inner;
                fill_request(inner, *call);
                Call *released = call.release();
                handle(ctx, &released->request, reinterpret_cast<varve_http_response *>(released));
            });
    });
}

void http_unmount_all(const varve_host *host) {
    guarded_void([&] { HostHandle::from(host).services().routes->unmount_all(host); });
}

varve_str optional_str(std::optional<std::string_view> text) {
    return text ? varve_str{text->data() != nullptr ? text->data() : "",
                            static_cast<uint32_t>(text->size()), 0}
                : varve_str{nullptr, 0, 0};
}

varve_str http_request_header(const varve_http_request *request, const char *name) {
    return optional_str(inner_of(request).header(name));
}

varve_str http_request_param(const varve_http_request *request, const char *name) {
    return optional_str(inner_of(request).param(name));
}

varve_str http_request_query_param(const varve_http_request *request, const char *name) {
    return optional_str(inner_of(request).query_param(name));
}

varve_str http_request_principal(const varve_http_request *request) {
    return str(inner_of(request).principal());
}

void http_set_status(varve_http_response *response, uint32_t status) {
    call_of(response).writer.set_status(status);
}

void http_set_header(varve_http_response *response, const char *name, varve_str value) {
    guarded_void([&] { call_of(response).writer.set_header(name, view(value)); });
}

void http_send(varve_http_response *response, const void *data, uint64_t size) {
    const std::unique_ptr<Call> call(&call_of(response));
    guarded_void([&] { call->writer.send(std::string(static_cast<const char *>(data), size)); });
}

int32_t http_write(varve_http_response *response, const void *data, uint64_t size,
                   void (*resume)(void *), void *ctx) {
    using WriteResult = http::ResponseWriter::WriteResult;
    WriteResult result = WriteResult::cancelled;
    guarded_void([&] {
        result = call_of(response).writer.write({static_cast<const char *>(data), size},
                                                [resume, ctx] { resume(ctx); });
    });
    if (result == WriteResult::ok) return VARVE_OK;
    return result == WriteResult::wait ? VARVE_UNAVAILABLE : VARVE_CANCELLED;
}

void http_end(varve_http_response *response, int32_t ok) {
    const std::unique_ptr<Call> call(&call_of(response));
    guarded_void([&] { call->writer.end(ok != 0); });
}

void http_finish(varve_http_response *response, const void *data, uint64_t size) {
    const std::unique_ptr<Call> call(&call_of(response));
    guarded_void([&] { call->writer.finish({static_cast<const char *>(data), size}); });
}

int32_t http_is_cancelled(varve_http_response *response) {
    return call_of(response).writer.is_cancelled() ? 1 : 0;
}

void *http_take_body(const varve_http_request *request) {
    void *body = nullptr;
    guarded_void([&] { body = new http::BodyBuffer(std::move(inner_of(request).body_buffer())); });
    return body;
}

void http_release_body(void *body) {
    delete static_cast<http::BodyBuffer *>(body);
}

}  // namespace

const varve_host_http *host_http_table() {
    static const varve_host_http table = {sizeof(varve_host_http),
                                          0,
                                          http_mount,
                                          http_unmount_all,
                                          http_request_header,
                                          http_request_param,
                                          http_request_query_param,
                                          http_request_principal,
                                          http_set_status,
                                          http_set_header,
                                          http_send,
                                          http_write,
                                          http_end,
                                          http_is_cancelled,
                                          http_take_body,
                                          http_release_body,
                                          http_finish};
    return &table;
}

}  // namespace varve
