// The HTTP service's hooks over the server's metrics, log and executor.
#pragma once

#include <array>
#include <atomic>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "kernel/executor.hpp"
#include "kernel/http/hooks.hpp"
#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"

namespace varve {

class HttpMetrics final : public http::Metrics {
  public:
    explicit HttpMetrics(SelfMetrics &metrics);

    void connection_opened() override { connections_.add(1); }
    void connection_closed() override { connections_.add(-1); }
    void connection_refused() override { connections_refused_.add(); }
    void request_routed(std::string_view route) override;
    void request_finished(std::string_view route, unsigned status, uint64_t bytes_in,
                          uint64_t bytes_out, int64_t duration_ns) override;
    void handler_failed() override { handlers_failed_.add(); }
    void refused(http::Refusal reason) override { refused_[static_cast<size_t>(reason)]->add(); }

  private:
    // What is counted for each mounted path.
    struct RouteFigures {
        SelfMetric &requests;
        SelfMetric &active;
        SelfMetric &seconds;
    };
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    RouteFigures route_figures(std::string_view route);

    SelfMetrics &metrics_;
    std::shared_mutex mutex_;
    std::unordered_map<std::string, RouteFigures, Hash, std::equal_to<>> routes_;  // by mutex_
    SelfMetric &connections_;
    SelfMetric &connections_refused_;
    std::array<SelfMetric *, 6> requests_{};  // by the status' first digit
    SelfMetric &bytes_in_;
    SelfMetric &bytes_out_;
    SelfMetric &seconds_;
    SelfMetric &handlers_failed_;
    std::array<SelfMetric *, static_cast<size_t>(http::Refusal::count_)> refused_{};
};

// Worker threads for requests that must not run on an io thread.
class HttpExecutor final : public http::Executor {
  public:
    explicit HttpExecutor(varve::Executor &executor) : executor_(executor) {}
    bool try_run(std::function<void()> task) override {
        return executor_.post(std::move(task)).ok();
    }

  private:
    varve::Executor &executor_;
};

// Writes one line per request while enabled.
http::AccessLog access_log(Log &log, const std::atomic<bool> &enabled);

}  // namespace varve
