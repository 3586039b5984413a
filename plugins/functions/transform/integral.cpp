// integral(field, unit): the area under the rows by trapezia, divided by the unit (default 1 s).
//
//  1. Of rows with the same time the last counts.
//  2. With GROUP BY time the line between two rows is cut where the first one's bucket ends; that
//     bucket is finished there. What lies between the cut and the second row goes to its bucket, so
//     empty buckets between them give no rows.
//  3. A last row that lies exactly where its bucket begins has no area and gives no row.
// Without GROUP BY time there is one bucket, which begins at 0. In descending order a bucket begins
// at its later end, which is then the row's time.
//
// Integers are computed as InfluxDB computes them, in two ways unlike floats: behind a cut the
// trapezium is that of the value at the cut, and the one bucket without GROUP BY time is the range.
#include "functions/common/stream_arguments.hpp"
#include "functions/common/stream_rows.hpp"
#include "functions/transform/transform_functions.hpp"

namespace varve::functions {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNoLowerBound = INT64_MIN + 2;  // the first instant InfluxDB knows

struct State {
    const varve_stream_context *context;
    double unit_ns;
    double area;
    double value;  // of the row before
    int64_t time;
    int64_t start;  // of the bucket at hand, in the direction of the rows
    int64_t end;
    uint32_t has_row;
    uint32_t done;
    uint32_t is_integer;
};

void init(void *state, const varve_argument *arguments, uint32_t count) {
    State fresh{};
    fresh.unit_ns = static_cast<double>(count == 2 ? arguments[1].value.as_int : kSecond);
    *static_cast<State *>(state) = fresh;
}

void begin(void *state, const varve_stream_context *context) {
    static_cast<State *>(state)->context = context;
}

void enter_bucket(State &state, int64_t time) {
    const varve_stream_context &context = *state.context;
    if (context.interval_ns == 0 && state.is_integer == 0) return;
    context.bucket_of(context.ctx, time, &state.start, &state.end);
    if (context.descending != 0) {
        std::swap(state.start, state.end);
    } else if (context.interval_ns == 0 && state.start == kNoLowerBound) {
        state.start = 0;
    }
}

bool leaves_bucket(const State &state, int64_t time) {
    if (state.context->interval_ns == 0 && state.is_integer == 0) return false;
    return state.context->descending != 0 ? time <= state.end : time >= state.end;
}

void add_area(State &state, int64_t time, double value) {
    const double elapsed = static_cast<double>(distance_ns(state.time, time)) / state.unit_ns;
    state.area += 0.5 * (value + state.value) * elapsed;
    state.time = time;
    state.value = value;
}

double between(const State &state, int64_t at, int64_t time, double value) {
    const double slope = (value - state.value) / static_cast<double>(distance_ns(state.time, time));
    return slope * static_cast<double>(distance_ns(state.time, at)) + state.value;
}

void take(State &state, int64_t time, double value, varve_stream_rows &out) {
    if (state.has_row == 0) {
        state.has_row = 1;
        state.time = time;
        state.value = value;
        enter_bucket(state, time);
        return;
    }
    if (state.time == time) {
        state.value = value;
        return;
    }
    const double given = value;
    if (leaves_bucket(state, time)) {
        if (state.time != state.end) {
            const double before = state.value;
            const double at_cut = between(state, state.end, time, value);
            add_area(state, state.end, at_cut);
            if (state.is_integer != 0) {
                state.value = before;
                value = at_cut;
            }
        }
        emit(out, state.start, state.area);
        state.area = 0;
        enter_bucket(state, time);
    }
    add_area(state, time, value);
    state.value = given;
}

int32_t rows(void *state, const varve_column *column, const int64_t *times, uint32_t row_count,
             const varve_arena *, varve_stream_rows *out) {
    static_cast<State *>(state)->is_integer = column->type == VARVE_TYPE_FLOAT64 ? 0 : 1;
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        take(*static_cast<State *>(state), time, as_double(column->type, bits), *out);
    });
    return VARVE_OK;
}

int32_t flush(void *state, const varve_arena *, varve_stream_rows *out) {
    State &last = *static_cast<State *>(state);
    if (last.done == 0 && last.has_row != 0 && last.time != last.start) {
        emit(*out, last.start, last.area);
    }
    last.done = 1;
    return VARVE_OK;
}

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_unit("integral", arguments, count, "second argument must be a duration", error);
}

}  // namespace

const varve_function &integral_function() {
    static const varve_function function = [] {
        varve_function out{};
        out.struct_size = sizeof out;
        out.kind = VARVE_FUNCTION_STREAM;
        out.name = "integral";
        out.flags = VARVE_FUNCTION_NEEDS_FIELD;
        out.accepted_types = VARVE_TYPES_NUMERIC;
        out.state_size = sizeof(State);
        out.state_align = alignof(State);
        out.check = check;
        out.result_type = numeric_to_float;
        out.init = init;
        out.stream_begin = begin;
        out.stream_rows = rows;
        out.stream_flush = flush;
        return out;
    }();
    return function;
}

}  // namespace varve::functions
