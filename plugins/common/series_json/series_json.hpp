// What InfluxDB 0.8 writes: JSON → batch. Pure but for the numbers of points that bring none.
//
//   [{"name": "events", "columns": ["time", "state", "value"],
//     "points": [[1400425947, "ny", 3], [1400425948, "mn", null]]}]
//
// A series is a measurement without tags, its columns are fields. The columns `time` and
// `sequence_number` say which point it is (see point_numbers.hpp); the number is kept as the
// integer field `sequence_number`. Integers stay integers, all other numbers are floats, null is no
// value; a point without any value is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <varve/cpp/status.hpp>

#include "common/batch/batch_builder.hpp"
#include "common/series_json/point_numbers.hpp"

namespace varve::series_json {

inline constexpr std::string_view kNumberColumn = "sequence_number";
// Limits of one request; beyond them it is too_large.
inline constexpr size_t kColumnsMax = 4096;                // of one series
inline constexpr size_t kBatchBytesMax = size_t{1} << 30;  // of the batch that is made of it

struct Options {
    int64_t now_ns = 0;      // the time of points without one
    int64_t unit_us = 1000;  // of times
    uint64_t hash_seed = 0;
    uint64_t database_hash = 0;  // tells counters of series of the same name apart
    // Reads only the points with these ordinals, ascending, which clashed with others; null = all.
    // Those that bring no number get another one, somewhere else in their microsecond.
    const std::vector<uint32_t> *again = nullptr;
};

// Microseconds per unit of "u", "ms" (also "m", and "" for want of any), "s"; none for other texts.
std::optional<int64_t> precision_us(std::string_view text);

struct Parsed {
    BatchBuilder batch;
    uint64_t numbered = 0;  // points that were given a number
};

// Copies the text. Errors are the whole request's, nothing of it is taken: invalid_argument with
// the words clients know, "invalid JSON: …" for what is none.
Result<Parsed> parse(std::string_view text, const Options &options, PointNumbers &numbers);

}  // namespace varve::series_json
