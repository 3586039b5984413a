// The name that INTO gives, with its placeholders: `:series_name` stands for the source, `[column]`
// for the value of a column.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "write/row_batch.hpp"

namespace varve {

class TargetName {
  public:
    explicit TargetName(std::string_view text);

    // Those that the name takes values of, in the order of their placeholders.
    const std::vector<std::string> &columns() const { return columns_; }
    // A value for each of the columns.
    std::string name(std::string_view series, std::span<const std::string> values) const;

  private:
    std::vector<std::string> columns_;
    std::vector<std::string> around_;  // the texts before, between and behind the placeholders
};

// A value as names show it: numbers in full, "true" and "false".
std::string name_text(const RowBatch::Value &value);

}  // namespace varve
