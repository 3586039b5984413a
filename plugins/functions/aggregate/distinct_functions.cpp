// distinct and mode: which values there are, and which is the most frequent.
//   distinct: one row per value, in the order in which the values first come; in a descending query
//             that is the order of each value's latest time
//   mode:     the values in ascending order; one that comes as often as the best so far takes its
//             place when its first time is not after the time that the best was last counted at.
//             Values that come once never beat the smallest. Of booleans true wins a tie.
#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/common/any_values.hpp"
#include "functions/common/arguments.hpp"

namespace varve::functions {

namespace {

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<KeptState *>(state) = KeptState{};
}

// Of every value its first and its last time are left, side by side.
void squeeze(KeptState &state) {
    sort_by_value(state);
    uint64_t kept = 0;
    for (uint64_t from = 0; from < state.count;) {
        uint64_t to = from + 1;
        while (to < state.count &&
               same_bits(state.type, state.values[from].bits, state.values[to].bits)) {
            ++to;
        }
        const KeptValue last = state.values[to - 1];
        state.values[kept++] = state.values[from];
        if (to - from > 1) state.values[kept++] = last;
        from = to;
    }
    state.count = kept;
}

void keep_all(KeptState &) {}

template <void (*Squeeze)(KeptState &)>
int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *times, const varve_arena *arena) {
    bool enough = true;
    for_each_run<KeptState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, KeptState &state) {
            for (uint32_t row = begin; enough && row < end; ++row) {
                if (!is_valid(*column, row)) continue;
                KeptValue value{any_bits(*column, row), times[row]};
                if (column->type == VARVE_TYPE_STRING) {
                    const auto *texts = static_cast<const varve_str *>(column->values);
                    // A run of one text is held once.
                    const bool same =
                        state.count != 0 &&
                        same_bits(column->type, state.values[state.count - 1].bits, value.bits);
                    if (same) {
                        value.bits = state.values[state.count - 1].bits;
                    } else {
                        enough = copy_text(texts[row], arena, value.bits);
                    }
                }
                enough = enough && keep_any(state, column->type, value, arena, Squeeze);
            }
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

int32_t distinct_rows(void *state, uint32_t descending, const varve_arena *arena,
                      const varve_value **out, uint64_t *count) {
    KeptState &all = *static_cast<KeptState *>(state);
    *count = 0;
    if (all.count == 0) return VARVE_OK;
    sort_by_value(all);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < all.count; ++i) {
        const bool again =
            kept != 0 && same_bits(all.type, all.values[kept - 1].bits, all.values[i].bits);
        if (!again) {
            all.values[kept++] = all.values[i];
        } else if (descending != 0) {
            all.values[kept - 1].time = all.values[i].time;
        }
    }
    std::stable_sort(all.values, all.values + kept,
                     [](const KeptValue &a, const KeptValue &b) { return a.time < b.time; });
    auto *rows = static_cast<varve_value *>(
        arena->allocate(arena->ctx, kept * sizeof(varve_value), alignof(varve_value)));
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    for (uint64_t i = 0; i < kept; ++i) {
        rows[i] = varve_value{};
        set_any(rows[i], all.type, all.values[i].bits);
    }
    *out = rows;
    *count = kept;
    return VARVE_OK;
}

KeptValue most_frequent(KeptState &all) {
    sort_by_value(all);
    KeptValue best = all.values[0];
    uint64_t best_count = 0;
    KeptValue first = all.values[0];  // of the value at hand
    uint64_t count = 0;
    for (uint64_t i = 0; i < all.count; ++i) {
        const KeptValue &value = all.values[i];
        if (!same_bits(all.type, value.bits, first.bits)) {
            first = value;
            count = 1;
            continue;
        }
        ++count;
        if (best_count > count || (best_count == count && first.time > best.time)) continue;
        best_count = count;
        best = value;
    }
    return best;
}

int32_t mode_finish(void *state, const varve_arena *, varve_value *out) {
    KeptState &all = *static_cast<KeptState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    if (all.type == VARVE_TYPE_BOOLEAN) {
        uint64_t truths = 0;
        for (uint64_t i = 0; i < all.count; ++i) truths += all.values[i].bits;
        set_any(*out, all.type, truths >= all.count - truths ? 1 : 0);
        return VARVE_OK;
    }
    set_any(*out, all.type, most_frequent(all).bits);
    return VARVE_OK;
}

uint32_t any_type(uint32_t type) {
    return type;
}

int32_t check_distinct(const varve_argument *arguments, uint32_t count, varve_error *error) {
    if (count == 0) return refuse(error, "distinct function requires at least one argument");
    if (count != 1) return refuse(error, "distinct function can only have one argument");
    if (arguments[0].kind == VARVE_ARGUMENT_FIELD) return VARVE_OK;
    return refuse(error, "expected field argument in distinct()");
}

int32_t check_mode(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_field_first("mode", 1, arguments, count, error);
}

varve_function make(const char *name) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.name = name;
    function.accepted_types = VARVE_TYPES_ALL;
    function.state_size = sizeof(KeptState);
    function.state_align = alignof(KeptState);
    function.result_type = any_type;
    function.init = init;
    function.merge = keep_merge;
    return function;
}

}  // namespace

const varve_function &distinct_function() {
    static const varve_function function = [] {
        varve_function out = make("distinct");
        out.kind = VARVE_FUNCTION_MULTI;
        out.flags = VARVE_FUNCTION_ALONE;
        out.check = check_distinct;
        out.update_runs = update_runs<squeeze>;
        out.finish_rows = distinct_rows;
        return out;
    }();
    return function;
}

const varve_function &mode_function() {
    static const varve_function function = [] {
        varve_function out = make("mode");
        out.kind = VARVE_FUNCTION_AGGREGATE;
        out.flags = VARVE_FUNCTION_FILLABLE;
        out.check = check_mode;
        out.update_runs = update_runs<keep_all>;
        out.finish = mode_finish;
        return out;
    }();
    return function;
}

}  // namespace varve::functions
