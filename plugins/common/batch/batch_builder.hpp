// Builds a varve_batch row by row: every codec's last step.
//
// A table per (measurement, exact set of typed fields); inside it columns that grow by doubling in
// the batch's arena. A row is written into the columns at position row_count and only counts once
// it is committed, so a row that turns out bad leaves nothing behind.
//
//   TableBuilder &table = builder.table("cpu", fields);
//   table.ensure_row();
//   table.ints(0)[table.row_count()] = 42;
//   table.commit(table.add_key({canonical_key, hash, check}), time_ns, ordinal);
//   varve_batch *batch = builder.finish();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <varve/batch.h>
#include <varve/cpp/bytes.hpp>

#include "common/batch/arena.hpp"

namespace varve {

// A field of a row, by name and type. The name must stay where it is until finish().
struct FieldSpec {
    std::string_view name;
    uint32_t type = VARVE_TYPE_FLOAT64;

    bool operator==(const FieldSpec &) const = default;
};

class TableBuilder {
  public:
    TableBuilder(Arena &arena, std::string_view measurement, std::span<const FieldSpec> fields);

    std::string_view measurement() const { return measurement_; }
    std::span<const FieldSpec> fields() const { return {fields_, field_count_}; }
    uint32_t row_count() const { return row_count_; }

    // Room for so many rows and keys, in a table that has none yet.
    void reserve(size_t rows, size_t keys);
    bool is_empty() const { return row_count_ == 0; }
    bool is_full() const { return row_count_ == capacity_; }
    // Room for one more row in every column; `rows_hint` more are expected.
    void ensure_row(size_t rows_hint = 0) {
        if (is_full()) grow(rows_hint);
    }
    double *floats(size_t column) { return static_cast<double *>(values_[column]); }
    int64_t *ints(size_t column) { return static_cast<int64_t *>(values_[column]); }
    uint64_t *uints(size_t column) { return static_cast<uint64_t *>(values_[column]); }
    uint8_t *booleans(size_t column) { return static_cast<uint8_t *>(values_[column]); }
    varve_str *strings(size_t column) { return static_cast<varve_str *>(values_[column]); }
    // The most decimals any text of the column had.
    void note_decimals(size_t column, uint8_t decimals) {
        if (decimals > decimals_[column]) decimals_[column] = decimals;
    }

    uint32_t key_count() const { return key_count_; }
    // Adds a key without looking whether it is there; its text must stay where it is. The position.
    uint32_t add_key(const varve_series_key &key) {
        if (key_count_ == key_capacity_) grow_keys();
        keys_[key_count_] = key;
        return key_count_++;
    }

    void commit(uint32_t key_index, int64_t time_ns, uint32_t ordinal) {
        times_[row_count_] = time_ns;
        key_indexes_[row_count_] = key_index;
        ordinals_[row_count_] = ordinal;
        ++row_count_;
    }

  private:
    friend class BatchBuilder;
    void grow(size_t rows_hint);
    void grow_rows(size_t capacity);
    void grow_keys();
    void fill(varve_table &table);

    Arena &arena_;
    std::string_view measurement_;
    // Arrays in the arena: one element per field, per key and per row.
    FieldSpec *fields_ = nullptr;
    void **values_ = nullptr;
    uint8_t *decimals_ = nullptr;
    varve_series_key *keys_ = nullptr;
    int64_t *times_ = nullptr;
    uint32_t *key_indexes_ = nullptr;
    uint32_t *ordinals_ = nullptr;
    uint32_t field_count_ = 0;
    uint32_t key_count_ = 0;
    uint32_t key_capacity_ = 0;
    uint32_t row_count_ = 0;
    uint32_t capacity_ = 0;
};

class BatchBuilder {
  public:
    BatchBuilder();
    ~BatchBuilder();
    BatchBuilder(BatchBuilder &&) noexcept;
    BatchBuilder &operator=(BatchBuilder &&) noexcept;

    Arena &arena();
    // Finds or makes the table of this measurement with exactly these fields in this order (codecs
    // sort or keep the sender's order; two orders are two tables, which is allowed and only
    // slower).
    TableBuilder &table(std::string_view measurement, std::span<const FieldSpec> fields);
    uint64_t row_count() const;

    // Runs when the batch is released; it frees what keys and texts point to besides the arena.
    void on_release(std::function<void()> release);

    // The batch; empty tables are left out. Null if there is no row (then everything is freed,
    // on_release included). The builder is empty afterwards.
    varve_batch *finish(uint64_t hash_seed, uint64_t producer);

  private:
    struct Owner;
    std::unique_ptr<Owner> owner_;
};

}  // namespace varve
