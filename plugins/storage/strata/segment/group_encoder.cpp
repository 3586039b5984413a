// DIRECTORY: codec ints, each array behind its varint size: row counts of the blocks; packed:
// series ids; then if stats are kept or the group is not packed: first times, and last − first
// times.
//
// Column chunk: u8 1 if there are nulls, then varint size and the validity as codec booleans; then
// the valid values, coded by type.
//
// STATS: per varve_type that the shape has, ascending: varint size, then codec stats of the blocks
// of all columns of the type, one column behind the other, in parts of at most kChunkValuesMax,
// each behind its varint size.
#include "storage/strata/segment/group_encoder.hpp"

#include <algorithm>
#include <cmath>

namespace varve::strata {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kIntervals[] = {86400 * kSecond, 43200 * kSecond, 21600 * kSecond,
                                  10800 * kSecond, 3600 * kSecond,  1800 * kSecond,
                                  600 * kSecond,   300 * kSecond,   60 * kSecond};
constexpr uint32_t kBlockRowsMin = 128;

int64_t floor_to(int64_t time, int64_t interval) {
    const int64_t rest = time % interval;
    return time - (rest < 0 ? rest + interval : rest);
}

// The interval for blocks, or 0.
int64_t block_interval(const int64_t *times, uint32_t row_count) {
    const double span = static_cast<double>(times[row_count - 1]) - static_cast<double>(times[0]);
    const double step = span / (row_count - 1);
    for (const int64_t interval : kIntervals) {
        const double rows = static_cast<double>(interval) / step;
        if (rows <= VARVE_BLOCK_ROWS_MAX) return rows >= kBlockRowsMin ? interval : 0;
    }
    return 0;
}

void put_ints(std::string &out, const std::vector<int64_t> &values, EncodeContext &context) {
    std::string coded;
    encode_ints(values.data(), static_cast<uint32_t>(values.size()), context, coded);
    ByteWriter writer(out);
    writer.varint(coded.size());
    writer.bytes(coded);
}

std::string render_directory(const int64_t *times, const std::vector<uint32_t> &ends,
                             const std::vector<Run> *runs, bool with_times,
                             EncodeContext &context) {
    std::string out;
    std::vector<int64_t> counts, firsts, spans, series;
    uint32_t from = 0;
    for (const uint32_t to : ends) {
        counts.push_back(to - from);
        firsts.push_back(times[from]);
        spans.push_back(static_cast<int64_t>(static_cast<uint64_t>(times[to - 1]) -
                                             static_cast<uint64_t>(times[from])));
        from = to;
    }
    put_ints(out, counts, context);
    if (runs != nullptr) {
        for (const Run &run : *runs) series.push_back(run.series);
        put_ints(out, series, context);
    }
    if (with_times) {
        put_ints(out, firsts, context);
        put_ints(out, spans, context);
    }
    return out;
}

template <typename T>
T value_of(uint64_t word) {
    if constexpr (sizeof(T) == 1) {
        return static_cast<T>(word);
    } else {
        return std::bit_cast<T>(word);
    }
}

uint64_t word_of(double value) {
    return std::bit_cast<uint64_t>(value);
}
uint64_t word_of(int64_t value) {
    return static_cast<uint64_t>(value);
}
uint64_t word_of(uint64_t value) {
    return value;
}
uint64_t word_of(uint8_t value) {
    return value;
}

// Neumaier's: the error of each addition is added up on its own.
class CompensatedSum {
  public:
    void add(double value) {
        const double next = sum_ + value;
        lost_ +=
            std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
        sum_ = next;
    }
    double value() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

  private:
    double sum_ = 0;
    double lost_ = 0;
};

// Modulo 2^64.
class WrappingSum {
  public:
    template <typename T>
    void add(T value) {
        sum_ += static_cast<uint64_t>(value);
    }
    uint64_t value() const { return sum_; }

  private:
    uint64_t sum_ = 0;
};

// Statistics of the rows [from, to).
template <typename T>
ColumnStats stats_of(const ColumnBuffer &column, uint32_t from, uint32_t to) {
    ColumnStats stats{};
    T min{}, max{}, first{}, last{};
    std::conditional_t<std::is_floating_point_v<T>, CompensatedSum, WrappingSum> sum;
    bool ordered = true;
    const bool nulls = count_valid(column.validity, from, to) != to - from;
    const uint64_t *words = column.words.data();
    for (uint32_t row = from; row < to; ++row) {
        if (nulls && !column.valid(row)) continue;
        const T value = value_of<T>(words[row]);
        if (stats.count++ == 0) {
            min = max = first = value;
        }
        if (value != value) ordered = false;
        if (value < min) min = value;
        if (value > max) max = value;
        sum.add(value);
        last = value;
    }
    if (stats.count == 0) return stats;
    if (ordered) stats.present |= VARVE_STATS_MINMAX;
    if (!nulls) stats.present |= VARVE_STATS_FIRSTLAST;
    if (sizeof(T) == 8) stats.present |= VARVE_STATS_SUM;
    stats.min = ordered ? word_of(min) : 0;
    stats.max = ordered ? word_of(max) : 0;
    stats.first = nulls ? 0 : word_of(first);
    stats.last = nulls ? 0 : word_of(last);
    if (sizeof(T) == 8) stats.sum = word_of(sum.value());
    stats.first_row = 0;
    stats.last_row = static_cast<uint16_t>(to - from - 1);
    return stats;
}

ColumnStats block_stats(const ColumnBuffer &column, uint32_t from, uint32_t to) {
    switch (column.column->type) {
        case VARVE_TYPE_FLOAT64:
            return stats_of<double>(column, from, to);
        case VARVE_TYPE_INT64:
            return stats_of<int64_t>(column, from, to);
        case VARVE_TYPE_UINT64:
            return stats_of<uint64_t>(column, from, to);
        case VARVE_TYPE_BOOLEAN:
            return stats_of<uint8_t>(column, from, to);
        default: {
            ColumnStats stats{};
            stats.count = count_valid(column.validity, from, to);
            return stats;
        }
    }
}

std::string render_stats(const std::vector<const ColumnBuffer *> &columns,
                         const std::vector<uint32_t> &ends, EncodeContext &context) {
    std::string out;
    std::vector<ColumnStats> stats;
    for (uint32_t type = VARVE_TYPE_FLOAT64; type <= VARVE_TYPE_BOOLEAN; ++type) {
        stats.clear();
        for (const ColumnBuffer *column : columns) {
            if (column->column->type != type) continue;
            const size_t at = stats.size();
            uint32_t from = 0;
            for (const uint32_t to : ends) {
                stats.push_back(block_stats(*column, from, to));
                from = to;
            }
            if (type == VARVE_TYPE_FLOAT64) round_sums(std::span(stats).subspan(at));
        }
        if (stats.empty()) continue;
        std::string body;
        for (size_t at = 0; at < stats.size(); at += kChunkValuesMax) {
            const size_t count = std::min<size_t>(kChunkValuesMax, stats.size() - at);
            std::string part;
            encode_stats(type, std::span(stats).subspan(at, count), false, context, part);
            ByteWriter writer(body);
            writer.varint(part.size());
            writer.bytes(part);
        }
        ByteWriter writer(out);
        writer.varint(body.size());
        writer.bytes(body);
    }
    return out;
}

std::string encode_column(const ColumnBuffer &column, uint32_t row_count, uint32_t valid_count,
                          EncodeContext &context) {
    std::string out(1, valid_count == row_count ? '\0' : '\1');
    std::vector<uint8_t> flags;
    if (valid_count != row_count) {
        flags.resize(row_count);
        for (uint32_t i = 0; i < row_count; ++i) flags[i] = column.valid(i) ? 1 : 0;
        std::string coded;
        encode_bools(flags.data(), row_count, context, coded);
        ByteWriter writer(out);
        writer.varint(coded.size());
        writer.bytes(coded);
    }
    const auto dense = [&](const auto &values, auto made) {
        decltype(made) result;
        result.reserve(valid_count);
        for (uint32_t i = 0; i < row_count; ++i) {
            if (flags.empty() || flags[i] != 0) {
                result.push_back(static_cast<typename decltype(made)::value_type>(values[i]));
            }
        }
        return result;
    };
    if (column.column->type == VARVE_TYPE_STRING) {
        const auto texts = dense(column.texts, std::vector<varve_str>());
        encode_strings(texts.data(), valid_count, context, out);
    } else if (column.column->type == VARVE_TYPE_BOOLEAN) {
        const auto values = dense(column.words, std::vector<uint8_t>());
        encode_bools(values.data(), valid_count, context, out);
    } else {
        std::vector<uint64_t> gathered;
        const uint64_t *words = column.words.data();
        if (!flags.empty()) {
            gathered = dense(column.words, std::vector<uint64_t>());
            words = gathered.data();
        }
        if (column.column->type == VARVE_TYPE_FLOAT64) {
            encode_floats(reinterpret_cast<const double *>(words), valid_count, context, out);
        } else {
            encode_ints(reinterpret_cast<const int64_t *>(words), valid_count, context, out);
        }
    }
    return out;
}

EncodedGroup encode(const RowBuffer &rows, uint32_t row_count, const std::vector<uint32_t> &ends,
                    const std::vector<Run> *runs, EncodeContext &context) {
    EncodedGroup group;
    const int64_t *times = rows.times().data();
    encode_ints(times, row_count, context, group.time);
    std::vector<const ColumnBuffer *> columns;
    for (const ColumnBuffer &column : rows.columns()) {
        const uint32_t valid = count_valid(column.validity, 0, row_count);
        if (valid == 0) continue;
        columns.push_back(&column);
        group.shape.push_back(column.column);
        group.columns.push_back(encode_column(column, row_count, valid, context));
        group.value_count += valid;
    }
    group.block_count = static_cast<uint32_t>(ends.size());
    const bool keeps_stats = runs == nullptr ? row_count >= kStatsRowsMin
                                             : row_count / runs->size() >= kPackedStatsRowsMin;
    if (runs != nullptr || group.block_count > 1) {
        group.directory =
            render_directory(times, ends, runs, runs == nullptr || keeps_stats, context);
    }
    if (keeps_stats) group.stats = render_stats(columns, ends, context);
    return group;
}

}  // namespace

std::vector<uint32_t> cut_blocks(const int64_t *times, uint32_t row_count) {
    std::vector<uint32_t> ends;
    const int64_t interval =
        row_count <= VARVE_BLOCK_ROWS_MAX / 8 ? 0 : block_interval(times, row_count);
    const auto since = [&](int64_t time, int64_t begin) {
        return static_cast<uint64_t>(time) - static_cast<uint64_t>(begin);
    };
    int64_t begin = interval == 0 ? 0 : floor_to(times[0], interval);  // of the interval
    uint32_t from = 0;
    for (uint32_t i = 1; i <= row_count; ++i) {
        bool cut = i == row_count || i - from == VARVE_BLOCK_ROWS_MAX;
        if (!cut && interval != 0) cut = since(times[i], begin) >= static_cast<uint64_t>(interval);
        if (!cut) continue;
        ends.push_back(i);
        from = i;
        if (interval != 0 && i != row_count) begin = floor_to(times[i], interval);
    }
    return ends;
}

uint32_t group_rows(const std::vector<int64_t> &times) {
    if (times.size() <= kGroupRowsMax) return static_cast<uint32_t>(times.size());
    // One row more tells whether the last block ends here.
    const auto ends = cut_blocks(times.data(), kGroupRowsMax + 1);
    const uint32_t last = ends.size() < 2 ? 0 : ends[ends.size() - 2];
    return last >= kGroupRowsMax / 2 ? last : kGroupRowsMax;
}

EncodedGroup encode_group(const RowBuffer &rows, uint32_t row_count, EncodeContext &context) {
    return encode(rows, row_count, cut_blocks(rows.times().data(), row_count), nullptr, context);
}

EncodedGroup encode_packed(const RowBuffer &rows, const std::vector<Run> &runs,
                           EncodeContext &context) {
    std::vector<uint32_t> ends;
    uint32_t end = 0;
    ends.reserve(runs.size());
    for (const Run &run : runs) ends.push_back(end += run.row_count);
    return encode(rows, rows.row_count(), ends, &runs, context);
}

}  // namespace varve::strata
