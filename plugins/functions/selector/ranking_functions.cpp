// top, bottom and sample: some of a bucket's rows, each with its own time.
//   top, bottom: the n rows with the largest or smallest values; of equal values the earlier
//   sample:      n rows by chance: every row draws a lot, the n smallest lots stay, so that what
//   was
//                drawn from parts can be merged
// The state is a heap with the row on top that goes first.
#include "functions/common/any_values.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/stream_arguments.hpp"
#include "functions/selector/selector_functions.hpp"

namespace varve::functions {

namespace {

struct Ranked {
    uint64_t bits;
    int64_t time;
    uint64_t lot;  // of a sample
};

struct State {
    uint32_t type;  // 0 = none yet
    uint32_t unused;
    uint64_t size;  // n
    uint64_t seen;
    uint64_t count;
    uint64_t capacity;
    Ranked *rows;  // in the arena
};

enum class Rank { top, bottom, sample };

// True when a is to be kept rather than b.
template <Rank R>
bool better(uint32_t type, const Ranked &a, const Ranked &b) {
    if constexpr (R == Rank::sample) return a.lot < b.lot;
    const bool less = less_bits(type, a.bits, b.bits);
    const bool greater = less_bits(type, b.bits, a.bits);
    if (less || greater) return R == Rank::top ? greater : less;
    return a.time < b.time;
}

void init(void *state, const varve_argument *arguments, uint32_t count) {
    State fresh{};
    fresh.size = static_cast<uint64_t>(arguments[count - 1].value.as_int);
    *static_cast<State *>(state) = fresh;
}

bool make_room(State &state, const varve_arena *arena) {
    if (state.count < state.capacity) return true;
    const uint64_t capacity = std::min(state.size, std::max<uint64_t>(4, state.capacity * 2));
    auto *rows = static_cast<Ranked *>(
        arena->allocate(arena->ctx, capacity * sizeof(Ranked), alignof(Ranked)));
    if (rows == nullptr) return false;
    if (state.count != 0) std::memcpy(rows, state.rows, state.count * sizeof(Ranked));
    state.rows = rows;
    state.capacity = capacity;
    return true;
}

template <Rank R>
bool offer(State &state, Ranked row, const varve_arena *arena) {
    const uint32_t type = state.type;
    const auto order = [type](const Ranked &a, const Ranked &b) { return better<R>(type, a, b); };
    if (state.count < state.size) {
        if (!make_room(state, arena)) return false;
        state.rows[state.count++] = row;
        std::push_heap(state.rows, state.rows + state.count, order);
        return true;
    }
    if (!order(row, state.rows[0])) return true;
    std::pop_heap(state.rows, state.rows + state.count, order);
    state.rows[state.count - 1] = row;
    std::push_heap(state.rows, state.rows + state.count, order);
    return true;
}

uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

// The lot follows from the row and from how many came before it: by chance, and the same again
// for the same rows.
uint64_t draw_lot(State &state, uint64_t bits, int64_t time) {
    return mixed(mixed(mixed(bits) ^ static_cast<uint64_t>(time)) ^ ++state.seen);
}

template <Rank R>
int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *times, const varve_arena *arena) {
    bool enough = true;
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            state.type = column->type;
            for (uint32_t row = begin; enough && row < end; ++row) {
                if (!is_valid(*column, row)) continue;
                Ranked ranked{any_bits(*column, row), times[row], 0};
                if (R == Rank::sample) ranked.lot = draw_lot(state, ranked.bits, ranked.time);
                const bool kept =
                    state.count < state.size || better<R>(column->type, ranked, state.rows[0]);
                if (!kept) continue;
                if (column->type == VARVE_TYPE_STRING) {
                    const auto *texts = static_cast<const varve_str *>(column->values);
                    enough = copy_text(texts[row], arena, ranked.bits);
                }
                enough = enough && offer<R>(state, ranked, arena);
            }
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

template <Rank R>
int32_t merge(void *into, const void *from, const varve_arena *arena) {
    State &state = *static_cast<State *>(into);
    const State &other = *static_cast<const State *>(from);
    if (other.count != 0) state.type = other.type;
    for (uint64_t i = 0; i < other.count; ++i) {
        if (!offer<R>(state, other.rows[i], arena)) return VARVE_RESOURCE_EXHAUSTED;
    }
    return VARVE_OK;
}

// In order of time; of equal times the best comes first.
template <Rank R>
int32_t finish_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                    uint64_t *count) {
    State &all = *static_cast<State *>(state);
    *count = all.count;
    if (all.count == 0) return VARVE_OK;
    std::sort(all.rows, all.rows + all.count, [&](const Ranked &a, const Ranked &b) {
        if (a.time != b.time) return a.time < b.time;
        return R == Rank::top ? less_bits(all.type, b.bits, a.bits)
                              : less_bits(all.type, a.bits, b.bits);
    });
    auto *rows = static_cast<varve_value *>(
        arena->allocate(arena->ctx, all.count * sizeof(varve_value), alignof(varve_value)));
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    for (uint64_t i = 0; i < all.count; ++i) {
        rows[i] = varve_value{};
        set_any(rows[i], all.type, all.rows[i].bits);
        rows[i].has_time = 1;
        rows[i].time = all.rows[i].time;
    }
    *out = rows;
    return VARVE_OK;
}

int32_t check_sample(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_count("sample", 2, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse(error, "expected integer argument in sample()");
    }
    const int64_t size = arguments[1].value.as_int;
    if (size > 0) return VARVE_OK;
    return refuse_with(error, "sample window must be greater than 1, got %lld",
                       static_cast<long long>(size));
}

int32_t refuse_found(varve_error *error, const char *format, const char *name,
                     const varve_argument &found) {
    char text[512];
    const char *quote = found.kind == VARVE_ARGUMENT_STRING ? "'" : "";
    std::snprintf(text, sizeof text, "%s%.*s%s", quote, static_cast<int>(found.text.size),
                  found.text.data, quote);
    return refuse_with(error, format, name, text);
}

int32_t check_ranking(const char *name, const varve_argument *arguments, uint32_t count,
                      varve_error *error) {
    if (count < 2) {
        return refuse_with(error, "invalid number of arguments for %s, expected at least 2, got %u",
                           name, count);
    }
    const varve_argument &size = arguments[count - 1];
    if (size.kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_found(error, "expected integer as last argument in %s(), found %s", name,
                            size);
    }
    if (size.value.as_int <= 0) {
        return refuse_with(error, "limit (%lld) in %s function must be at least 1",
                           static_cast<long long>(size.value.as_int), name);
    }
    if (arguments[0].kind != VARVE_ARGUMENT_FIELD) {
        return refuse_found(error, "expected first argument to be a field in %s(), found %s", name,
                            arguments[0]);
    }
    for (uint32_t i = 1; i + 1 < count; ++i) {
        if (arguments[i].kind == VARVE_ARGUMENT_FIELD) continue;
        return refuse_found(error, "only fields or tags are allowed in %s(), found %s", name,
                            arguments[i]);
    }
    return VARVE_OK;
}

int32_t check_top(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_ranking("top", arguments, count, error);
}
int32_t check_bottom(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_ranking("bottom", arguments, count, error);
}

uint32_t any_type(uint32_t type) {
    return type;
}
uint32_t numeric_type(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? type : 0;
}

template <Rank R>
varve_function make(const char *name) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_MULTI;
    function.name = name;
    function.flags = R == Rank::sample ? 0 : VARVE_FUNCTION_RANKS;
    function.accepted_types = R == Rank::sample ? VARVE_TYPES_ALL : VARVE_TYPES_NUMERIC;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.check = R == Rank::sample ? check_sample : R == Rank::top ? check_top : check_bottom;
    function.result_type = R == Rank::sample ? any_type : numeric_type;
    function.init = init;
    function.update_runs = update_runs<R>;
    function.merge = merge<R>;
    function.finish_rows = finish_rows<R>;
    return function;
}

}  // namespace

std::vector<const varve_function *> ranking_functions() {
    static const varve_function top = make<Rank::top>("top");
    static const varve_function bottom = make<Rank::bottom>("bottom");
    static const varve_function sample = make<Rank::sample>("sample");
    return {&top, &bottom, &sample};
}

}  // namespace varve::functions
