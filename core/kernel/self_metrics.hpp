// The server's own counters and gauges, shown at /metrics in Prometheus' text format 0.0.4.
// Thread-safe; a metric lives as long as the registry, so callers keep the pointer.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve {

// One time series of the registry.
class SelfMetric {
  public:
    void add(double amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
    void set(double value) { value_.store(value, std::memory_order_relaxed); }
    double value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<double> value_{0};
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class SelfMetrics {
  public:
    // The metric with this name and these labels, made on the first call.
    SelfMetric &counter(std::string_view name, std::string_view help, MetricLabels labels = {});
    SelfMetric &gauge(std::string_view name, std::string_view help, MetricLabels labels = {});

    // What the metric with this name and exactly these labels shows; 0 if there is none.
    double value(std::string_view name, MetricLabels labels = {}) const;
    // The sum over all labels of the name; 0 if there is none.
    double total(std::string_view name) const;

    // Called before each rendering, to set gauges that are read and not counted.
    void on_render(std::function<void()> refresh);

    std::string render() const;

  private:
    struct Family {
        std::string help;
        const char *type = "counter";
        std::map<std::string, std::unique_ptr<SelfMetric>> metrics;  // by rendered labels
    };
    SelfMetric &find(std::string_view name, std::string_view help, MetricLabels labels,
                     const char *type);

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;
    std::vector<std::function<void()>> refreshers_;
};

}  // namespace varve
