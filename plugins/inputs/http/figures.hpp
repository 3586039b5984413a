// What the HTTP faces count beside what the HTTP service counts for every route. Made once per
// instance; copies share the counters.
#pragma once

#include <varve/cpp/host.hpp>

namespace varve {

struct HttpFigures {
    explicit HttpFigures(const Host &host)
        : write_bytes(host.counter("varve_http_write_bytes_total",
                                   "Bytes of line protocol, content coding removed.")),
          points_stored(points(host, "stored")),
          points_dropped(points(host, "dropped")),
          points_failed(points(host, "failed")),
          query_bytes(host.counter("varve_http_query_bytes_total",
                                   "Bytes of answers to queries, before compression.")) {}

    Metric write_bytes;
    Metric points_stored;
    Metric points_dropped;  // of writes whose other points were stored
    Metric points_failed;   // of writes of which nothing was stored
    Metric query_bytes;

  private:
    static Metric points(const Host &host, const char *result) {
        return host.counter("varve_http_points_total",
                            "Points of writes over HTTP, by what became of them.",
                            {{"result", result}});
    }
};

}  // namespace varve
