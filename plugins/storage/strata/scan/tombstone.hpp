// A delete: which rows of a shard it hides.
#pragma once

#include <string>
#include <vector>

#include "storage/common/condition.hpp"
#include "storage/common/partition.hpp"
#include "storage/strata/index/bitmap.hpp"

namespace varve::strata {

// `column op constant`, asked of the newest value before the delete, in any type it has.
struct RowCondition {
    std::string column;
    uint32_t op = VARVE_EQ;  // varve_compare
    uint32_t type = 0;       // of the constant
    uint64_t bits = 0;
    std::string text;

    bool met(const storage::TypedValue &value) const {
        return storage::condition_met(value, op, {type, bits, text});
    }
};

// Hides rows that are older than `lsn`, belong to one of the series, lie in the range and meet all
// conditions. Immutable once it is in a shard.
struct Tombstone {
    uint64_t lsn = 0;
    storage::TimeRange range;
    Bitmap series;
    std::vector<RowCondition> conditions;

    bool covers(int64_t time_min, int64_t time_max) const {
        return range.first <= time_min && time_max <= range.last;
    }
};

// The bytes of log frames and manifests:
//   u64 lsn   i64 first   i64 last   u32+text bitmap   u32 conditions; per condition:
//   u32+text column   u32 op   u32 type   u64 bits   u32+text constant
std::string encode_tombstone(const Tombstone &tombstone);
// Pure; data_loss when the bytes make no sense.
Result<Tombstone> decode_tombstone(std::string_view bytes);

}  // namespace varve::strata
