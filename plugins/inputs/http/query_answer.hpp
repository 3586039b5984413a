// A query's answer on its way into an HTTP response.
#pragma once

#include <varve/cpp/host.hpp>

namespace varve {

struct AnswerOptions {
    Metric bytes;
    uint32_t ok_status = 200;
    uint32_t (*status_of)(int32_t code) = nullptr;  // of refusals, by varve_code
    bool async = false;                             // answered 204 as soon as it may run
    bool chunked = false;                           // what is written goes out at once
};

// InfluxDB 1.x's.
uint32_t query_status(int32_t code);

// Answers the response, which is the sink's from now on.
varve_query_sink answer_sink(const Host &host, const AnswerOptions &options,
                             varve_http_response *response);

}  // namespace varve
