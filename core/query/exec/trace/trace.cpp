#include "query/exec/trace/trace.hpp"

namespace varve::query::exec {

namespace {

class TracedScan final : public Scan {
  public:
    TracedScan(std::unique_ptr<Scan> scan, Trace &trace)
        : scan_(std::move(scan)),
          trace_(trace),
          last_series_(scan_->partition_count(), UINT32_MAX),
          was_read_(scan_->partition_count()) {}

    const std::vector<Column> &columns() const override { return scan_->columns(); }
    size_t partition_count() const override { return scan_->partition_count(); }

    Result<bool> next(size_t partition, varve_block &block) override {
        const TraceTimer timer(trace_);
        Result<bool> more = scan_->next(partition, block);
        if (!more.ok() || !*more) return more;
        ++trace_.blocks;
        if (last_series_[partition] != block.series) ++trace_.series;
        last_series_[partition] = block.series;
        was_read_[partition] = 0;
        return more;
    }
    Status load(size_t partition, const varve_block &block, const std::vector<uint32_t> &positions,
                varve_loaded &out) override {
        const TraceTimer timer(trace_);
        const Status status = scan_->load(partition, block, positions, out);
        // A block may be read twice, for further columns.
        if (std::exchange(was_read_[partition], 1) != 0) return status;
        ++trace_.blocks_read;
        trace_.rows += out.row_count;
        return status;
    }
    Status lookup(size_t partition, const std::vector<uint32_t> &series,
                  const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                  varve_looked_up &out) override {
        const TraceTimer timer(trace_);
        return scan_->lookup(partition, series, times, positions, out);
    }
    std::string_view series_key(size_t partition, uint32_t series) const override {
        return scan_->series_key(partition, series);
    }
    std::string_view series_tag(size_t partition, uint32_t series, uint32_t tag) const override {
        return scan_->series_tag(partition, series, tag);
    }

  private:
    const std::unique_ptr<Scan> scan_;
    Trace &trace_;
    // By partition, each touched by one thread.
    std::vector<uint32_t> last_series_;
    std::vector<uint8_t> was_read_;  // the block at hand
};

}  // namespace

Trace &Trace::operation(const std::string &operator_name, const std::string &measurement) {
    const std::vector<std::pair<std::string, std::string>> its_labels{{"measurement", measurement}};
    if (comes_back) {
        for (const auto &known : children) {
            if (known->name != operator_name || known->labels != its_labels) continue;
            known->comes_back = true;
            return *known;
        }
    }
    Trace &out = child(operator_name);
    out.labels = its_labels;
    out.comes_back = comes_back;
    return out;
}

Trace &Trace::scan(Kind scan_kind) {
    for (const auto &known : children) {
        if (known->kind == scan_kind) return *known;
    }
    Trace &out = child(scan_kind == Kind::survey ? "survey" : "scan");
    out.kind = scan_kind;
    return out;
}

std::unique_ptr<Scan> traced_scan(std::unique_ptr<Scan> scan, Trace &trace) {
    return std::make_unique<TracedScan>(std::move(scan), trace);
}

}  // namespace varve::query::exec
