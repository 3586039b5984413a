// percentile(field, p): the nearest rank. All values of the bucket are kept until the end:
// index = floor(n·p/100 + 0.5) − 1 in ascending order; outside the values there is no point.
#include <algorithm>
#include <cmath>

#include "functions/common/arguments.hpp"
#include "functions/selector/selector_functions.hpp"

namespace varve::functions {

namespace {

struct Entry {
    uint64_t bits;
    int64_t time;
};

struct State {
    uint32_t type;  // 0 = none yet
    uint32_t unused;
    double percent;
    Entry *entries;  // in the arena; outgrown arrays stay there
    uint64_t count;
    uint64_t capacity;
};

constexpr uint64_t kFirstCapacity = 16;

bool reserve(State &state, uint64_t more, const varve_arena *arena) {
    if (state.count + more <= state.capacity) return true;
    const uint64_t capacity = std::max({state.capacity * 2, state.count + more, kFirstCapacity});
    auto *entries =
        static_cast<Entry *>(arena->allocate(arena->ctx, capacity * sizeof(Entry), alignof(Entry)));
    if (entries == nullptr) return false;
    if (state.count != 0) std::memcpy(entries, state.entries, state.count * sizeof(Entry));
    state.entries = entries;
    state.capacity = capacity;
    return true;
}

void init(void *state, const varve_argument *arguments, uint32_t) {
    State fresh{};
    fresh.percent = arguments[1].kind == VARVE_ARGUMENT_FLOAT
                        ? arguments[1].value.as_float
                        : static_cast<double>(arguments[1].value.as_int);
    *static_cast<State *>(state) = fresh;
}

int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *times, const varve_arena *arena) {
    bool enough = true;
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            enough = enough && reserve(state, end - begin, arena);
            if (!enough) return;
            for_each_value<uint64_t>(*column, begin, end, [&](uint64_t bits, uint32_t row) {
                state.entries[state.count++] = Entry{bits, times[row]};
            });
            state.type = column->type;
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

int32_t merge(void *into, const void *from, const varve_arena *arena) {
    State &state = *static_cast<State *>(into);
    const State &other = *static_cast<const State *>(from);
    if (other.count == 0) return VARVE_OK;
    if (!reserve(state, other.count, arena)) return VARVE_RESOURCE_EXHAUSTED;
    std::memcpy(state.entries + state.count, other.entries, other.count * sizeof(Entry));
    state.count += other.count;
    state.type = other.type;
    return VARVE_OK;
}

template <typename T>
bool less(const Entry &a, const Entry &b) {
    T left;
    T right;
    std::memcpy(&left, &a.bits, sizeof left);
    std::memcpy(&right, &b.bits, sizeof right);
    return left != right ? left < right : a.time < b.time;
}

int32_t finish(void *state, const varve_arena *, varve_value *out) {
    State &all = *static_cast<State *>(state);
    *out = varve_value{};
    const double rank = std::floor(static_cast<double>(all.count) * all.percent / 100 + 0.5) - 1;
    if (all.count == 0 || !(rank >= 0) || rank >= static_cast<double>(all.count)) return VARVE_OK;
    Entry *const chosen = all.entries + static_cast<uint64_t>(rank);
    Entry *const end = all.entries + all.count;
    switch (all.type) {
        case VARVE_TYPE_FLOAT64:
            std::nth_element(all.entries, chosen, end, less<double>);
            break;
        case VARVE_TYPE_INT64:
            std::nth_element(all.entries, chosen, end, less<int64_t>);
            break;
        default:
            std::nth_element(all.entries, chosen, end, less<uint64_t>);
            break;
    }
    out->type = all.type;
    out->has_time = 1;
    out->time = chosen->time;
    out->value.as_uint = chosen->bits;
    return VARVE_OK;
}

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_field_first("percentile", 2, arguments, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[1].kind != VARVE_ARGUMENT_FLOAT && arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse(error, "expected float argument in percentile()");
    }
    return VARVE_OK;
}

uint32_t result_type(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? type : 0;
}

varve_function make() {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_SELECTOR;
    function.name = "percentile";
    function.flags = VARVE_FUNCTION_FILLABLE;
    function.accepted_types = VARVE_TYPES_NUMERIC;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.check = check;
    function.result_type = result_type;
    function.init = init;
    function.update_runs = update_runs;
    function.merge = merge;
    function.finish = finish;
    return function;
}

}  // namespace

const varve_function &percentile_function() {
    static const varve_function function = make();
    return function;
}

}  // namespace varve::functions
