#include "inputs/http/query_handler.hpp"

#include <charconv>

#include <varve/cpp/accept.hpp>

#include "inputs/http/responder.hpp"

namespace varve {
namespace {

constexpr uint64_t kDefaultChunkSize = 10'000;

uint64_t chunk_size(std::string_view text) {
    uint64_t size = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
    return parsed.ec == std::errc() && size > 0 ? size : kDefaultChunkSize;
}

// The HTTP side of a query's sink.
struct Answer {
    Host host;
    Metric bytes;
    const varve_host_http *http;
    bool async = false;             // async=true: answered 204 as soon as it is allowed to run
    bool chunked = false;           // what is written goes out at once
    varve_http_response *response;  // null: nobody waits any more
    std::string held{};             // of a small answer: it goes out with its end
    bool refused = false;           // held is a short document, sent as a whole
};

constexpr uint64_t kHeldMax = 16 << 10;

int32_t send(const Answer &answer, const void *data, uint64_t size, void (*resume)(void *),
             void *token) {
    return answer.http->write(answer.response, data, size, resume, token);
}

void answer_begin(void *ctx, int32_t code, varve_str content_type) {
    auto *answer = static_cast<Answer *>(ctx);
    if (answer->async && code == VARVE_OK) {
        Responder(answer->host, answer->response).send(204);
        answer->response = nullptr;
        return;
    }
    if (code != VARVE_OK) {
        answer->refused = true;
        Responder::count_refusal(answer->host,
                                 code == VARVE_UNAVAILABLE ? "query_queue_full" : "query_invalid");
    }
    uint32_t status = 200;
    if (code == VARVE_INVALID_ARGUMENT) status = 400;
    if (code == VARVE_UNAUTHENTICATED) status = 401;
    if (code == VARVE_PERMISSION_DENIED) status = 403;
    if (code == VARVE_UNAVAILABLE || code == VARVE_RESOURCE_EXHAUSTED) status = 503;
    if (code != VARVE_OK && status == 200) status = 500;
    answer->http->set_status(answer->response, status);
    if (status == 503) answer->http->set_header(answer->response, "Retry-After", str("1"));
    answer->http->set_header(answer->response, "Content-Type", content_type);
}

int32_t answer_write(void *ctx, const void *data, uint64_t size, void (*resume)(void *),
                     void *token) {
    auto *answer = static_cast<Answer *>(ctx);
    if (answer->response == nullptr) return VARVE_OK;
    if (!answer->refused) answer->bytes.add(static_cast<double>(size));
    if (answer->chunked && !answer->refused) return send(*answer, data, size, resume, token);
    answer->held.append(static_cast<const char *>(data), size);
    if (answer->refused || answer->held.size() <= kHeldMax) return VARVE_OK;
    const std::string held = std::exchange(answer->held, {});
    return send(*answer, held.data(), held.size(), resume, token);
}

void answer_end(void *ctx, int32_t ok) {
    const auto *answer = static_cast<Answer *>(ctx);
    const std::string &held = answer->held;
    if (answer->response != nullptr && answer->refused) {
        answer->http->send(answer->response, held.data(), held.size());
    } else if (answer->response != nullptr) {
        if (ok != 0 && !held.empty()) {
            answer->http->finish(answer->response, held.data(), held.size());
        } else {
            answer->http->end(answer->response, ok);
        }
    }
    delete answer;
}

int32_t answer_is_cancelled(void *ctx) {
    const auto *answer = static_cast<Answer *>(ctx);
    return answer->response != nullptr ? answer->http->is_cancelled(answer->response) : 0;
}

}  // namespace

void handle_query(const Host &host, const HttpFigures &figures, const varve_http_request *request,
                  varve_http_response *response) {
    const Responder responder(host, response);
    const std::string text(responder.param(request, "q"));
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return responder.refuse(400, "query_missing", "missing required parameter \"q\"");
    }
    const std::string principal(view(host.http()->request_principal(request)));
    varve_query_request query{};
    query.struct_size = sizeof query;
    query.read_only = request->method == VARVE_HTTP_GET ? 1 : 0;
    query.language = str("influxql");
    query.text = str(text);
    query.database = str(responder.param(request, "db"));
    query.retention_policy = str(responder.param(request, "rp"));
    query.params = str(responder.param(request, "params"));
    query.epoch = str(responder.param(request, "epoch"));
    query.format = str(answer_format(responder.header(request, "Accept")));
    query.principal = str(principal);
    query.may_block = request->may_block;
    const bool chunked = responder.param(request, "chunked") == "true";
    query.chunk_size = chunked ? chunk_size(responder.param(request, "chunk_size")) : 0;
    query.pretty = responder.query_param(request, "pretty") == "true" ? 1 : 0;

    const bool async = responder.param(request, "async") == "true";
    const varve_query_sink sink{
        new Answer{host, figures.query_bytes, host.http(), async, chunked, response}, answer_begin,
        answer_write, answer_end, answer_is_cancelled};
    host.querier()->run(host.raw(), &query, sink);
}

}  // namespace varve
