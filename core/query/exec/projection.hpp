// The tail of the pipeline: HAVING chooses rows, outputs are computed, LIMIT and OFFSET are cut
// off, rows go to the sink.
#pragma once

#include "query/exec/rows/input_fill.hpp"
#include "query/exec/rows/row_sink.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

// For one output series at a time.
class Projection {
  public:
    Projection(const plan::Select &select, RowSink &sink);

    // `key` as MeasurementScan::group_key makes it.
    void begin(const std::string &measurement, const std::string &key);
    // True once LIMIT is reached or the sink has enough: further rows would be dropped.
    bool full() const {
        if (select_.limit != 0 && emitted_ >= select_.limit) return true;
        return head_sent_ && sink_.series_full();
    }
    // How many rows are still wanted, OFFSET included; 0 = all.
    uint64_t wanted() const;
    // Columns as plan::Output expects them.
    Status push(std::span<const int64_t> times, std::span<const Vector> columns);

  private:
    Status push_rows(std::span<const int64_t> times, std::span<const Vector> columns);

    const plan::Select &select_;
    RowSink &sink_;
    const bool passes_on_;  // the outputs are the columns as they are
    InputFill input_fill_;
    SeriesHead head_;
    bool head_sent_ = false;
    uint64_t skipped_ = 0;
    uint64_t emitted_ = 0;
};

}  // namespace varve::query::exec
