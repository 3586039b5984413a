// The API of InfluxDB 0.8: /db, /cluster_admins, /cluster and what lies below them. All but writing
// is asked of the query service: queries in the language `influxql08`, the rest as statements of
// `influxql08.admin`, whose values are bound to them as parameters.
#pragma once

#include <memory>

#include <varve/cpp/host.hpp>

#include "common/series_json/point_numbers.hpp"
#include "inputs/http/figures.hpp"

namespace varve {

// What the requests work with; outlives them all.
struct SeriesApi {
    Host host;
    HttpFigures figures;
    std::unique_ptr<series_json::PointNumbers> numbers;
};

// Where it is mounted, beside /interfaces, which is everybody's; null at the end.
extern const char *const kSeriesApiPaths[];

// Any request below these paths. `ctx` is a SeriesApi. [io, worker]
void handle_series_api(void *ctx, const varve_http_request *request, varve_http_response *response);

}  // namespace varve
