// Streams of one measurement. A single stream goes row by row into the projection, so that LIMIT
// ends the reading; several are collected first, because they are joined by time.
#include "query/exec/run_select.hpp"
#include "query/exec/stream/stream_join.hpp"

namespace varve::query::exec {

namespace {

// Takes the rows of a stream's input, puts them through its functions.
class StreamSink : public RowSink {
  public:
    StreamSink(const plan::Select &select, size_t stream, Budget &budget)
        : stream_(stream), chain_(*select.streams[stream].input, select.streams[stream], budget) {}

    // Ends the last series.
    Status finish() {
        if (!open_) return {};
        open_ = false;
        VARVE_RETURN_IF_ERROR(chain_.end(rows_));
        return rows_.times.empty() ? Status() : take(rows_);
    }

    Status begin_series(const SeriesHead &head) override {
        VARVE_RETURN_IF_ERROR(finish());
        key_.clear();
        for (const auto &[tag, value] : head.tags) key_ += value + '\0';
        open_ = true;
        begin(head.name);
        return chain_.begin();
    }

    // What comes out in the end is looked at.
    bool takes_infinite() const override { return true; }
    bool takes_nan() const override { return true; }

    Status rows(std::span<const int64_t> times, std::span<const Vector> values, size_t) override {
        VARVE_RETURN_IF_ERROR(chain_.rows(times, values[0], rows_));
        return rows_.times.empty() ? Status() : take(rows_);
    }

  protected:
    virtual void begin(const std::string &measurement) = 0;
    virtual Status take(const StreamRows &rows) = 0;

    const size_t stream_;
    std::string key_;  // of the series, as MeasurementScan::group_key makes it

  private:
    StreamChain chain_;
    StreamRows rows_;
    bool open_ = false;
};

class ProjectingSink final : public StreamSink {
  public:
    ProjectingSink(const plan::Select &select, Budget &budget, RowSink &sink)
        : StreamSink(select, 0, budget), projection_(select, sink) {}
    bool series_full() const override { return projection_.full(); }

  private:
    void begin(const std::string &measurement) override { projection_.begin(measurement, key_); }
    Status take(const StreamRows &rows) override {
        return projection_.push(rows.times, std::span(&rows.values, 1));
    }

    Projection projection_;
};

class JoiningSink final : public StreamSink {
  public:
    JoiningSink(const plan::Select &select, size_t stream, Budget &budget, StreamJoin &join)
        : StreamSink(select, stream, budget), join_(join) {}
    bool series_full() const override { return join_.full(stream_, key_); }

  private:
    void begin(const std::string &) override {}
    Status take(const StreamRows &rows) override { return join_.add(stream_, key_, rows); }

    StreamJoin &join_;
};

Status run_input(const Run &run, const plan::Stream &stream, size_t measurement, StreamSink &sink) {
    run.budget.begin_select();
    VARVE_RETURN_IF_ERROR(run_measurement(run.over(*stream.input, sink), measurement));
    return sink.finish();
}

}  // namespace

Status run_streams(const Run &run, size_t measurement) {
    const plan::Select &select = run.select;
    if (select.streams.size() == 1) {
        ProjectingSink sink(select, run.budget, run.sink);
        return run_input(run, select.streams[0], measurement, sink);
    }
    StreamJoin join(select, run.budget);
    for (size_t i = 0; i < select.streams.size(); ++i) {
        JoiningSink sink(select, i, run.budget, join);
        VARVE_RETURN_IF_ERROR(run_input(run, select.streams[i], measurement, sink));
    }
    Projection projection(select, run.sink);
    return join.emit(select.measurements[measurement].name, projection);
}

}  // namespace varve::query::exec
