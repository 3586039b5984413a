// Rows of a rollup become points of the series that INTO names.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "query/languages/influxql08/session.hpp"
#include "write/copies/target_name.hpp"
#include "write/write_rows.hpp"

namespace varve::query::influxql08 {

// Points of one time in one series: more could not be told apart by their nanoseconds.
inline constexpr uint64_t kPointsOfATimeMax = 1000;

// Points of one time are numbered 1, 2, … in each series: the same rows make the same points again,
// which then overwrite. Values that are null or no number are left out, and rows without any.
class PointSink final : public exec::RowSink {
  public:
    PointSink(const Session &session, WriteService &writes, const std::string &target)
        : session_(session), writes_(writes), target_(target) {}

    bool takes_infinite() const override { return true; }
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;
    // Writes what is left.
    Status flush();

    uint64_t written() const { return written_; }

  private:
    void take_row(std::span<const exec::Vector> columns, size_t row);
    Status add_point(int64_t time_ns);

    const Session &session_;
    WriteService &writes_;
    const TargetName target_;
    exec::SeriesHead head_;
    RowBatch batch_;
    std::vector<RowBatch::Value> values_;  // of the row at hand
    std::vector<std::string> in_name_;     // and what of it goes into the target's name
    std::map<std::pair<std::string, int64_t>, int64_t> numbers_;  // by series and time: the last
    uint64_t written_ = 0;
};

}  // namespace varve::query::influxql08
