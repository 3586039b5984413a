// GET and POST /query.
#pragma once

#include <varve/cpp/host.hpp>

#include "inputs/http/figures.hpp"

namespace varve {

// Reads the parameters, starts the query, and streams its answer. [worker]
void handle_query(const Host &host, const HttpFigures &figures, const varve_http_request *request,
                  varve_http_response *response);

}  // namespace varve
