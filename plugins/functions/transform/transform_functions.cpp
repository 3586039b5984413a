// Rules, as InfluxDB has them:
//   derivative   Δv / Δt · unit (default: the GROUP BY interval, else 1 s); in descending order Δt
//   is
//                turned round
//   difference   v − previous v, in the order of the rows; integers wrap
//   elapsed      Δt / unit (default 1 ns), cut to an integer
//   moving_average   from the n-th row on
//   cumulative_sum   every row; integers wrap
// derivative and difference see only the first of several rows with the same time.
#include "functions/transform/transform_functions.hpp"

#include "functions/common/stream_arguments.hpp"
#include "functions/common/stream_rows.hpp"

namespace varve::functions {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

// ---- derivative, difference, elapsed: the row before is all they need

struct PairState {
    int64_t unit_ns;  // 0 = not given
    int64_t time;
    uint64_t bits;
    uint32_t has_row;
    uint32_t descending;
};

void init_pair(void *state, const varve_argument *arguments, uint32_t count) {
    PairState fresh{};
    if (count == 2) fresh.unit_ns = arguments[1].value.as_int;
    *static_cast<PairState *>(state) = fresh;
}

void begin_pair(void *state, const varve_stream_context *context) {
    static_cast<PairState *>(state)->descending = context->descending;
}

void begin_derivative(void *state, const varve_stream_context *context) {
    begin_pair(state, context);
    PairState &pair = *static_cast<PairState *>(state);
    if (pair.unit_ns != 0) return;
    pair.unit_ns = context->interval_ns > 0 ? context->interval_ns : kSecond;
}

void begin_elapsed(void *state, const varve_stream_context *) {
    PairState &pair = *static_cast<PairState *>(state);
    if (pair.unit_ns == 0) pair.unit_ns = 1;
}

// b − a as a float. Of integers the difference wraps first; of unsigned ones it has a sign.
double float_difference(uint32_t type, uint64_t a, uint64_t b) {
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            return bits_as_float(b) - bits_as_float(a);
        case VARVE_TYPE_INT64:
            return static_cast<double>(static_cast<int64_t>(b - a));
        default:
            return b > a ? static_cast<double>(b - a) : -static_cast<double>(a - b);
    }
}

template <bool NonNegative>
int32_t derivative_rows(void *state, const varve_column *column, const int64_t *times,
                        uint32_t row_count, const varve_arena *, varve_stream_rows *out) {
    PairState &last = *static_cast<PairState *>(state);
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        if (last.has_row != 0 && last.time == time) return;
        if (last.has_row != 0) {
            const double change = float_difference(column->type, last.bits, bits);
            const int64_t elapsed =
                last.descending != 0 ? distance_ns(time, last.time) : distance_ns(last.time, time);
            const double units = static_cast<double>(elapsed) / static_cast<double>(last.unit_ns);
            if (!NonNegative || !(change < 0)) emit(*out, time, change / units);
        }
        last.has_row = 1;
        last.time = time;
        last.bits = bits;
    });
    return VARVE_OK;
}

template <bool NonNegative>
int32_t difference_rows(void *state, const varve_column *column, const int64_t *times,
                        uint32_t row_count, const varve_arena *, varve_stream_rows *out) {
    PairState &last = *static_cast<PairState *>(state);
    const bool floats = column->type == VARVE_TYPE_FLOAT64;
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        if (last.has_row != 0 && last.time == time) return;
        if (last.has_row != 0) {
            const double change = float_difference(column->type, last.bits, bits);
            if (!NonNegative || !(change < 0)) {
                emit(*out, time, floats ? float_as_bits(change) : bits - last.bits);
            }
        }
        last.has_row = 1;
        last.time = time;
        last.bits = bits;
    });
    return VARVE_OK;
}

int32_t elapsed_rows(void *state, const varve_column *column, const int64_t *times,
                     uint32_t row_count, const varve_arena *, varve_stream_rows *out) {
    PairState &last = *static_cast<PairState *>(state);
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t) {
        if (last.has_row != 0) {
            emit(*out, time, static_cast<uint64_t>(distance_ns(last.time, time) / last.unit_ns));
        }
        last.has_row = 1;
        last.time = time;
    });
    return VARVE_OK;
}

// ---- cumulative_sum

struct SumState {
    uint64_t bits;
};

void init_sum(void *state, const varve_argument *, uint32_t) {
    *static_cast<SumState *>(state) = SumState{};
}

void begin_sum(void *, const varve_stream_context *) {}

uint64_t sum_of(uint32_t type, uint64_t a, uint64_t b) {
    return type == VARVE_TYPE_FLOAT64 ? float_as_bits(bits_as_float(a) + bits_as_float(b)) : a + b;
}

int32_t sum_rows(void *state, const varve_column *column, const int64_t *times, uint32_t row_count,
                 const varve_arena *, varve_stream_rows *out) {
    SumState &sum = *static_cast<SumState *>(state);
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        sum.bits = sum_of(column->type, sum.bits, bits);
        emit(*out, time, sum.bits);
    });
    return VARVE_OK;
}

// ---- moving_average: a ring of the last n values, which grows as they come

struct RingState {
    uint64_t size;  // n
    uint64_t count;
    uint64_t next;  // where the next value goes once the ring is full
    uint64_t capacity;
    uint64_t *values;  // in the arena
    uint64_t sum;
};

void init_ring(void *state, const varve_argument *arguments, uint32_t) {
    RingState fresh{};
    fresh.size = static_cast<uint64_t>(arguments[1].value.as_int);
    *static_cast<RingState *>(state) = fresh;
}

bool grow(RingState &ring, const varve_arena *arena) {
    if (ring.count < ring.capacity) return true;
    const uint64_t capacity = std::min(ring.size, std::max<uint64_t>(16, ring.capacity * 2));
    auto *values = static_cast<uint64_t *>(
        arena->allocate(arena->ctx, capacity * sizeof(uint64_t), alignof(uint64_t)));
    if (values == nullptr) return false;
    if (ring.count != 0) std::memcpy(values, ring.values, ring.count * sizeof(uint64_t));
    ring.values = values;
    ring.capacity = capacity;
    return true;
}

uint64_t less(uint32_t type, uint64_t a, uint64_t b) {
    return type == VARVE_TYPE_FLOAT64 ? float_as_bits(bits_as_float(a) - bits_as_float(b)) : a - b;
}

int32_t average_rows(void *state, const varve_column *column, const int64_t *times,
                     uint32_t row_count, const varve_arena *arena, varve_stream_rows *out) {
    RingState &ring = *static_cast<RingState *>(state);
    bool enough = true;
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        if (!enough) return;
        if (ring.count < ring.size) {
            enough = grow(ring, arena);
            if (!enough) return;
            ring.values[ring.count++] = bits;
        } else {
            ring.sum = less(column->type, ring.sum, ring.values[ring.next]);
            ring.values[ring.next] = bits;
            ring.next = (ring.next + 1) % ring.size;
        }
        ring.sum = sum_of(column->type, ring.sum, bits);
        if (ring.count < ring.size) return;
        emit(*out, time, as_double(column->type, ring.sum) / static_cast<double>(ring.size));
    });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

// ---- tables

constexpr const char *kDerivative = "derivative";
constexpr const char *kNonNegativeDerivative = "non_negative_derivative";
constexpr const char *kDifference = "difference";
constexpr const char *kNonNegativeDifference = "non_negative_difference";
constexpr const char *kElapsed = "elapsed";
constexpr const char *kSum = "cumulative_sum";
constexpr const char *kAverage = "moving_average";

template <const char *const &Name>
int32_t check_unit_of(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_unit(Name, arguments, count, nullptr, error);
}

template <const char *const &Name>
int32_t check_one(const varve_argument *, uint32_t count, varve_error *error) {
    return check_count(Name, 1, count, error);
}

int32_t check_average(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_count(kAverage, 2, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_with(error, "second argument for moving_average must be an integer, got %s",
                           literal_name(arguments[1]));
    }
    const int64_t size = arguments[1].value.as_int;
    if (size > 1) return VARVE_OK;
    return refuse_with(error, "moving_average window must be greater than 1, got %lld",
                       static_cast<long long>(size));
}

uint32_t to_integer(uint32_t) {
    return VARVE_TYPE_INT64;
}

uint32_t one_bucket(const varve_argument *, uint32_t) {
    return 1;
}

uint32_t window_of_buckets(const varve_argument *arguments, uint32_t) {
    return static_cast<uint32_t>(std::min<int64_t>(arguments[1].value.as_int, UINT32_MAX));
}

template <typename State>
varve_function make(const char *name) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_STREAM;
    function.name = name;
    function.accepted_types = VARVE_TYPES_NUMERIC;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.result_type = numeric_to_same;
    function.look_back = one_bucket;
    return function;
}

template <const char *const &Name, bool NonNegative>
varve_function make_derivative() {
    varve_function function = make<PairState>(Name);
    function.check = check_unit_of<Name>;
    function.result_type = numeric_to_float;
    function.init = init_pair;
    function.stream_begin = begin_derivative;
    function.stream_rows = derivative_rows<NonNegative>;
    return function;
}

template <const char *const &Name, bool NonNegative>
varve_function make_difference() {
    varve_function function = make<PairState>(Name);
    function.check = check_one<Name>;
    function.init = init_pair;
    function.stream_begin = begin_pair;
    function.stream_rows = difference_rows<NonNegative>;
    return function;
}

varve_function make_elapsed() {
    varve_function function = make<PairState>(kElapsed);
    function.accepted_types = VARVE_TYPES_ALL;
    function.check = check_unit_of<kElapsed>;
    function.result_type = to_integer;
    function.init = init_pair;
    function.stream_begin = begin_elapsed;
    function.stream_rows = elapsed_rows;
    return function;
}

varve_function make_sum() {
    varve_function function = make<SumState>(kSum);
    function.check = check_one<kSum>;
    function.init = init_sum;
    function.look_back = nullptr;
    function.stream_begin = begin_sum;
    function.stream_rows = sum_rows;
    return function;
}

varve_function make_average() {
    varve_function function = make<RingState>(kAverage);
    function.check = check_average;
    function.result_type = numeric_to_float;
    function.init = init_ring;
    function.look_back = window_of_buckets;
    function.stream_begin = begin_sum;
    function.stream_rows = average_rows;
    return function;
}

}  // namespace

std::vector<const varve_function *> transform_functions() {
    static const varve_function functions[] = {make_derivative<kDerivative, false>(),
                                               make_derivative<kNonNegativeDerivative, true>(),
                                               make_difference<kDifference, false>(),
                                               make_difference<kNonNegativeDifference, true>(),
                                               make_elapsed(),
                                               make_sum(),
                                               make_average()};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    out.push_back(&integral_function());
    return out;
}

}  // namespace varve::functions
