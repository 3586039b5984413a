// The rows that a subquery gives for one measurement, held in memory as if storage had them: series
// by the group's tags, in each a point at a time.
//
// A select may give several rows of one group and time (raw rows of several series). They lie in
// layers, each a series of its own: the first row of a time in the first layer, the second in the
// second. Order is kept: rows of one time come in the order of their layers.
#pragma once

#include <map>

#include "query/exec/row_sink.hpp"
#include "query/exec/run_select.hpp"

namespace varve::query::exec {

class RowTable final : public RowSink {
  public:
    struct Block {  // ascending in time
        std::vector<int64_t> times;
        std::vector<Vector> columns;
    };
    struct Series {
        std::string key;  // orders the series
        std::vector<std::string> tags;
        std::vector<Block> blocks;  // ascending in time, of rows that are not yet there at most one
    };

    // `select` outlives the table. Rows are charged to the budget for as long as the table lives.
    RowTable(const plan::Select &select, Budget &budget);
    ~RowTable() override;
    RowTable(const RowTable &) = delete;
    RowTable &operator=(const RowTable &) = delete;

    Status begin_series(const SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                size_t row_count) override;
    // After the last row: what came descending is turned round.
    void finish();

    const std::vector<Series> &series() const { return series_; }
    const std::vector<std::string> &tag_keys() const { return select_.group_tags; }
    // The position of a column; -1 = there is none.
    int column_of(const std::string &name) const;
    Type type_of(size_t column) const { return select_.outputs[column].type; }

  private:
    Block &block_for(int64_t time);
    Status append(Block &block, std::span<const Vector> values, size_t row);
    Result<std::string_view> kept(std::string_view text, const Vector &column);

    const plan::Select &select_;
    Budget &budget_;
    Arena texts_;
    uint64_t charged_ = 0;
    std::vector<Series> series_;
    size_t group_from_ = 0;  // the first layer of the group at hand
    size_t layer_ = 0;       // of the row before
    int64_t last_time_ = 0;
    bool has_rows_ = false;
};

}  // namespace varve::query::exec
