// median, percentile, top, bottom: values by their rank.
//   percentile(x, p): the number of rank floor(n·p/100 + 0.5); below the first 0
//   median:           the same with p = 50
//   top(x, n):        the n greatest values, a row each, from the greatest on; texts, too
//   bottom(x, n):     the n least ones, from the least on
#include <cmath>

#include "functions/common/kept_rank.hpp"
#include "functions/influxql08/common.hpp"
#include "functions/influxql08/influxql08_functions.hpp"

namespace varve::functions::influxql08 {

namespace {

// ---- median and percentile

constexpr double kHalf = 50;

template <bool IsMedian>
void init_rank(void *state, const varve_argument *arguments, uint32_t) {
    ChunkedState fresh{};
    fresh.parameter = IsMedian ? kHalf : number_of(arguments[1]);
    *static_cast<ChunkedState *>(state) = fresh;
}

int32_t keep_numbers(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                     const varve_column *column, const int64_t *times, const varve_arena *arena) {
    if (!is_numeric(column->type)) return VARVE_OK;
    return keep_in_chunks(states, run_ends, run_count, column, times, arena);
}

int32_t rank_finish(void *state, const varve_arena *arena, varve_value *out) {
    const ChunkedState &all = *static_cast<const ChunkedState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    set_float(*out, 0);
    const double rank = std::floor(static_cast<double>(all.count) * all.parameter / 100 + 0.5);
    if (rank < 1 || rank > static_cast<double>(all.count)) return VARVE_OK;
    KeptValue value{};
    if (!find_rank(all, static_cast<uint64_t>(rank) - 1, arena, value)) {
        return VARVE_RESOURCE_EXHAUSTED;
    }
    set_float(*out, as_double(all.type, value.bits));
    return VARVE_OK;
}

int32_t check_median(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 1) return VARVE_OK;
    return refuse(error, "function median() requires exactly one argument");
}

int32_t check_percentile(const varve_argument *arguments, uint32_t count, varve_error *error) {
    if (count != 2) return refuse(error, "function percentile() requires exactly two arguments");
    if (is_wildcard(arguments[0])) return refuse(error, "wildcard cannot be used with percentile");
    if (is_number(arguments[1])) {
        const double percentile = number_of(arguments[1]);
        if (percentile > 0 && percentile < 100) return VARVE_OK;
    }
    return refuse(error,
                  "function percentile() requires a numeric second argument between 0 and 100");
}

varve_function make_rank(const char *name) {
    varve_function out = make<ChunkedState>(name, VARVE_FUNCTION_AGGREGATE);
    out.result_type = float_type;
    out.update_runs = keep_numbers;
    out.merge = merge_chunks;
    out.finish = rank_finish;
    return out;
}

varve_function median_function() {
    varve_function out = make_rank("median");
    out.check = check_median;
    out.init = init_rank<true>;
    return out;
}

varve_function percentile_function() {
    varve_function out = make_rank("percentile");
    out.check = check_percentile;
    out.init = init_rank<false>;
    return out;
}

// ---- top and bottom

void init_best(void *state, const varve_argument *arguments, uint32_t) {
    KeptState fresh{};
    fresh.parameter = number_of(arguments[1]);
    *static_cast<KeptState *>(state) = fresh;
}

template <bool IsTop>
void keep_best(KeptState &state) {
    const uint32_t type = state.type;
    std::sort(state.values, state.values + state.count,
              [type](const KeptValue &a, const KeptValue &b) {
                  return IsTop ? less_bits(type, b.bits, a.bits) : less_bits(type, a.bits, b.bits);
              });
    state.count = std::min(state.count, static_cast<uint64_t>(state.parameter));
}

template <bool IsTop>
int32_t take_best(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                  const varve_column *column, const int64_t *times, const varve_arena *arena) {
    // Of truths there is no greatest.
    if (column->type == VARVE_TYPE_ANY || column->type == VARVE_TYPE_BOOLEAN) return VARVE_OK;
    bool enough = true;
    for_each_run<KeptState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, KeptState &state) {
            for (uint32_t row = begin; enough && row < end; ++row) {
                if (!is_valid(*column, row)) continue;
                KeptValue value{any_bits(*column, row), times[row]};
                if (column->type == VARVE_TYPE_STRING) {
                    enough = copy_text(static_cast<const varve_str *>(column->values)[row], arena,
                                       value.bits);
                }
                enough = enough && keep_any(state, column->type, value, arena, keep_best<IsTop>);
            }
        });
    return code_of(enough);
}

template <bool IsTop>
int32_t best_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                  uint64_t *count) {
    KeptState &all = *static_cast<KeptState *>(state);
    keep_best<IsTop>(all);
    varve_value *const rows = allocate_rows(arena, std::max<uint64_t>(1, all.count));
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    for (uint64_t i = 0; i < all.count; ++i) set_any(rows[i], all.type, all.values[i].bits);
    *out = rows;
    *count = std::max<uint64_t>(1, all.count);
    return VARVE_OK;
}

template <bool IsTop>
int32_t check_best(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const char *const name = IsTop ? "top" : "bottom";
    if (count != 2)
        return refuse_with(error, "function %s() requires at exactly 2 arguments", name);
    if (arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_with(error, "function %s() second parameter expect int", name);
    }
    if (arguments[1].value.as_int >= 1) return VARVE_OK;
    return refuse_with(error, "function %s() second parameter must be > 0", name);
}

template <bool IsTop>
varve_function best_function(const char *name) {
    varve_function out = make<KeptState>(name, VARVE_FUNCTION_MULTI);
    out.check = check_best<IsTop>;
    out.result_type = same_type;
    out.init = init_best;
    out.update_runs = take_best<IsTop>;
    out.merge = keep_merge;
    out.finish_rows = best_rows<IsTop>;
    return out;
}

}  // namespace

std::vector<const varve_function *> rank_functions() {
    static const varve_function functions[] = {median_function(), percentile_function(),
                                               best_function<true>("top"),
                                               best_function<false>("bottom")};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    return out;
}

}  // namespace varve::functions::influxql08
