// first, last, difference, derivative: what the earliest and the latest row of a bucket say.
//   first, last: in the direction of the query; of a row without the column nothing
//   difference:  the last number minus the first one in the direction of the query; of fewer than
//                two nothing
//   derivative:  the slope per second from the first number to the last one; of one number no row
#include "functions/influxql08/common.hpp"
#include "functions/influxql08/influxql08_functions.hpp"

namespace varve::functions::influxql08 {

namespace {

struct Moment {
    int64_t time = 0;
    uint64_t bits = 0;
    uint32_t is_set = 0;
    uint32_t is_null = 0;
};

struct State {
    Moment earliest;
    Moment latest;
    uint64_t count = 0;
    uint32_t type = 0;
    uint32_t unused = 0;
};

void take(State &state, const Moment &moment) {
    if (state.earliest.is_set == 0 || moment.time < state.earliest.time) state.earliest = moment;
    if (state.latest.is_set == 0 || moment.time >= state.latest.time) state.latest = moment;
}

Moment moment_of(const varve_column &column, const int64_t *times, uint32_t row,
                 const varve_arena *arena, bool &enough) {
    Moment out{times[row], 0, 1, 0};
    if (column.type == VARVE_TYPE_ANY || !is_valid(column, row)) {
        out.is_null = 1;
    } else if (column.type == VARVE_TYPE_STRING) {
        enough = copy_text(static_cast<const varve_str *>(column.values)[row], arena, out.bits);
    } else {
        out.bits = any_bits(column, row);
    }
    return out;
}

// Rows ascend in time, so that the ends of a run are all there is to see.
int32_t take_ends(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                  const varve_column *column, const int64_t *times, const varve_arena *arena) {
    bool enough = true;
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            if (begin == end || !enough) return;
                            state.type = column->type;
                            state.count += end - begin;
                            take(state, moment_of(*column, times, begin, arena, enough));
                            take(state, moment_of(*column, times, end - 1, arena, enough));
                        });
    return code_of(enough);
}

int32_t take_numbers(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                     const varve_column *column, const int64_t *times, const varve_arena *) {
    for_each_run<State>(states, run_ends, run_count,
                        [&](uint32_t begin, uint32_t end, State &state) {
                            for_each_number(*column, begin, end, [&](double value, uint32_t row) {
                                ++state.count;
                                take(state, {times[row], float_as_bits(value), 1, 0});
                            });
                        });
    return VARVE_OK;
}

int32_t merge(void *into, const void *from, const varve_arena *) {
    auto &state = *static_cast<State *>(into);
    const auto &other = *static_cast<const State *>(from);
    if (other.count == 0) return VARVE_OK;
    take(state, other.earliest);
    take(state, other.latest);
    state.count += other.count;
    state.type = other.type == VARVE_TYPE_ANY ? state.type : other.type;
    return VARVE_OK;
}

template <bool IsFirst>
int32_t end_rows(void *state, uint32_t descending, const varve_arena *arena,
                 const varve_value **out, uint64_t *count) {
    const State &all = *static_cast<const State *>(state);
    const Moment &moment = IsFirst == (descending == 0) ? all.earliest : all.latest;
    varve_value *const row = allocate_rows(arena, 1);
    if (row == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    if (moment.is_null != 0) {
        row->has_time = 1;
    } else {
        set_any(*row, all.type, moment.bits);
    }
    *out = row;
    *count = 1;
    return VARVE_OK;
}

int32_t difference_rows(void *state, uint32_t descending, const varve_arena *arena,
                        const varve_value **out, uint64_t *count) {
    const State &all = *static_cast<const State *>(state);
    varve_value *const row = allocate_rows(arena, 1);
    if (row == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    if (all.count > 1) {
        const double gain = bits_as_float(all.latest.bits) - bits_as_float(all.earliest.bits);
        set_float(*row, descending == 0 ? gain : -gain);
    }
    *out = row;
    *count = 1;
    return VARVE_OK;
}

// Times count in whole microseconds, as InfluxDB 0.8 keeps them.
int64_t microsecond_of(int64_t time_ns) {
    constexpr int64_t kMicrosecond = 1000;
    return time_ns / kMicrosecond - (time_ns % kMicrosecond < 0 ? 1 : 0);
}

int32_t derivative_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                        uint64_t *count) {
    const State &all = *static_cast<const State *>(state);
    *count = 0;
    if (all.count == 1) return VARVE_OK;
    varve_value *const row = allocate_rows(arena, 1);
    if (row == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    if (all.count > 1) {
        constexpr double kMicrosecondsPerSecond = 1e6;
        const double gain = bits_as_float(all.latest.bits) - bits_as_float(all.earliest.bits);
        const int64_t span =
            distance_ns(microsecond_of(all.earliest.time), microsecond_of(all.latest.time));
        set_float(*row, gain / (static_cast<double>(span) / kMicrosecondsPerSecond));
    }
    *out = row;
    *count = 1;
    return VARVE_OK;
}

constexpr const char *kDifference = "difference";
constexpr const char *kDerivative = "derivative";

template <bool IsFirst>
int32_t check_end(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 1) return VARVE_OK;
    return refuse_with(error, "function %s() requires exactly one argument",
                       IsFirst ? "first" : "last");
}

varve_function make_moment(const char *name) {
    varve_function out = make<State>(name, VARVE_FUNCTION_MULTI);
    out.init = init_empty<State>;
    out.merge = merge;
    return out;
}

template <bool IsFirst>
varve_function end_function(const char *name) {
    varve_function out = make_moment(name);
    out.check = check_end<IsFirst>;
    out.result_type = same_type;
    out.update_runs = take_ends;
    out.finish_rows = end_rows<IsFirst>;
    return out;
}

varve_function slope_function(const char *name) {
    varve_function out = make_moment(name);
    out.result_type = float_type;
    out.update_runs = take_numbers;
    return out;
}

varve_function difference_function() {
    varve_function out = slope_function(kDifference);
    out.check = check_only<kDifference>;
    out.finish_rows = difference_rows;
    return out;
}

varve_function derivative_function() {
    varve_function out = slope_function(kDerivative);
    out.check = check_only<kDerivative>;
    out.finish_rows = derivative_rows;
    return out;
}

}  // namespace

std::vector<const varve_function *> moment_functions() {
    static const varve_function functions[] = {end_function<true>("first"),
                                               end_function<false>("last"), difference_function(),
                                               derivative_function()};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    return out;
}

}  // namespace varve::functions::influxql08
