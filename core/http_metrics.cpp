#include "http_metrics.hpp"

#include <algorithm>

namespace varve {

HttpMetrics::HttpMetrics(SelfMetrics &metrics)
    : metrics_(metrics),
      connections_(metrics.gauge("varve_http_connections", "Open HTTP connections.")),
      connections_refused_(metrics.counter("varve_http_connections_refused_total",
                                           "Connections above http.connections_max.")),
      bytes_in_(metrics.counter("varve_http_received_bytes_total", "Bytes of request bodies.")),
      bytes_out_(metrics.counter("varve_http_sent_bytes_total", "Bytes of answers.")),
      seconds_(metrics.counter("varve_http_request_seconds_total",
                               "Seconds spent in requests, from first to last byte.")),
      handlers_failed_(metrics.counter("varve_http_handlers_failed_total",
                                       "Requests whose handler threw; answered 500.")) {
    for (size_t digit = 1; digit < requests_.size(); ++digit) {
        requests_[digit] = &metrics.counter("varve_http_requests_total", "HTTP requests answered.",
                                            {{"status", std::to_string(digit) + "xx"}});
    }
    for (size_t i = 0; i < refused_.size(); ++i) {
        const auto name = http::refusal_name(static_cast<http::Refusal>(i));
        refused_[i] = &metrics.counter("varve_http_refused_total",
                                       "Requests the HTTP service turned away, by reason.",
                                       {{"reason", std::string(name)}});
    }
}

HttpMetrics::RouteFigures HttpMetrics::route_figures(std::string_view route) {
    {
        const std::shared_lock lock(mutex_);
        const auto found = routes_.find(route);
        if (found != routes_.end()) return found->second;
    }
    const MetricLabels labels{{"route", std::string(route)}};
    const RouteFigures made{
        metrics_.counter("varve_http_route_requests_total", "Requests of a mounted path.", labels),
        metrics_.gauge("varve_http_route_active", "Requests of it under way.", labels),
        metrics_.counter("varve_http_route_seconds_total",
                         "Seconds spent in its requests, from first to last byte.", labels)};
    const std::unique_lock lock(mutex_);
    return routes_.emplace(route, made).first->second;
}

void HttpMetrics::request_routed(std::string_view route) {
    const RouteFigures figures = route_figures(route);
    figures.requests.add();
    figures.active.add();
}

void HttpMetrics::request_finished(std::string_view route, unsigned status, uint64_t bytes_in,
                                   uint64_t bytes_out, int64_t duration_ns) {
    if (!route.empty()) {
        const RouteFigures figures = route_figures(route);
        figures.active.add(-1);
        figures.seconds.add(static_cast<double>(duration_ns) / 1e9);
    }
    requests_[std::clamp(status / 100, 1u, 5u)]->add();
    bytes_in_.add(static_cast<double>(bytes_in));
    bytes_out_.add(static_cast<double>(bytes_out));
    seconds_.add(static_cast<double>(duration_ns) / 1e9);
}

http::AccessLog access_log(Log &log, const std::atomic<bool> &enabled) {
    return [&log, &enabled](const http::AccessRecord &record) {
        if (!enabled.load(std::memory_order_relaxed)) return;
        const std::string status = std::to_string(record.status);
        const std::string bytes = std::to_string(record.bytes_out);
        const std::string micros = std::to_string(record.duration_ns / 1000);
        log.info("request", {{"peer", record.peer},
                             {"user", record.principal},
                             {"method", record.method},
                             {"target", record.target},
                             {"status", status},
                             {"bytes", bytes},
                             {"duration_us", micros},
                             {"agent", record.user_agent}});
    };
}

}  // namespace varve
