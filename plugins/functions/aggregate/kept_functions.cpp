// median and stddev, which must see all values of the bucket at the end.
//   median: of an even count low + (high − low) / 2
//   stddev: of a sample (n − 1), the mean first, in the order of time; fewer than two values have a
//           point without a value
#include <cmath>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/kept_rank.hpp"

namespace varve::functions {

namespace {

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<ChunkedState *>(state) = ChunkedState{};
}

void set_float(varve_value *out, double value) {
    out->type = VARVE_TYPE_FLOAT64;
    out->value.as_float = value;
}

int32_t median_finish(void *state, const varve_arena *arena, varve_value *out) {
    const ChunkedState &all = *static_cast<const ChunkedState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    KeptValue value{};
    if (!find_rank(all, all.count / 2, arena, value)) return VARVE_RESOURCE_EXHAUSTED;
    const double high = as_double(all.type, value.bits);
    if (all.count % 2 == 1) {
        set_float(out, high);
        return VARVE_OK;
    }
    if (!find_rank(all, all.count / 2 - 1, arena, value)) return VARVE_RESOURCE_EXHAUSTED;
    const double low = as_double(all.type, value.bits);
    set_float(out, low + (high - low) / 2);
    return VARVE_OK;
}

int32_t stddev_finish(void *state, const varve_arena *arena, varve_value *out) {
    const ChunkedState &all = *static_cast<const ChunkedState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    if (all.count == 1) {
        out->has_time = 1;
        return VARVE_OK;
    }
    auto *values = static_cast<KeptValue *>(
        arena->allocate(arena->ctx, all.count * sizeof(KeptValue), alignof(KeptValue)));
    if (values == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    uint64_t found = 0;
    for_each_kept(all, [&](uint64_t bits, int64_t time) { values[found++] = {bits, time}; });
    std::sort(values, values + found, [](const KeptValue &a, const KeptValue &b) {
        return a.time != b.time ? a.time < b.time : a.bits < b.bits;
    });
    double mean = 0;
    for (uint64_t i = 0; i < found; ++i) {
        mean += (as_double(all.type, values[i].bits) - mean) / static_cast<double>(i + 1);
    }
    double variance = 0;
    for (uint64_t i = 0; i < found; ++i) {
        const double distance = as_double(all.type, values[i].bits) - mean;
        variance += distance * distance;
    }
    set_float(out, std::sqrt(variance / static_cast<double>(all.count - 1)));
    return VARVE_OK;
}

uint32_t result_type(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? VARVE_TYPE_FLOAT64 : 0;
}

int32_t check_median(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_field_first("median", 1, arguments, count, error);
}

int32_t check_stddev(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_field_first("stddev", 1, arguments, count, error);
}

varve_function make(const char *name) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_AGGREGATE;
    function.name = name;
    function.flags = VARVE_FUNCTION_FILLABLE;
    function.accepted_types = VARVE_TYPES_NUMERIC;
    function.state_size = sizeof(ChunkedState);
    function.state_align = alignof(ChunkedState);
    function.result_type = result_type;
    function.init = init;
    function.update_runs = keep_in_chunks;
    function.merge = merge_chunks;
    return function;
}

}  // namespace

const varve_function &median_function() {
    static const varve_function function = [] {
        varve_function out = make("median");
        out.check = check_median;
        out.finish = median_finish;
        return out;
    }();
    return function;
}

const varve_function &stddev_function() {
    static const varve_function function = [] {
        varve_function out = make("stddev");
        out.check = check_stddev;
        out.finish = stddev_finish;
        return out;
    }();
    return function;
}

}  // namespace varve::functions
