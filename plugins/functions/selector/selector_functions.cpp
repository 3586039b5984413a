#include "functions/selector/selector_functions.hpp"

#include <cstring>
#include <string_view>

#include "functions/common/arguments.hpp"

namespace varve::functions {

namespace {

// The point chosen so far.
struct State {
    uint32_t type;  // 0 = none yet
    uint32_t unused;
    int64_t time;
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    } value;
    varve_str text;  // STRING, in the arena
};

enum class Pick { first, last, min, max };

template <typename T>
struct Point {
    T value;
    int64_t time;
};

// Says if the new point replaces the old one. Equal times: first and last take the larger value (of
// booleans, first takes false); equal values: min and max take the earlier time.
template <Pick P, typename T>
bool replaces(const Point<T> &old, const Point<T> &next) {
    if constexpr (P == Pick::first) {
        if (next.time != old.time) return next.time < old.time;
        if constexpr (std::is_same_v<T, uint8_t>) return next.value < old.value;
        return next.value > old.value;
    } else if constexpr (P == Pick::last) {
        if (next.time != old.time) return next.time > old.time;
        return next.value > old.value;
    } else if constexpr (P == Pick::min) {
        return next.value < old.value || (next.value == old.value && next.time < old.time);
    } else {
        return next.value > old.value || (next.value == old.value && next.time < old.time);
    }
}

template <typename T>
T value_in(const State &state) {
    if constexpr (std::is_same_v<T, double>) return state.value.as_float;
    if constexpr (std::is_same_v<T, int64_t>) return state.value.as_int;
    if constexpr (std::is_same_v<T, uint64_t>) return state.value.as_uint;
    if constexpr (std::is_same_v<T, uint8_t>) return static_cast<uint8_t>(state.value.as_uint);
    if constexpr (std::is_same_v<T, std::string_view>) {
        return std::string_view(state.text.data, state.text.size);
    }
}

template <typename T>
int32_t set(State &state, uint32_t type, const Point<T> &point, const varve_arena *arena) {
    state.type = type;
    state.time = point.time;
    if constexpr (std::is_same_v<T, double>) {
        state.value.as_float = point.value;
    } else if constexpr (std::is_same_v<T, int64_t>) {
        state.value.as_int = point.value;
    } else if constexpr (std::is_same_v<T, std::string_view>) {
        auto *copy = static_cast<char *>(arena->allocate(arena->ctx, point.value.size() + 1, 1));
        if (copy == nullptr) return VARVE_RESOURCE_EXHAUSTED;
        std::memcpy(copy, point.value.data(), point.value.size());
        state.text = varve_str{copy, static_cast<uint32_t>(point.value.size()), 0};
    } else {
        state.value.as_uint = point.value;
    }
    return VARVE_OK;
}

template <Pick P, typename T>
int32_t offer(State &state, uint32_t type, const Point<T> &point, const varve_arena *arena) {
    if (state.type != 0) {
        const Point<T> old{value_in<T>(state), state.time};
        if (!replaces<P>(old, point)) return VARVE_OK;
    }
    return set(state, type, point, arena);
}

// The best of the run's rows, and then against the state: strings are copied once per run.
template <Pick P, typename T>
int32_t offer_rows(State &state, const varve_column &column, const int64_t *times, uint32_t begin,
                   uint32_t end, const varve_arena *arena) {
    Point<T> best{};
    bool any = false;
    const auto see = [&](T value, uint32_t row) {
        const Point<T> point{value, times[row]};
        if (!any || replaces<P>(best, point)) best = point;
        any = true;
    };
    if constexpr (std::is_same_v<T, std::string_view>) {
        for_each_value<varve_str>(column, begin, end, [&](varve_str text, uint32_t row) {
            see(std::string_view(text.data, text.size), row);
        });
    } else {
        for_each_value<T>(column, begin, end, see);
    }
    return any ? offer<P>(state, column.type, best, arena) : VARVE_OK;
}

template <Pick P>
int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *times, const varve_arena *arena) {
    int32_t code = VARVE_OK;
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            int32_t one = VARVE_OK;
            switch (column->type) {
                case VARVE_TYPE_FLOAT64:
                    one = offer_rows<P, double>(state, *column, times, begin, end, arena);
                    break;
                case VARVE_TYPE_INT64:
                    one = offer_rows<P, int64_t>(state, *column, times, begin, end, arena);
                    break;
                case VARVE_TYPE_UINT64:
                    one = offer_rows<P, uint64_t>(state, *column, times, begin, end, arena);
                    break;
                case VARVE_TYPE_BOOLEAN:
                    one = offer_rows<P, uint8_t>(state, *column, times, begin, end, arena);
                    break;
                default:
                    one = offer_rows<P, std::string_view>(state, *column, times, begin, end, arena);
                    break;
            }
            if (one != VARVE_OK) code = one;
        });
    return code;
}

template <Pick P>
void update_stats(void *state, uint32_t type, const varve_block_stats *stats) {
    if (stats->count == 0) return;
    const auto pick = [&]() {
        switch (P) {
            case Pick::first:
                return std::pair(stats->first.as_uint, stats->first_time);
            case Pick::last:
                return std::pair(stats->last.as_uint, stats->last_time);
            case Pick::min:
                return std::pair(stats->min.as_uint, stats->min_time);
            case Pick::max:
                break;
        }
        return std::pair(stats->max.as_uint, stats->max_time);
    };
    const auto [bits, time] = pick();
    State &into = *static_cast<State *>(state);
    double as_float = 0;
    std::memcpy(&as_float, &bits, sizeof bits);
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            offer<P>(into, type, Point<double>{as_float, time}, nullptr);
            break;
        case VARVE_TYPE_INT64:
            offer<P>(into, type, Point<int64_t>{static_cast<int64_t>(bits), time}, nullptr);
            break;
        case VARVE_TYPE_UINT64:
            offer<P>(into, type, Point<uint64_t>{bits, time}, nullptr);
            break;
        default:
            offer<P>(into, type, Point<uint8_t>{static_cast<uint8_t>(bits), time}, nullptr);
            break;
    }
}

template <Pick P>
int32_t merge(void *into, const void *from, const varve_arena *arena) {
    State &state = *static_cast<State *>(into);
    const State &other = *static_cast<const State *>(from);
    const auto take = [&]<typename T>(T) {
        return offer<P>(state, other.type, Point<T>{value_in<T>(other), other.time}, arena);
    };
    switch (other.type) {
        case 0:
            return VARVE_OK;
        case VARVE_TYPE_FLOAT64:
            return take(double{});
        case VARVE_TYPE_INT64:
            return take(int64_t{});
        case VARVE_TYPE_UINT64:
            return take(uint64_t{});
        case VARVE_TYPE_BOOLEAN:
            return take(uint8_t{});
        default:
            return take(std::string_view{});
    }
}

int32_t finish(void *state, const varve_arena *, varve_value *out) {
    const State &chosen = *static_cast<const State *>(state);
    *out = varve_value{};
    if (chosen.type == 0) return VARVE_OK;
    out->type = chosen.type;
    out->has_time = 1;
    out->time = chosen.time;
    out->value.as_uint = chosen.value.as_uint;
    out->text = chosen.text;
    return VARVE_OK;
}

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<State *>(state) = State{};
}

constexpr uint32_t kOrdered = VARVE_TYPES_NUMERIC | 1U << VARVE_TYPE_BOOLEAN;

uint32_t any_type(uint32_t type) {
    return type;
}
uint32_t ordered_type(uint32_t type) {
    return (kOrdered >> type & 1) != 0 ? type : 0;
}

constexpr const char *kFirst = "first";
constexpr const char *kLast = "last";
constexpr const char *kMin = "min";
constexpr const char *kMax = "max";

template <const char *const &Name>
int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_field_first(Name, 1, arguments, count, error);
}

template <Pick P, const char *const &Name>
varve_function make() {
    constexpr bool by_time = P == Pick::first || P == Pick::last;
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_SELECTOR;
    function.name = Name;
    function.flags = VARVE_FUNCTION_FILLABLE | (P == Pick::last ? VARVE_FUNCTION_LATEST : 0);
    function.accepted_types = by_time ? VARVE_TYPES_ALL : kOrdered;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.stats_mask =
        VARVE_STATS_COUNT |
        (by_time ? VARVE_STATS_FIRSTLAST : VARVE_STATS_MINMAX | VARVE_STATS_EXTREME_TIMES);
    function.check = check<Name>;
    function.result_type = by_time ? any_type : ordered_type;
    function.init = init;
    function.update_runs = update_runs<P>;
    function.update_stats = update_stats<P>;
    function.merge = merge<P>;
    function.finish = finish;
    return function;
}

}  // namespace

std::vector<const varve_function *> selector_functions() {
    static const varve_function first = make<Pick::first, kFirst>();
    static const varve_function last = make<Pick::last, kLast>();
    static const varve_function min = make<Pick::min, kMin>();
    static const varve_function max = make<Pick::max, kMax>();
    std::vector<const varve_function *> out{&first, &last, &min, &max, &percentile_function()};
    for (const varve_function *function : ranking_functions()) out.push_back(function);
    return out;
}

}  // namespace varve::functions
