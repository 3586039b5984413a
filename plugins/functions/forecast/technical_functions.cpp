// Technical analysis: f(x, period[, hold[, warm-up]]). The first `hold` values are not given; −1,
// the default, is as many as it takes to warm up.
//
// The exponential moving average of n: alpha = 2/(n+1). While fewer than n values have been seen,
// alpha = 2/(seen+2) ('exponential'), or the mean of all ('simple'). The others are made of it:
//   double   2·e1 − e2                         triple      3·e1 − 3·e2 + e3
//   triple_exponential_derivative              100·(e3 / e3 before − 1)
//   relative_strength_index                    100 − 100/(1 + up/down)
//   chande_momentum_oscillator                 100·(up − down)/(up + down)
// where e2, e3 are averages of e1, e2 (with 'simple' from when the earlier is warm on; until then
// they copy it), and up, down averages of the moves with period n+1 and alpha 1/n. Without a
// warm-up type the oscillator takes the sums of the last n moves. Kaufman's efficiency ratio is the
// way from n rows ago as the crow flies, divided by the way that was gone; his adaptive average has
// the weight (ratio·(2/3 − 2/31) + 2/31)².
#include <cmath>
#include <string_view>

#include "functions/common/stream_arguments.hpp"
#include "functions/common/stream_rows.hpp"
#include "functions/forecast/forecast_functions.hpp"

namespace varve::functions {

namespace {

enum class Technical : uint32_t {
    average,
    double_average,
    triple_average,
    derivative,
    strength,
    efficiency,
    adaptive,
    oscillator
};

// Longer than any series; what is computed from it fits 64 bits.
constexpr int64_t kPeriodMax = int64_t{1} << 48;

struct Average {
    int64_t period;
    int64_t seen;  // at most the period
    double alpha;
    double last;
    bool simple;

    bool warm() const { return seen == period; }
    double add(double value) {
        if (seen == 0) {
            last = value;
        } else if (warm()) {
            last = (value - last) * alpha + last;
        } else if (simple) {
            last = (last * static_cast<double>(seen) + value) / static_cast<double>(seen + 1);
        } else {
            last = (value - last) * (2 / static_cast<double>(seen + 2)) + last;
        }
        if (seen < period) ++seen;
        return last;
    }
};

struct Step {
    double value;
    double move;
};

struct State {
    int64_t period;
    int64_t hold;
    int64_t seen;
    Average averages[3];  // in chain; or of ups, of downs
    double last;
    Step *ring;  // in the arena
    uint64_t ring_size;
    uint64_t newest;
    double up;    // sums over the ring
    double down;  // or the way that was gone
    bool has_warmup;
    bool simple;
};

Average make_average(int64_t period, double alpha, bool simple) {
    return {period, 0, alpha, 0, simple};
}

template <Technical T>
int64_t warm_count(const State &state) {
    const int64_t n = state.period;
    switch (T) {
        case Technical::average:
            return n - 1;
        case Technical::double_average:
            return state.simple ? 2 * (n - 1) : n - 1;
        case Technical::triple_average:
            return state.simple ? 3 * (n - 1) : n - 1;
        case Technical::derivative:
            return (state.simple ? 3 * (n - 1) : n - 1) + 1;
        case Technical::oscillator:
            return state.has_warmup ? n : n - 1;
        default:
            return n;
    }
}

constexpr bool uses_moves(Technical technical) {
    return technical == Technical::strength || technical == Technical::oscillator;
}

template <Technical T>
void init(void *state, const varve_argument *arguments, uint32_t count) {
    State fresh{};
    fresh.period = std::min(arguments[1].value.as_int, kPeriodMax);
    fresh.has_warmup = T != Technical::oscillator;
    if (count > 3) {
        const std::string_view warmup(arguments[3].text.data, arguments[3].text.size);
        fresh.has_warmup = warmup != "none";
        fresh.simple = warmup == "simple";
    }
    const auto n = static_cast<double>(fresh.period);
    for (Average &average : fresh.averages) {
        average = uses_moves(T) ? make_average(fresh.period + 1, 1 / n, fresh.simple)
                                : make_average(fresh.period, 2 / (n + 1), fresh.simple);
    }
    fresh.hold = count > 2 ? arguments[2].value.as_int : -1;
    if (fresh.hold == -1) fresh.hold = warm_count<T>(fresh);
    // The oscillator's ring lacks the newest move; a period of 1 has a ring of one, too.
    const int64_t ring = T == Technical::oscillator ? fresh.period - 1 : fresh.period;
    fresh.ring_size = static_cast<uint64_t>(std::max<int64_t>(1, ring));
    *static_cast<State *>(state) = fresh;
}

void begin(void *, const varve_stream_context *) {}

bool make_ring(State &state, const varve_arena *arena) {
    if (state.ring != nullptr) return true;
    state.ring = allocate_array<Step>(arena, state.ring_size);
    if (state.ring == nullptr) return false;
    std::fill_n(state.ring, state.ring_size, Step{});
    return true;
}

// The second and third average follow only when the earlier is warm, or warms up exponentially.
double chained(State &state, size_t i, double value) {
    const Average &before = state.averages[i - 1];
    return before.warm() || !before.simple ? state.averages[i].add(value) : value;
}

double derivative(State &state, double value) {
    double now = state.averages[0].add(value);
    if (state.averages[0].warm() || !state.simple) {
        now = state.averages[1].add(now);
        if (state.averages[1].warm() || !state.simple) now = state.averages[2].add(now);
    }
    const double rate = (now / state.last - 1) * 100;
    state.last = now;
    return rate;
}

// The averages of ups and downs; the value before the first is 0.
void add_move(State &state, double value) {
    state.averages[0].add(value > state.last ? value - state.last : 0);
    state.averages[1].add(value < state.last ? state.last - value : 0);
    state.last = value;
}

double summed_oscillator(State &state, double value) {
    const uint64_t oldest = state.newest + 1 == state.ring_size ? 0 : state.newest + 1;
    double move = 0;
    if (state.seen != 0) {
        move = value - state.ring[state.newest].value;
        if (move > 0) state.up += move;
        if (move < 0) state.down -= move;
    }
    double out = 0;
    if (state.up != 0 || state.down != 0) {
        out = 100.0 * ((state.up - state.down) / (state.up + state.down));
    }
    const double leaving = state.ring[oldest].move;
    if (leaving > 0) state.up -= leaving;
    if (leaving < 0) state.down += leaving;
    state.ring[oldest] = {value, move};
    state.newest = oldest;
    return out;
}

double efficiency(State &state, double value) {
    const uint64_t oldest = state.newest + 1 >= state.ring_size ? 0 : state.newest + 1;
    const double direct = std::fabs(value - state.ring[oldest].value);
    const double move = std::fabs(value - state.ring[state.newest].value);
    state.down -= state.ring[oldest].move;
    state.down += move;
    state.newest = oldest;
    state.ring[oldest] = {value, move};
    return direct == 0 || state.down == 0 ? 0 : direct / state.down;
}

double adaptive(State &state, double value) {
    // Until n + 1 values are seen, the last value stands for the average.
    if (state.seen <= state.period) state.last = state.ring[state.newest].value;
    const double ratio = efficiency(state, value);
    // 56/93 = 2/3 − 2/31
    const double root = ratio * (56.0 / 93.0) + 2.0 / 31.0;
    state.last = state.last + root * root * (value - state.last);
    return state.last;
}

template <Technical T>
double next_value(State &state, double value) {
    if constexpr (T == Technical::average) {
        return state.averages[0].add(value);
    } else if constexpr (T == Technical::double_average) {
        const double first = state.averages[0].add(value);
        return 2 * first - chained(state, 1, first);
    } else if constexpr (T == Technical::triple_average) {
        const double first = state.averages[0].add(value);
        const double second = chained(state, 1, first);
        const double third = chained(state, 2, second);
        return 3 * first - 3 * second + third;
    } else if constexpr (T == Technical::derivative) {
        return derivative(state, value);
    } else if constexpr (T == Technical::strength) {
        add_move(state, value);
        return 100 - 100 / (1 + state.averages[0].last / state.averages[1].last);
    } else if constexpr (T == Technical::efficiency) {
        return efficiency(state, value);
    } else if constexpr (T == Technical::adaptive) {
        return adaptive(state, value);
    } else {
        if (!state.has_warmup) return summed_oscillator(state, value);
        add_move(state, value);
        const double up = state.averages[0].last;
        const double down = state.averages[1].last;
        return 100.0 * ((up - down) / (up + down));
    }
}

template <Technical T>
int32_t rows(void *state, const varve_column *column, const int64_t *times, uint32_t row_count,
             const varve_arena *arena, varve_stream_rows *out) {
    State &all = *static_cast<State *>(state);
    constexpr bool has_ring =
        T == Technical::efficiency || T == Technical::adaptive || T == Technical::oscillator;
    if (has_ring && !make_ring(all, arena)) return VARVE_RESOURCE_EXHAUSTED;
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        const double value = next_value<T>(all, as_double(column->type, bits));
        ++all.seen;
        if (all.seen > all.hold && !std::isinf(value)) emit(*out, time, value);
    });
    return VARVE_OK;
}

// ---- checks

constexpr const char *kNames[] = {
    "exponential_moving_average",        "double_exponential_moving_average",
    "triple_exponential_moving_average", "triple_exponential_derivative",
    "relative_strength_index",           "kaufmans_efficiency_ratio",
    "kaufmans_adaptive_moving_average",  "chande_momentum_oscillator"};

template <Technical T>
int32_t check_warmup(const char *name, const varve_argument &warmup, varve_error *error) {
    if (warmup.kind != VARVE_ARGUMENT_STRING) {
        return refuse_with(error, "%s warmup type must be a string", name);
    }
    constexpr bool is_oscillator = T == Technical::oscillator;
    const std::string_view text(warmup.text.data, warmup.text.size);
    if (text == "exponential" || text == "simple" || (is_oscillator && text == "none")) {
        return VARVE_OK;
    }
    return refuse_with(error, "%s warmup type must be one of: %s'exponential' 'simple'", name,
                       is_oscillator ? "'none' " : "");
}

template <Technical T>
int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const char *const name = kNames[static_cast<size_t>(T)];
    const uint32_t most = T == Technical::efficiency || T == Technical::adaptive ? 3 : 4;
    const int32_t code = check_count_between(name, 2, most, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_with(error, "%s period must be an integer", name);
    }
    if (arguments[1].value.as_int < 1) {
        return refuse_with(error, "%s period must be greater than or equal to 1", name);
    }
    if (count > 2) {
        if (arguments[2].kind != VARVE_ARGUMENT_INTEGER) {
            return refuse_with(error, "%s hold period must be an integer", name);
        }
        const int64_t least = T == Technical::derivative ? 1 : 0;
        const int64_t hold = arguments[2].value.as_int;
        if (hold < least && hold != -1) {
            return refuse_with(error, "%s hold period must be greater than or equal to %d", name,
                               static_cast<int>(least));
        }
    }
    return count > 3 ? check_warmup<T>(name, arguments[3], error) : VARVE_OK;
}

uint32_t period_of_buckets(const varve_argument *arguments, uint32_t) {
    return static_cast<uint32_t>(std::min<int64_t>(arguments[1].value.as_int, UINT32_MAX));
}

template <Technical T>
varve_function make() {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_STREAM;
    function.name = kNames[static_cast<size_t>(T)];
    function.accepted_types = VARVE_TYPES_NUMERIC;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.check = check<T>;
    function.result_type = numeric_to_float;
    function.init = init<T>;
    function.look_back = period_of_buckets;
    function.stream_begin = begin;
    function.stream_rows = rows<T>;
    return function;
}

}  // namespace

std::vector<const varve_function *> technical_functions() {
    static const varve_function functions[] = {
        make<Technical::average>(),        make<Technical::double_average>(),
        make<Technical::triple_average>(), make<Technical::derivative>(),
        make<Technical::strength>(),       make<Technical::efficiency>(),
        make<Technical::adaptive>(),       make<Technical::oscillator>()};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    return out;
}

std::vector<const varve_function *> forecast_functions() {
    std::vector<const varve_function *> out = technical_functions();
    for (const varve_function *function : holt_winters_functions()) out.push_back(function);
    return out;
}

}  // namespace varve::functions
