// The data of the memory engine: every version of every value, in the order of the writes.
//
//   Database ── Shard ── SeriesRows ── time → cells
//
// A cell is one value of one field, or the mark of a delete, with the LSN of its write. A reader at
// an LSN replays the cells of a row up to it: a delete clears the row, a value replaces the
// field's. There is nothing else to know, which is the point: strata is tested against this.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/common/partition.hpp"
#include "storage/common/series_index.hpp"
#include "storage/common/shard_schema.hpp"

namespace varve::memory {

// The 8 bytes of a number or boolean, or a text.
struct Value {
    uint64_t bits = 0;
    std::string text;
};

// Identity of a column: a field with one type.
using ColumnKey = std::pair<std::string, uint32_t>;

struct Cell {
    uint64_t lsn;
    uint32_t ordinal;
    const ColumnKey *column;  // null: a delete
    Value value;
};

using Cells = std::vector<Cell>;
using Row = std::map<const ColumnKey *, const Value *>;

// The fields of a row as the snapshot sees them; empty when there is no row.
Row visible_row(const Cells &cells, uint64_t lsn);

struct SeriesRows {
    storage::Series *series = nullptr;
    bool live = false;  // has a row now; counted by the index
    std::map<int64_t, Cells> rows;

    bool visible(uint64_t lsn, const storage::TimeRange &range) const;
};

struct Shard {
    uint64_t id = 0;
    uint64_t rp_id = 0;
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    storage::ShardSchema schema;
    std::map<ColumnKey, char> columns;  // owns the keys that cells point to
    std::unordered_map<uint32_t, SeriesRows> series;

    const ColumnKey *column(std::string_view name, uint32_t type);
    bool overlaps(const storage::TimeRange &range) const;
};

struct Database {
    explicit Database(uint64_t hash_seed) : index(hash_seed) {}

    storage::SeriesIndex index;
    varve_storage_limits limits{};
    std::map<uint64_t, std::string> policies;  // opened ones and their names
    std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<Shard>> shards;  // (rp, shard)
};

// One prefix of writes; keeps dropped shards alive.
struct Snapshot {
    uint64_t lsn = 0;
    std::shared_ptr<Database> database;
    std::vector<std::shared_ptr<Shard>> shards;
};

// Whether a visible row meets all conditions. A condition on a field that the row lacks, or whose
// type cannot be compared with the constant, is not met.
bool meets(const Row &row, const varve_value_condition *conditions, uint32_t condition_count);

}  // namespace varve::memory
