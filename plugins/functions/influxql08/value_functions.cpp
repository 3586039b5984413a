// distinct, mode, histogram: which values there are, and how often. Numbers are floats.
//   distinct:  a row per value, in ascending order
//   mode:      a row for each of the most frequent values, in ascending order; null is a value
//   histogram: a row per class [start + k·size, start + (k + 1)·size) that has values; below an
//              explicit start there are none, up to an explicit stop there are empty ones, too, and
//              none above it. What is no number is 0.
#include <cmath>

#include "functions/influxql08/common.hpp"
#include "functions/influxql08/influxql08_functions.hpp"

namespace varve::functions::influxql08 {

namespace {

// ---- distinct and mode

struct ValuesState {
    KeptState kept;
    uint64_t nulls;
};

void squeeze_nothing(KeptState &) {}

// Of every value one is left.
void squeeze_doubles(KeptState &state) {
    sort_by_value(state);
    const uint32_t type = state.type;
    KeptValue *const end = std::unique(
        state.values, state.values + state.count,
        [type](const KeptValue &a, const KeptValue &b) { return same_bits(type, a.bits, b.bits); });
    state.count = static_cast<uint64_t>(end - state.values);
}

template <void (*Squeeze)(KeptState &)>
int32_t take_values(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *times, const varve_arena *arena) {
    bool enough = true;
    const uint32_t type = float_or_same_type(column->type);
    for_each_run<ValuesState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, ValuesState &state) {
            for (uint32_t row = begin; enough && row < end; ++row) {
                if (type == VARVE_TYPE_ANY || !is_valid(*column, row)) {
                    ++state.nulls;
                    continue;
                }
                KeptValue value{any_bits(*column, row), times[row]};
                if (type == VARVE_TYPE_FLOAT64) {
                    value.bits = float_as_bits(as_double(column->type, value.bits));
                } else if (type == VARVE_TYPE_STRING) {
                    enough = copy_text(static_cast<const varve_str *>(column->values)[row], arena,
                                       value.bits);
                }
                enough = enough && keep_any(state.kept, type, value, arena, Squeeze);
            }
        });
    return code_of(enough);
}

int32_t merge_values(void *into, const void *from, const varve_arena *arena) {
    auto &state = *static_cast<ValuesState *>(into);
    const auto &other = *static_cast<const ValuesState *>(from);
    state.nulls += other.nulls;
    return keep_merge(&state.kept, &other.kept, arena);
}

int32_t distinct_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                      uint64_t *count) {
    KeptState &all = static_cast<ValuesState *>(state)->kept;
    squeeze_doubles(all);
    *count = all.count;
    if (all.count == 0) return VARVE_OK;
    varve_value *const rows = allocate_rows(arena, all.count);
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    for (uint64_t i = 0; i < all.count; ++i) set_any(rows[i], all.type, all.values[i].bits);
    *out = rows;
    return VARVE_OK;
}

// Calls use(bits, count) for every value; they are sorted.
template <typename Use>
void for_each_different(const KeptState &all, Use use) {
    for (uint64_t from = 0; from < all.count;) {
        uint64_t to = from + 1;
        while (to < all.count && same_bits(all.type, all.values[from].bits, all.values[to].bits)) {
            ++to;
        }
        use(all.values[from].bits, to - from);
        from = to;
    }
}

int32_t mode_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                  uint64_t *count) {
    ValuesState &values = *static_cast<ValuesState *>(state);
    KeptState &all = values.kept;
    sort_by_value(all);
    uint64_t most = values.nulls;
    uint64_t modes = 0;
    for_each_different(all, [&](uint64_t, uint64_t times) { most = std::max(most, times); });
    for_each_different(all, [&](uint64_t, uint64_t times) { modes += times == most ? 1 : 0; });
    const bool has_null = values.nulls == most;
    varve_value *const rows = allocate_rows(arena, modes + 1);
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    *count = 0;
    if (has_null) rows[(*count)++].has_time = 1;
    for_each_different(all, [&](uint64_t bits, uint64_t times) {
        if (times == most) set_any(rows[(*count)++], all.type, bits);
    });
    *out = rows;
    return VARVE_OK;
}

int32_t check_distinct(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 1) return VARVE_OK;
    return refuse(error, "function distinct() requires exactly one argument");
}

int32_t check_mode(const varve_argument *, uint32_t count, varve_error *error) {
    if (count == 0) return refuse(error, "function mode() requires at least one argument");
    if (count == 1) return VARVE_OK;
    return refuse(error, "function mode() takes at most one arguments");
}

varve_function values_function(const char *name) {
    varve_function out = make<ValuesState>(name, VARVE_FUNCTION_MULTI);
    out.result_type = float_or_same_type;
    out.init = init_empty<ValuesState>;
    out.merge = merge_values;
    return out;
}

varve_function distinct_function() {
    varve_function out = values_function("distinct");
    out.check = check_distinct;
    out.update_runs = take_values<squeeze_doubles>;
    out.finish_rows = distinct_rows;
    return out;
}

varve_function mode_function() {
    varve_function out = values_function("mode");
    out.check = check_mode;
    out.update_runs = take_values<squeeze_nothing>;
    out.finish_rows = mode_rows;
    return out;
}

// ---- histogram

constexpr uint64_t kClassesMax = 1'000'000;

struct HistogramState {
    KeptState kept;  // `bits` = the class as a float, `time` = how many values it has
    double size;
    double start;
    uint32_t has_start;
    uint32_t has_stop;
    double last;  // the class of the stop
};

void init_histogram(void *state, const varve_argument *arguments, uint32_t count) {
    HistogramState fresh{};
    fresh.kept.type = VARVE_TYPE_FLOAT64;
    fresh.size = count > 1 ? number_of(arguments[1]) : 1;
    fresh.start = count > 2 ? number_of(arguments[2]) : 0;
    fresh.has_start = count > 2 ? 1 : 0;
    if (count > 3) {
        fresh.last = std::floor((number_of(arguments[3]) - fresh.start) / fresh.size);
        fresh.has_stop = fresh.last >= 0 ? 1 : 0;
    }
    *static_cast<HistogramState *>(state) = fresh;
}

// Counts of one class become one.
void add_up(KeptState &state) {
    std::sort(state.values, state.values + state.count, [](const KeptValue &a, const KeptValue &b) {
        return bits_as_float(a.bits) < bits_as_float(b.bits);
    });
    uint64_t kept = 0;
    for (uint64_t i = 0; i < state.count; ++i) {
        const KeptValue value = state.values[i];
        if (kept != 0 && bits_as_float(state.values[kept - 1].bits) == bits_as_float(value.bits)) {
            state.values[kept - 1].time += value.time;
        } else {
            state.values[kept++] = value;
        }
    }
    state.count = kept;
}

bool add_class(HistogramState &state, double value, const varve_arena *arena) {
    const double number = std::floor((value - state.start) / state.size);
    // No number, or so far off that it has no class.
    if (!std::isfinite(number)) return true;
    if (state.has_start != 0 && number < 0) return true;
    if (state.has_stop != 0 && number > state.last) return true;
    return keep_any(state.kept, VARVE_TYPE_FLOAT64, {float_as_bits(number), 1}, arena, add_up);
}

int32_t take_classes(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                     const varve_column *column, const int64_t *, const varve_arena *arena) {
    bool enough = true;
    for_each_run<HistogramState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, HistogramState &state) {
            for (uint32_t row = begin; enough && row < end; ++row) {
                const bool is_number = is_numeric(column->type) && is_valid(*column, row);
                const double value =
                    is_number ? as_double(column->type, any_bits(*column, row)) : 0;
                enough = add_class(state, value, arena);
            }
        });
    return code_of(enough);
}

int32_t merge_classes(void *into, const void *from, const varve_arena *arena) {
    return keep_merge(&static_cast<HistogramState *>(into)->kept,
                      &static_cast<const HistogramState *>(from)->kept, arena);
}

void set_class(const HistogramState &all, double number, int64_t count, varve_value *row) {
    set_float(row[0], number * all.size + all.start);
    row[1].type = VARVE_TYPE_INT64;
    row[1].value.as_int = count;
}

int32_t histogram_rows(void *state, uint32_t, const varve_arena *arena, const varve_value **out,
                       uint64_t *count) {
    HistogramState &all = *static_cast<HistogramState *>(state);
    add_up(all.kept);
    const uint64_t listed = all.has_stop != 0 ? static_cast<uint64_t>(all.last) + 1 : 0;
    varve_value *const rows = allocate_rows(arena, 2 * (listed + all.kept.count + 1));
    if (rows == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    uint64_t row = 0;
    uint64_t next = 0;  // of the listed classes
    for (uint64_t i = 0; i < all.kept.count; ++i) {
        const double number = bits_as_float(all.kept.values[i].bits);
        while (next < listed && static_cast<double>(next) < number) {
            set_class(all, static_cast<double>(next++), 0, rows + 2 * row++);
        }
        if (next < listed && static_cast<double>(next) == number) ++next;
        set_class(all, number, all.kept.values[i].time, rows + 2 * row++);
    }
    while (next < listed) set_class(all, static_cast<double>(next++), 0, rows + 2 * row++);
    *out = rows;
    *count = row;
    return VARVE_OK;
}

int32_t check_histogram(const varve_argument *arguments, uint32_t count, varve_error *error) {
    if (count < 1) return refuse(error, "function histogram() requires at least one arguments");
    if (count > 4) return refuse(error, "function histogram() takes at most four arguments");
    if (is_wildcard(arguments[0])) {
        return refuse(error, "function histogram() doesn't work with wildcards");
    }
    for (uint32_t i = 1; i < count; ++i) {
        if (is_number(arguments[i])) continue;
        return refuse_with(error, "Cannot parse %.*s into a float",
                           static_cast<int>(arguments[i].text.size), arguments[i].text.data);
    }
    if (count > 1 && !(number_of(arguments[1]) > 0)) {
        return refuse(error, "function histogram() requires a bucket size above 0");
    }
    if (count < 4) return VARVE_OK;
    const double classes =
        (number_of(arguments[3]) - number_of(arguments[2])) / number_of(arguments[1]);
    if (classes < static_cast<double>(kClassesMax)) return VARVE_OK;
    return refuse_with(error, "function histogram() lists at most %llu buckets",
                       static_cast<unsigned long long>(kClassesMax));
}

varve_function histogram_function() {
    static const varve_function_column columns[] = {{"count", VARVE_TYPE_INT64, 0}};
    varve_function out = make<HistogramState>("histogram", VARVE_FUNCTION_MULTI);
    out.flags = VARVE_FUNCTION_ALONE;
    out.check = check_histogram;
    out.result_type = float_type;
    out.init = init_histogram;
    out.update_runs = take_classes;
    out.merge = merge_classes;
    out.finish_rows = histogram_rows;
    out.extra_columns = columns;
    out.extra_column_count = 1;
    return out;
}

}  // namespace

std::vector<const varve_function *> value_functions() {
    static const varve_function functions[] = {distinct_function(), mode_function(),
                                               histogram_function()};
    std::vector<const varve_function *> out;
    for (const varve_function &function : functions) out.push_back(&function);
    return out;
}

}  // namespace varve::functions::influxql08
