// What a write will do, decided before anything is changed: which rows go to which shard, as which
// types, and which rows are refused and why.
//
//   1. Rows whose `keep` bit is set are routed by time; a part is the rows of one table in one
//   shard.
//   2. Parts are taken in the order of their first row in the request, so that the first row with a
//      new field decides its type.
//   3. Per part the types of its columns are checked against the shard and against earlier parts.
//   4. Per row: the key's length, limits on series and tag values, and the identity column.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/series_key.hpp"
#include "storage/common/outcome.hpp"
#include "storage/common/shard_schema.hpp"

namespace varve::storage {

inline constexpr uint32_t kNoSeries = UINT32_MAX;

// What the plan asks of an engine; called under the lock of the database's writer.
class PlanView {
  public:
    virtual ~PlanView() = default;
    // Null when the shard holds nothing yet.
    virtual const ShardSchema *schema(uint64_t shard_id) = 0;
    // The newest value of a column at one point, if there is one: the 8 bytes of an INT64 or
    // UINT64.
    virtual std::optional<uint64_t> integer_at(uint32_t series, std::string_view measurement,
                                               uint64_t shard_id, int64_t time,
                                               std::string_view column) = 0;

    // ---- series; `hashes` are seeded with hash_seed() ----
    virtual uint64_t hash_seed() const = 0;
    // A find_all of these comes soon.
    virtual void prefetch(std::span<const varve_series_key>) {}
    // Per key its series, kNoSeries when it was never made, and whether it is live. data_loss when
    // that can't be told.
    virtual Status find_all(std::span<const varve_series_key> keys, std::span<uint32_t> series,
                            std::span<uint8_t> live) = 0;
    // Makes the series of a key that find_all did not find. invalid_argument when the key is not
    // canonical.
    virtual Result<uint32_t> make(std::string_view key, const series_key::Hashes &hashes) = 0;
    // Live series have rows; only they count against limits.
    virtual uint64_t live_count() const = 0;
    // Live series of the measurement; only asked when a limit is set.
    virtual uint64_t measurement_series_count(std::string_view measurement) = 0;
    // Distinct values of a tag among live series; only asked when a limit is set.
    virtual uint64_t tag_value_count(std::string_view measurement, std::string_view tag) = 0;
    virtual bool has_tag_value(std::string_view measurement, const series_key::Tag &tag) = 0;
};

struct PlannedColumn {
    uint32_t source;  // position in the table's columns
    uint32_t type;    // as stored
    bool widens;      // INT64 or UINT64 stored as FLOAT64
    bool known;       // the shard has the field with this type already
};

struct PlanPart {
    uint32_t table;
    uint32_t shard;  // position in opts.shards
    uint32_t first_ordinal;
    uint32_t row_count;
    bool is_whole;               // all rows of the table
    std::vector<uint32_t> rows;  // else which ones, ascending
    std::vector<PlannedColumn> columns;

    uint32_t row(uint32_t i) const { return is_whole ? i : rows[i]; }
};

struct NewField {
    uint32_t shard;  // position in opts.shards
    uint32_t table;
    uint32_t column;
    uint32_t type;
};

struct WritePlan {
    std::vector<PlanPart> parts;  // only those with rows left
    // Per key the series, or kNoSeries when no row of it was accepted; a table's keys begin at
    // first_key[table].
    std::vector<uint32_t> series;
    std::vector<size_t> first_key;
    std::vector<NewField> new_fields;
    Outcome outcome;
};

// Makes the plan. Interns the keys of accepted rows, changes nothing else. An error (a key that is
// not canonical, a column of no known type) means that nothing may be written.
Result<WritePlan> plan_write(const varve_batch &batch, const varve_write_opts &opts,
                             const varve_storage_limits &limits, PlanView &engine);

// Whether the row's value in this column is there.
inline bool is_valid(const varve_column &column, uint32_t row) {
    return column.validity == nullptr || (column.validity[row / 64] >> (row % 64) & 1) != 0;
}

}  // namespace varve::storage
