// count, sum, min, max, mean, stddev: sums over the rows of a bucket.
//   count:    rows, whether they have the column or not
//   mean:     what is no number is 0
//   min, max: without a number the greatest and the lowest float
//   stddev:   of the population; without a number nothing
#include <cmath>
#include <limits>

#include "functions/influxql08/common.hpp"
#include "functions/influxql08/influxql08_functions.hpp"

namespace varve::functions::influxql08 {

namespace {

constexpr double kHighest = std::numeric_limits<double>::max();

struct State {
    uint64_t rows = 0;
    uint64_t numbers = 0;
    double sum = 0;
    double squares = 0;
    double least = kHighest;
    double greatest = -kHighest;
};

int32_t count_rows(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                   const varve_column *, const int64_t *, const varve_arena *) {
    for_each_run<State>(
        states, run_ends, run_count,
        [](uint32_t begin, uint32_t end, State &state) { state.rows += end - begin; });
    return VARVE_OK;
}

int32_t add_rows(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                 const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            state.rows += end - begin;
            double sum = state.sum;
            for_each_number(*column, begin, end, [&](double value, uint32_t) { sum += value; });
            state.sum = sum;
        });
    return VARVE_OK;
}

int32_t add_extremes(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                     const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            state.rows += end - begin;
                            for_each_number(*column, begin, end, [&](double value, uint32_t) {
                                state.least = value < state.least ? value : state.least;
                                state.greatest = value > state.greatest ? value : state.greatest;
                            });
                        });
    return VARVE_OK;
}

int32_t add_squares(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            for_each_number(*column, begin, end, [&](double value, uint32_t) {
                                ++state.numbers;
                                state.sum += value;
                                state.squares += value * value;
                            });
                        });
    return VARVE_OK;
}

double number_of(uint32_t type, double as_float, int64_t as_int, uint64_t as_uint) {
    if (type == VARVE_TYPE_INT64) return static_cast<double>(as_int);
    return type == VARVE_TYPE_UINT64 ? static_cast<double>(as_uint) : as_float;
}

// Sums and counts are always right where all rows have the column.
void take_count(void *state, uint32_t, const varve_block_stats *stats) {
    static_cast<State *>(state)->rows += stats->count;
}

void take_sum(void *state, uint32_t type, const varve_block_stats *stats) {
    auto &into = *static_cast<State *>(state);
    into.rows += stats->count;
    if (!is_numeric(type)) return;
    into.sum += number_of(type, stats->sum.as_float, stats->sum.as_int, stats->sum.as_uint);
}

void take_extremes(void *state, uint32_t type, const varve_block_stats *stats) {
    auto &into = *static_cast<State *>(state);
    into.rows += stats->count;
    if (!is_numeric(type)) return;
    const double min = number_of(type, stats->min.as_float, stats->min.as_int, stats->min.as_uint);
    const double max = number_of(type, stats->max.as_float, stats->max.as_int, stats->max.as_uint);
    into.least = min < into.least ? min : into.least;
    into.greatest = max > into.greatest ? max : into.greatest;
}

int32_t merge(void *into, const void *from, const varve_arena *) {
    auto &state = *static_cast<State *>(into);
    const auto &other = *static_cast<const State *>(from);
    state.rows += other.rows;
    state.numbers += other.numbers;
    state.sum += other.sum;
    state.squares += other.squares;
    state.least = other.least < state.least ? other.least : state.least;
    state.greatest = other.greatest > state.greatest ? other.greatest : state.greatest;
    return VARVE_OK;
}

int32_t count_finish(void *state, const varve_arena *, varve_value *out) {
    *out = varve_value{};
    out->type = VARVE_TYPE_INT64;
    out->value.as_int = static_cast<int64_t>(static_cast<const State *>(state)->rows);
    return VARVE_OK;
}

template <double (*Value)(const State &)>
int32_t finish(void *state, const varve_arena *, varve_value *out) {
    *out = varve_value{};
    set_float(*out, Value(*static_cast<const State *>(state)));
    return VARVE_OK;
}

double sum_of(const State &state) {
    return state.sum;
}
double least_of(const State &state) {
    return state.least;
}
double greatest_of(const State &state) {
    return state.greatest;
}
double mean_of(const State &state) {
    return state.sum / static_cast<double>(state.rows);
}

int32_t stddev_finish(void *state, const varve_arena *, varve_value *out) {
    const State &all = *static_cast<const State *>(state);
    *out = varve_value{};
    if (all.numbers == 0) return VARVE_OK;
    const auto count = static_cast<double>(all.numbers);
    const double mean = all.sum / count;
    // Rounding may leave less than nothing of equal values.
    const double variance = all.squares / count - mean * mean;
    set_float(*out, variance > 0 ? std::sqrt(variance) : 0);
    return VARVE_OK;
}

// InfluxDB's text, whichever of the three it is.
int32_t check_cumulative(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 1) return VARVE_OK;
    return refuse(error, "function max() requires only one argument");
}

int32_t check_mean(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 1) return VARVE_OK;
    return refuse(error, "function mean() requires exactly one argument");
}

constexpr const char *kCount = "count";
constexpr const char *kStddev = "stddev";

varve_function make_number(const char *name) {
    varve_function out = make<State>(name, VARVE_FUNCTION_AGGREGATE);
    out.init = init_empty<State>;
    out.merge = merge;
    out.result_type = float_type;
    return out;
}

varve_function count_function() {
    varve_function out = make_number(kCount);
    out.check = check_only<kCount>;
    out.result_type = integer_type;
    out.update_runs = count_rows;
    out.update_stats = take_count;
    out.stats_mask = VARVE_STATS_COUNT;
    out.finish = count_finish;
    return out;
}

varve_function sum_function() {
    varve_function out = make_number("sum");
    out.check = check_cumulative;
    out.update_runs = add_rows;
    out.update_stats = take_sum;
    out.stats_mask = VARVE_STATS_SUM;
    out.finish = finish<sum_of>;
    return out;
}

varve_function mean_function() {
    varve_function out = sum_function();
    out.name = "mean";
    out.check = check_mean;
    out.finish = finish<mean_of>;
    return out;
}

varve_function extreme_function(const char *name) {
    varve_function out = make_number(name);
    out.check = check_cumulative;
    out.update_runs = add_extremes;
    out.update_stats = take_extremes;
    out.stats_mask = VARVE_STATS_MINMAX;
    return out;
}

varve_function min_function() {
    varve_function out = extreme_function("min");
    out.finish = finish<least_of>;
    return out;
}

varve_function max_function() {
    varve_function out = extreme_function("max");
    out.finish = finish<greatest_of>;
    return out;
}

varve_function stddev_function() {
    varve_function out = make_number(kStddev);
    out.check = check_only<kStddev>;
    out.update_runs = add_squares;
    out.finish = stddev_finish;
    return out;
}

}  // namespace

std::vector<const varve_function *> number_functions() {
    static const varve_function functions[] = {count_function(), sum_function(), mean_function(),
                                               min_function(),   max_function(), stddev_function()};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    return out;
}

}  // namespace varve::functions::influxql08
