#include "inputs/http/query_answer.hpp"

#include <string>
#include <utility>

#include "inputs/http/responder.hpp"

namespace varve {
namespace {

struct Answer {
    Host host;
    AnswerOptions options;
    const varve_host_http *http;
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
    if (answer->options.async && code == VARVE_OK) {
        Responder(answer->host, answer->response).send(204);
        answer->response = nullptr;
        return;
    }
    uint32_t status = answer->options.ok_status;
    if (code != VARVE_OK) {
        answer->refused = true;
        status = answer->options.status_of(code);
        Responder::count_refusal(answer->host,
                                 code == VARVE_UNAVAILABLE ? "query_queue_full" : "query_invalid");
    }
    answer->http->set_status(answer->response, status);
    if (status == 503) answer->http->set_header(answer->response, "Retry-After", str("1"));
    answer->http->set_header(answer->response, "Content-Type", content_type);
}

int32_t answer_write(void *ctx, const void *data, uint64_t size, void (*resume)(void *),
                     void *token) {
    auto *answer = static_cast<Answer *>(ctx);
    if (answer->response == nullptr) return VARVE_OK;
    if (!answer->refused) answer->options.bytes.add(static_cast<double>(size));
    if (answer->options.chunked && !answer->refused) {
        return send(*answer, data, size, resume, token);
    }
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

uint32_t query_status(int32_t code) {
    switch (code) {
        case VARVE_INVALID_ARGUMENT:
            return 400;
        case VARVE_UNAUTHENTICATED:
            return 401;
        case VARVE_PERMISSION_DENIED:
            return 403;
        case VARVE_UNAVAILABLE:
        case VARVE_RESOURCE_EXHAUSTED:
            return 503;
        default:
            return 500;
    }
}

varve_query_sink answer_sink(const Host &host, const AnswerOptions &options,
                             varve_http_response *response) {
    return {new Answer{host, options, host.http(), response}, answer_begin, answer_write,
            answer_end, answer_is_cancelled};
}

}  // namespace varve
