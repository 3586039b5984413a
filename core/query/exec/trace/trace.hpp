// What the operators of a query did, measured: a tree, as they call each other.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/exec/rows/row_sink.hpp"
#include "query/exec/scan.hpp"

namespace varve::query::exec {

// Nodes are added by the query's own thread; counters are counted by any.
struct Trace {
    // The clock outlives the tree, and is read from any thread.
    Trace(std::string the_name, const std::function<int64_t()> &clock)
        : name(std::move(the_name)), monotonic_ns(clock) {}

    Trace &child(std::string child_name) {
        children.push_back(std::make_unique<Trace>(std::move(child_name), monotonic_ns));
        return *children.back();
    }

    // An operator over a measurement. Where what is above comes back, it is one node.
    Trace &operation(const std::string &operator_name, const std::string &measurement);

    // A survey reads the headers of blocks and nothing else.
    enum class Kind : uint8_t { operation, survey, row_scan, aggregate_scan };

    // The scans of one kind are one node, however often the operator comes back.
    Trace &scan(Kind scan_kind);

    std::string name;
    const std::function<int64_t()> &monotonic_ns;
    Kind kind = Kind::operation;
    bool comes_back = false;  // what is below runs again and again, for one slice after the other
    std::vector<std::pair<std::string, std::string>> labels;
    std::atomic<int64_t> time_ns{0};  // of all threads together
    std::atomic<uint64_t> rows{0};    // given
    std::atomic<uint64_t> series{0};
    // Of scans. What a scan for aggregates gave and nobody read was answered from statistics.
    std::atomic<uint64_t> blocks{0};
    std::atomic<uint64_t> blocks_read{0};
    std::vector<std::unique_ptr<Trace>> children;
};

// Adds the time until its end.
class TraceTimer {
  public:
    explicit TraceTimer(Trace &trace) : trace_(trace), begun_ns_(trace.monotonic_ns()) {}
    ~TraceTimer() { trace_.time_ns += trace_.monotonic_ns() - begun_ns_; }
    TraceTimer(const TraceTimer &) = delete;
    TraceTimer &operator=(const TraceTimer &) = delete;

  private:
    Trace &trace_;
    const int64_t begun_ns_;
};

// A scan that is watched.
std::unique_ptr<Scan> traced_scan(std::unique_ptr<Scan> scan, Trace &trace);

// Counts the rows that go to another sink.
class TracedSink final : public RowSink {
  public:
    TracedSink(RowSink &sink, Trace &trace) : sink_(sink), trace_(trace) {}
    Status begin_series(const SeriesHead &head) override {
        ++trace_.series;
        return sink_.begin_series(head);
    }
    Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                size_t row_count) override {
        trace_.rows += row_count;
        return sink_.rows(times, values, row_count);
    }
    bool takes_infinite() const override { return sink_.takes_infinite(); }
    bool takes_nan() const override { return sink_.takes_nan(); }
    bool series_full() const override { return sink_.series_full(); }

  private:
    RowSink &sink_;
    Trace &trace_;
};

}  // namespace varve::query::exec
