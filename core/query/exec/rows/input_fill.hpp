// fill(number) and fill(previous) of columns that are no calls: raw rows, and what stands beside a
// selector.
//
// fill(number) puts the number into what is null in a column of numbers. fill(previous) repeats the
// column's last value of the same series, whether the row is a filled one or not.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "query/exec/rows/vector.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

// For one output series at a time. Not thread-safe.
class InputFill {
  public:
    explicit InputFill(const plan::Select &select);

    // False: there is nothing to fill.
    bool active() const { return active_; }
    void begin();
    // Rows [from, from + count) of the columns that a projection is given, filled. Texts live until
    // the next call.
    std::vector<Vector> filled(std::span<const Vector> columns, size_t from, size_t count);

  private:
    struct Last {
        bool is_set = false;
        uint64_t bits = 0;
        std::string text;
    };

    void put_number(Vector &column) const;
    void repeat(size_t input, Vector &column);

    const plan::Select &select_;
    const size_t first_;  // the first input among the columns
    const bool active_;
    std::vector<Last> last_;               // by input
    std::vector<std::string> last_texts_;  // by input: what `filled` gave borrows
};

// The number of fill(number) as a value of a numeric type.
uint64_t fill_bits(const plan::Fill &fill, Type type);

}  // namespace varve::query::exec
