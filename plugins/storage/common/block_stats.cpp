#include "storage/common/block_stats.hpp"

#include <cstring>
#include <type_traits>

namespace varve::storage {
namespace {

template <typename T>
uint64_t word_of(T value) {
    uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
}

template <typename T>
void fill(varve_block_stats &stats, const T *values, const uint64_t *validity, const int64_t *times,
          uint32_t row_count) {
    using Sum = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;
    T min{}, max{}, first{}, last{};
    Sum sum{};
    bool ordered = true;
    for (uint32_t i = 0; i < row_count; ++i) {
        if (validity != nullptr && (validity[i / 64] >> (i % 64) & 1) == 0) continue;
        const T value = values[i];
        if (stats.count++ == 0) {
            min = max = first = value;
            stats.min_time = stats.max_time = stats.first_time = times[i];
        }
        if (value != value) ordered = false;
        if (value < min) min = value, stats.min_time = times[i];
        if (value > max) max = value, stats.max_time = times[i];
        sum += static_cast<Sum>(value);
        last = value;
        stats.last_time = times[i];
    }
    if (stats.count == 0) return;
    stats.present =
        VARVE_STATS_FIRSTLAST | (ordered ? VARVE_STATS_MINMAX | VARVE_STATS_EXTREME_TIMES : 0u);
    if constexpr (!std::is_same_v<T, uint8_t>) stats.present |= VARVE_STATS_SUM;
    stats.min.as_uint = word_of(min);
    stats.max.as_uint = word_of(max);
    stats.sum.as_uint = word_of(sum);
    stats.first.as_uint = word_of(first);
    stats.last.as_uint = word_of(last);
}

void count_only(varve_block_stats &stats, const uint64_t *validity, uint32_t row_count) {
    stats.count = row_count;
    if (validity == nullptr) return;
    stats.count = 0;
    for (uint32_t i = 0; i < row_count; ++i) {
        stats.count += static_cast<uint32_t>(validity[i / 64] >> (i % 64) & 1);
    }
}

}  // namespace

varve_block_stats block_stats(uint32_t type, const void *values, const uint64_t *validity,
                              const int64_t *times, uint32_t row_count) {
    varve_block_stats stats{};
    const auto of = [&](auto *typed) { fill(stats, typed, validity, times, row_count); };
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            of(static_cast<const double *>(values));
            break;
        case VARVE_TYPE_INT64:
            of(static_cast<const int64_t *>(values));
            break;
        case VARVE_TYPE_UINT64:
            of(static_cast<const uint64_t *>(values));
            break;
        case VARVE_TYPE_BOOLEAN:
            of(static_cast<const uint8_t *>(values));
            break;
        default:
            count_only(stats, validity, row_count);
            break;
    }
    return stats;
}

}  // namespace varve::storage
