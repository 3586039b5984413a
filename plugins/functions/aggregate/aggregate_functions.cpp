#include "functions/aggregate/aggregate_functions.hpp"

#include <algorithm>
#include <cstring>

#include "functions/common/arguments.hpp"

namespace varve::functions {

namespace {

// One state serves all numeric aggregates: which members are used is the function's affair.
struct Number {
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    };
};

struct State {
    uint32_t type;  // of the field, once a value was seen; 0 = none yet
    uint32_t unused;
    uint64_t count;
    Number first;   // the sum, or the least value
    Number second;  // the greatest value
};

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<State *>(state) = State{};
}

template <const char *const &Name>
int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_field_first(Name, 1, arguments, count, error);
}

varve_value value_of(uint32_t type, Number number) {
    varve_value value{};
    value.type = type;
    value.value.as_uint = number.as_uint;
    return value;
}

// ---- count

int32_t count_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                   const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            if (column->validity == nullptr) {
                                state.count += end - begin;
                                return;
                            }
                            for (uint32_t row = begin; row < end; ++row) {
                                state.count += is_valid(*column, row) ? 1 : 0;
                            }
                        });
    return VARVE_OK;
}

void count_stats(void *state, uint32_t, const varve_block_stats *stats) {
    static_cast<State *>(state)->count += stats->count;
}

int32_t count_merge(void *into, const void *from, const varve_arena *) {
    static_cast<State *>(into)->count += static_cast<const State *>(from)->count;
    return VARVE_OK;
}

int32_t count_finish(void *state, const varve_arena *, varve_value *out) {
    *out = varve_value{};
    const uint64_t count = static_cast<const State *>(state)->count;
    if (count == 0) return VARVE_OK;
    out->type = VARVE_TYPE_INT64;
    out->value.as_int = static_cast<int64_t>(count);
    return VARVE_OK;
}

uint32_t count_type(uint32_t) {
    return VARVE_TYPE_INT64;
}

// ---- sum and mean. Integer sums wrap modulo 2^64.

template <typename T>
void add_rows(State &state, const varve_column &column, uint32_t begin, uint32_t end) {
    if constexpr (std::is_same_v<T, double>) {
        double sum = state.first.as_float;
        for_each_value<double>(column, begin, end, [&](double value, uint32_t) {
            sum += value;
            ++state.count;
        });
        state.first.as_float = sum;
    } else {
        uint64_t sum = state.first.as_uint;
        for_each_value<uint64_t>(column, begin, end, [&](uint64_t value, uint32_t) {
            sum += value;
            ++state.count;
        });
        state.first.as_uint = sum;
    }
    state.type = column.type;
}

int32_t sum_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                 const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            if (column->type == VARVE_TYPE_FLOAT64) {
                                add_rows<double>(state, *column, begin, end);
                            } else {
                                add_rows<uint64_t>(state, *column, begin, end);
                            }
                        });
    return VARVE_OK;
}

void add(State &state, uint32_t type, Number sum, uint64_t count) {
    if (count == 0) return;
    state.type = type;
    state.count += count;
    if (type == VARVE_TYPE_FLOAT64) {
        state.first.as_float += sum.as_float;
    } else {
        state.first.as_uint += sum.as_uint;
    }
}

void sum_stats(void *state, uint32_t type, const varve_block_stats *stats) {
    Number sum;
    sum.as_uint = stats->sum.as_uint;
    add(*static_cast<State *>(state), type, sum, stats->count);
}

int32_t sum_merge(void *into, const void *from, const varve_arena *) {
    const State &other = *static_cast<const State *>(from);
    add(*static_cast<State *>(into), other.type, other.first, other.count);
    return VARVE_OK;
}

int32_t sum_finish(void *state, const varve_arena *, varve_value *out) {
    const State &sum = *static_cast<const State *>(state);
    *out = sum.count == 0 ? varve_value{} : value_of(sum.type, sum.first);
    return VARVE_OK;
}

int32_t mean_finish(void *state, const varve_arena *, varve_value *out) {
    const State &sum = *static_cast<const State *>(state);
    *out = varve_value{};
    if (sum.count == 0) return VARVE_OK;
    const double total = sum.type == VARVE_TYPE_FLOAT64 ? sum.first.as_float
                         : sum.type == VARVE_TYPE_INT64 ? static_cast<double>(sum.first.as_int)
                                                        : static_cast<double>(sum.first.as_uint);
    out->type = VARVE_TYPE_FLOAT64;
    out->value.as_float = total / static_cast<double>(sum.count);
    return VARVE_OK;
}

uint32_t is_numeric(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0;
}
uint32_t same_type(uint32_t type) {
    return is_numeric(type) != 0 ? type : 0;
}
uint32_t float_type(uint32_t type) {
    return is_numeric(type) != 0 ? VARVE_TYPE_FLOAT64 : 0;
}

// ---- spread

template <typename T>
T get(Number number) {
    T value;
    std::memcpy(&value, &number, sizeof value);
    return value;
}

template <typename T>
Number put(T value) {
    Number number;
    std::memcpy(&number, &value, sizeof value);
    return number;
}

template <typename T>
void widen(State &state, T least, T greatest) {
    state.first = put(state.count == 0 ? least : std::min(get<T>(state.first), least));
    state.second = put(state.count == 0 ? greatest : std::max(get<T>(state.second), greatest));
    ++state.count;
}

void widen_by(State &state, uint32_t type, Number least, Number greatest) {
    state.type = type;
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            widen(state, least.as_float, greatest.as_float);
            break;
        case VARVE_TYPE_INT64:
            widen(state, least.as_int, greatest.as_int);
            break;
        default:
            widen(state, least.as_uint, greatest.as_uint);
            break;
    }
}

template <typename T>
void widen_rows(State &state, const varve_column &column, uint32_t begin, uint32_t end) {
    for_each_value<T>(column, begin, end,
                      [&](T value, uint32_t) { widen<T>(state, value, value); });
    state.type = column.type;
}

int32_t spread_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            switch (column->type) {
                                case VARVE_TYPE_FLOAT64:
                                    widen_rows<double>(state, *column, begin, end);
                                    break;
                                case VARVE_TYPE_INT64:
                                    widen_rows<int64_t>(state, *column, begin, end);
                                    break;
                                default:
                                    widen_rows<uint64_t>(state, *column, begin, end);
                                    break;
                            }
                        });
    return VARVE_OK;
}

void spread_stats(void *state, uint32_t type, const varve_block_stats *stats) {
    if (stats->count == 0) return;
    Number least;
    Number greatest;
    least.as_uint = stats->min.as_uint;
    greatest.as_uint = stats->max.as_uint;
    widen_by(*static_cast<State *>(state), type, least, greatest);
}

int32_t spread_merge(void *into, const void *from, const varve_arena *) {
    const State &other = *static_cast<const State *>(from);
    if (other.count != 0) {
        widen_by(*static_cast<State *>(into), other.type, other.first, other.second);
    }
    return VARVE_OK;
}

int32_t spread_finish(void *state, const varve_arena *, varve_value *out) {
    const State &spread = *static_cast<const State *>(state);
    *out = varve_value{};
    if (spread.count == 0) return VARVE_OK;
    Number difference;
    if (spread.type == VARVE_TYPE_FLOAT64) {
        difference.as_float = spread.second.as_float - spread.first.as_float;
    } else {
        difference.as_uint = spread.second.as_uint - spread.first.as_uint;
    }
    *out = value_of(spread.type, difference);
    return VARVE_OK;
}

constexpr const char *kCount = "count";
constexpr const char *kSum = "sum";
constexpr const char *kMean = "mean";
constexpr const char *kSpread = "spread";

varve_function base(const char *name, uint32_t types, uint32_t stats_mask) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_AGGREGATE;
    function.name = name;
    function.flags = VARVE_FUNCTION_FILLABLE;
    function.accepted_types = types;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.stats_mask = stats_mask;
    function.init = init;
    return function;
}

varve_function make_count() {
    varve_function function = base(kCount, VARVE_TYPES_ALL, VARVE_STATS_COUNT);
    function.flags |= VARVE_FUNCTION_FILL_ZERO;
    function.check = check<kCount>;
    function.result_type = count_type;
    function.update_runs = count_runs;
    function.update_stats = count_stats;
    function.merge = count_merge;
    function.finish = count_finish;
    return function;
}

varve_function make_sum() {
    varve_function function = base(kSum, VARVE_TYPES_NUMERIC, VARVE_STATS_COUNT | VARVE_STATS_SUM);
    function.check = check<kSum>;
    function.result_type = same_type;
    function.update_runs = sum_runs;
    function.update_stats = sum_stats;
    function.merge = sum_merge;
    function.finish = sum_finish;
    return function;
}

varve_function make_mean() {
    varve_function function = make_sum();
    function.name = kMean;
    function.check = check<kMean>;
    function.result_type = float_type;
    function.finish = mean_finish;
    return function;
}

varve_function make_spread() {
    varve_function function =
        base(kSpread, VARVE_TYPES_NUMERIC, VARVE_STATS_COUNT | VARVE_STATS_MINMAX);
    function.check = check<kSpread>;
    function.result_type = same_type;
    function.update_runs = spread_runs;
    function.update_stats = spread_stats;
    function.merge = spread_merge;
    function.finish = spread_finish;
    return function;
}

}  // namespace

std::vector<const varve_function *> aggregate_functions() {
    static const varve_function count = make_count();
    static const varve_function sum = make_sum();
    static const varve_function mean = make_mean();
    static const varve_function spread = make_spread();
    return {&count,
            &sum,
            &mean,
            &spread,
            &median_function(),
            &stddev_function(),
            &distinct_function(),
            &mode_function(),
            &percentile_approx_function(),
            &histogram_function()};
}

}  // namespace varve::functions
