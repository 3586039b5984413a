// One source of a measurement, opened for a plan: which scan columns make up which input, how rows
// are filtered, and to which output series (group) a series belongs.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "query/exec/rows/vector.hpp"
#include "query/exec/run_select.hpp"
#include "query/exec/scan.hpp"
#include "query/exec/trace/trace.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

class MeasurementScan {
  public:
    struct Options {
        int64_t from_ns = 0;
        int64_t to_ns = 0;  // exclusive
        uint64_t limit_per_series = 0;
        uint32_t partitions = 1;
        Trace::Kind kind = Trace::Kind::row_scan;
    };

    // A subquery that has not run yet runs now.
    static Result<std::unique_ptr<MeasurementScan>> open(const Run &run,
                                                         const plan::ScanSource &source,
                                                         const Options &options);

    Scan &scan() { return *scan_; }
    size_t input_count() const { return inputs_.size(); }
    const plan::Input &input(size_t i) const { return *inputs_[i].input; }
    bool has_filter() const { return source_.filter.has_value(); }
    // Of storage: none of the block's rows lie outside of what may be read.
    bool reads_all_of(const varve_block &block) const {
        return block.t_min >= source_.readable.min_ns && block.t_max <= source_.readable.max_ns;
    }

    // The scan column whose values are the input's as they are; -1 = they must be merged.
    int direct_column(size_t input) const { return inputs_[input].direct; }
    const std::vector<uint32_t> &columns_of(size_t input) const { return inputs_[input].columns; }
    // All scan columns that the plan's inputs need, and those of the filter.
    const std::vector<uint32_t> &positions() const { return positions_; }

    // The values of the group's tags, joined: equal for equal groups, and in the order of groups.
    std::string group_key(size_t partition, uint32_t series) const;

    // The same with the values of the plan's part tags behind it.
    std::string part_key(size_t partition, uint32_t series) const;

    // The input's values in loaded rows. Texts live as long as the block.
    Vector gather(size_t partition, uint32_t series, size_t input, uint32_t rows,
                  const varve_column *columns) const;
    // The same of some rows, behind the vector's last.
    void append_rows(size_t partition, uint32_t series, size_t input,
                     std::span<const uint32_t> rows, const varve_column *columns,
                     Vector &out) const;

    // Whether the block's statistics tell all inputs of its first row in the plan's direction, and
    // that row is in the range: it need not be loaded then.
    bool knows_first_row(const varve_block &block) const;
    // That row's value of an input, behind the vector's last.
    void append_first_row(size_t partition, const varve_block &block, size_t input,
                          Vector &out) const;

    struct LoadedRows {
        varve_loaded loaded{};
        std::vector<uint8_t> passing;  // 1 = the row passes the filter; empty = every row does
    };
    // What the plan's inputs and the filter need of a block. Where no row passes, the inputs'
    // columns are not loaded.
    Status load(size_t partition, const varve_block &block, LoadedRows &out) const;
    // The rows that pass and have a value of a selected field; of a subquery every row does, but
    // functions take values alone.
    std::vector<uint32_t> rows_that_count(const LoadedRows &rows) const;

  private:
    MeasurementScan(const plan::Select &select, const plan::ScanSource &source)
        : select_(select), source_(source) {}

    struct Bound {
        const plan::Input *input = nullptr;
        uint32_t tag = 0;               // position in the scan's tag keys
        std::vector<uint32_t> columns;  // scan columns, strongest type first
        int direct = -1;
    };
    // The input's values as they lie in one column of eight bytes without nulls; else null.
    static const uint64_t *plain_values(const Bound &bound, const varve_column *columns);
    std::vector<uint8_t> passing(size_t partition, uint32_t series,
                                 const varve_loaded &loaded) const;
    std::string joined_tags(size_t partition, uint32_t series, size_t count) const;
    void bind(std::map<std::string, uint32_t> &fields);

    const plan::Select &select_;
    const plan::ScanSource &source_;
    std::vector<Bound> inputs_;  // the plan's, then the filter's
    std::vector<uint32_t> positions_;
    std::vector<uint32_t> filter_positions_;
    std::unique_ptr<Scan> scan_;
};

// The group's tag values, back from the joined form.
std::vector<std::string> split_group_key(const std::string &key, size_t tags);

}  // namespace varve::query::exec
