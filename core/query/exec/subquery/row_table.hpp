// The rows that a subquery gives for one measurement, held in memory as if storage had them: series
// by the group's tags, in each a point at a time.
//
// A select may give several rows of one group and time (raw rows of several series). They lie in
// layers, each a series of its own: the first row of a time in the first layer, the second in the
// second. Order is kept: rows of one time come in the order of their layers.
//
// Where rows come group by group (see comes_by_group) a layer holds rows up to the next that is not
// later: one layer behind the other they are the rows as they came.
#pragma once

#include <map>

#include "query/exec/rows/row_keeper.hpp"
#include "query/exec/rows/row_sink.hpp"
#include "query/exec/run_select.hpp"

namespace varve::query::exec {

// True for a select without buckets of time: its groups come one after the other, whatever the
// times of their points and the direction. So do rows that are read from such a select, and several
// points of each of descending buckets.
bool comes_by_group(const plan::Select &select);

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
    // More than `rows_max` rows are refused with resource_exhausted; 0 = no limit.
    RowTable(const plan::Select &select, Budget &budget, uint64_t rows_max = 0)
        : select_(select),
          by_group_(comes_by_group(select)),
          rows_max_(rows_max),
          keeper_(budget) {}

    Status begin_series(const SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                size_t row_count) override;
    bool takes_infinite() const override { return true; }
    bool takes_nan() const override { return true; }
    // After the last row: what came descending is turned round.
    void finish();

    const std::vector<Series> &series() const { return series_; }
    uint64_t row_count() const { return row_count_; }
    // rows_max was passed: what is here is incomplete.
    bool overflowed() const { return overflowed_; }
    const std::vector<std::string> &tag_keys() const { return select_.group_tags; }
    // The positions of a column: one, or one for each of its types.
    std::vector<int> columns_of(const std::string &name) const;
    Type type_of(size_t column) const { return select_.outputs[column].type; }

  private:
    Block &block_for(int64_t time);
    Status append(const Vector &values, size_t row, Vector &column);

    const plan::Select &select_;
    const bool by_group_;
    const uint64_t rows_max_;
    RowKeeper keeper_;
    std::vector<Series> series_;
    size_t group_from_ = 0;  // the first layer of the group at hand
    size_t layer_ = 0;       // of the row before
    int64_t last_time_ = 0;
    bool has_rows_ = false;
    uint64_t row_count_ = 0;
    bool overflowed_ = false;
};

// Puts the rows of all the select's measurements, or of the one, into the table. It runs in the
// other's place: with its snapshots, budget and tasks.
Status fill_table(const Run &run, const plan::Select &select, const std::string *measurement,
                  RowTable &table);

// A new table, filled.
Result<std::shared_ptr<const RowTable>> read_table(const Run &run, const plan::Select &select,
                                                   const std::string *measurement = nullptr);

}  // namespace varve::query::exec
