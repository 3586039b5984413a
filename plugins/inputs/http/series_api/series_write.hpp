// POST /db/NAME/series, InfluxDB 0.8's write.
#pragma once

#include <string_view>

#include <varve/cpp/host.hpp>

#include "common/series_json/point_numbers.hpp"
#include "inputs/http/figures.hpp"

namespace varve {

// Reads the body, submits the batch, and answers when it is stored. [io, worker]
void handle_series_write(const Host &host, const HttpFigures &figures,
                         series_json::PointNumbers &numbers, std::string_view database,
                         const varve_http_request *request, varve_http_response *response);

// The status of a refusal, by varve_code, as InfluxDB 0.8 has it: 400 for nearly all.
uint32_t series_api_status(int32_t code);

// Answers with the bare text.
void refuse_series_api(const Host &host, varve_http_response *response, uint32_t status,
                       const char *reason, std::string_view text);

}  // namespace varve
