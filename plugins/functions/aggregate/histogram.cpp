// histogram(field, width [, offset]): how the values of a bucket of time are spread. A row per
// class that has values, in ascending order: `histogram`, the class's lower bound, and `count`.
// Classes are [offset + k·width, offset + (k + 1)·width) for whole k; bounds are floats.
//
// The state is a hash table in the arena, from k to the count, open addressing, at most half full.
#include <bit>
#include <cmath>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/kept_values.hpp"
#include "functions/common/stream_arguments.hpp"

namespace varve::functions {

namespace {

constexpr const char *kName = "histogram";
constexpr uint64_t kCapacityMin = 16;

struct Class {
    double number;   // k
    uint64_t count;  // 0 = the place is free
};

struct State {
    double width;
    double offset;
    uint64_t count;
    uint64_t capacity;  // a power of two
    Class *classes;     // outgrown tables stay in the arena
};

void init(void *state, const varve_argument *arguments, uint32_t count) {
    State fresh{};
    fresh.width = number_of(arguments[1]);
    fresh.offset = count > 2 ? number_of(arguments[2]) : 0;
    *static_cast<State *>(state) = fresh;
}

double bound_of(const State &state, double number) {
    return state.offset + number * state.width;
}

// The class whose bounds, as they are shown, the value lies between: division alone may miss it by
// one. Zero has one sign.
double class_of(const State &state, double value) {
    double number = std::floor((value - state.offset) / state.width);
    if (value < bound_of(state, number)) --number;
    if (value >= bound_of(state, number + 1)) ++number;
    return number + 0.0;
}

Class &place_of(Class *classes, uint64_t capacity, double number) {
    constexpr uint64_t kGolden = 0x9e3779b97f4a7c15U;
    const uint64_t hash = std::bit_cast<uint64_t>(number) * kGolden;
    uint64_t at = hash >> (64 - std::countr_zero(capacity));
    while (classes[at].count != 0 && classes[at].number != number) at = (at + 1) & (capacity - 1);
    return classes[at];
}

bool grow(State &state, const varve_arena *arena) {
    const uint64_t capacity = std::max(kCapacityMin, state.capacity * 2);
    auto *classes =
        static_cast<Class *>(arena->allocate(arena->ctx, capacity * sizeof(Class), alignof(Class)));
    if (classes == nullptr) return false;
    std::fill_n(classes, capacity, Class{});
    for (uint64_t i = 0; i < state.capacity; ++i) {
        const Class &old = state.classes[i];
        if (old.count != 0) place_of(classes, capacity, old.number) = old;
    }
    state.classes = classes;
    state.capacity = capacity;
    return true;
}

bool add(State &state, double number, uint64_t count, const varve_arena *arena) {
    if (state.count * 2 >= state.capacity && !grow(state, arena)) return false;
    Class &place = place_of(state.classes, state.capacity, number);
    if (place.count == 0) ++state.count;
    place.number = number;
    place.count += count;
    return true;
}

int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *, const varve_arena *arena) {
    bool enough = true;
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            for_each_value<uint64_t>(*column, begin, end, [&](uint64_t bits, uint32_t) {
                const double number = class_of(state, as_double(column->type, bits));
                // No number, or so far off in widths that it has no class.
                if (!std::isfinite(number)) return;
                enough = enough && add(state, number, 1, arena);
            });
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

int32_t merge(void *into, const void *from, const varve_arena *arena) {
    State &state = *static_cast<State *>(into);
    const State &other = *static_cast<const State *>(from);
    for (uint64_t i = 0; i < other.capacity; ++i) {
        const Class &added = other.classes[i];
        if (added.count != 0 && !add(state, added.number, added.count, arena)) {
            return VARVE_RESOURCE_EXHAUSTED;
        }
    }
    return VARVE_OK;
}

int32_t finish_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                    uint64_t *count) {
    const State &all = *static_cast<const State *>(state);
    *count = all.count;
    if (all.count == 0) return VARVE_OK;
    auto *classes = static_cast<Class *>(
        arena->allocate(arena->ctx, all.count * sizeof(Class), alignof(Class)));
    auto *rows = static_cast<varve_value *>(
        arena->allocate(arena->ctx, all.count * 2 * sizeof(varve_value), alignof(varve_value)));
    if (classes == nullptr || rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    Class *const end = std::copy_if(all.classes, all.classes + all.capacity, classes,
                                    [](const Class &one) { return one.count != 0; });
    std::sort(classes, end, [](const Class &a, const Class &b) { return a.number < b.number; });
    varve_value *row = rows;
    for (const Class *at = classes; at != end; ++at) {
        *row = varve_value{};
        row->type = VARVE_TYPE_FLOAT64;
        row++->value.as_float = bound_of(all, at->number);
        *row = varve_value{};
        row->type = VARVE_TYPE_INT64;
        row++->value.as_int = static_cast<int64_t>(at->count);
    }
    *out = rows;
    return VARVE_OK;
}

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_count_between(kName, 2, 3, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[0].kind != VARVE_ARGUMENT_FIELD) {
        return refuse_with(error, "expected field argument in %s()", kName);
    }
    for (uint32_t i = 1; i < count; ++i) {
        if (!is_number(arguments[i])) {
            return refuse_with(error, "expected number as %s of %s()", i == 1 ? "width" : "offset",
                               kName);
        }
    }
    if (number_of(arguments[1]) > 0) return VARVE_OK;
    return refuse_with(error, "width (%g) in %s function must be positive", number_of(arguments[1]),
                       kName);
}

uint32_t result_type(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? VARVE_TYPE_FLOAT64 : 0;
}

}  // namespace

const varve_function &histogram_function() {
    static const varve_function_column columns[] = {{"count", VARVE_TYPE_INT64, 0}};
    static const varve_function function = [] {
        varve_function out{};
        out.struct_size = sizeof out;
        out.kind = VARVE_FUNCTION_MULTI;
        out.name = kName;
        out.flags = VARVE_FUNCTION_ALONE;
        out.accepted_types = VARVE_TYPES_NUMERIC;
        out.state_size = sizeof(State);
        out.state_align = alignof(State);
        out.check = check;
        out.result_type = result_type;
        out.init = init;
        out.update_runs = update_runs;
        out.merge = merge;
        out.finish_rows = finish_rows;
        out.extra_columns = columns;
        out.extra_column_count = 1;
        return out;
    }();
    return function;
}

}  // namespace varve::functions
