// A scan of a subquery's rows.
#pragma once

#include <memory>

#include "query/exec/function_input.hpp"
#include "query/exec/scan.hpp"
#include "query/exec/subquery/row_table.hpp"

namespace varve::query::exec {

class TableScan final : public Scan {
  public:
    TableScan(std::shared_ptr<const RowTable> table, ScanSpec spec);

    const std::vector<Column> &columns() const override { return columns_; }
    size_t partition_count() const override { return partitions_.size(); }
    Result<bool> next(size_t partition, varve_block &block) override;
    Status load(size_t partition, const varve_block &block, const std::vector<uint32_t> &positions,
                varve_loaded &out) override;
    Status lookup(size_t partition, const std::vector<uint32_t> &series,
                  const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                  varve_looked_up &out) override;
    std::string_view series_key(size_t partition, uint32_t series) const override;
    std::string_view series_tag(size_t partition, uint32_t series, uint32_t tag) const override;

  private:
    // Every n-th series, from `first` on.
    struct Partition {
        size_t at = 0;                           // the series at hand, by ordinal
        size_t block = 0;                        // how many of its blocks were given
        const RowTable::Block *given = nullptr;  // the last of them
        std::vector<int64_t> times;
        std::vector<std::unique_ptr<Vector>> values;
        std::vector<std::unique_ptr<ColumnCopy>> copies;
        std::vector<varve_column> loaded;
    };

    size_t series_count(size_t partition) const;
    const RowTable::Series &series_of(size_t partition, size_t ordinal) const {
        return table_->series()[partition + ordinal * partitions_.size()];
    }
    // A tag read as a field is a column without a position in the table.
    void append_value(const RowTable::Series &series, const RowTable::Block *block, size_t row,
                      uint32_t position, Vector &out) const;
    // The column of some of a series' rows, in the form of the ABI, kept by the partition.
    varve_column keep(Partition &partition, Vector values) const;

    const std::shared_ptr<const RowTable> table_;
    const ScanSpec spec_;
    std::vector<Column> columns_;
    std::vector<int> column_of_;  // by position in columns_; -1 - i = tag i of the table
    std::vector<int> tag_of_;     // by position in spec_.tag_keys; -1 = the table has no such tag
    std::vector<Partition> partitions_;
};

}  // namespace varve::query::exec
