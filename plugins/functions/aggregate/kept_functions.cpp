// median and stddev, which must see all values of the bucket at the end.
//   median: of an even count low + (high − low) / 2
//   stddev: of a sample (n − 1), the mean first, in the order of time; fewer than two values have a
//           point without a value
#include <cmath>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/kept_values.hpp"

namespace varve::functions {

namespace {

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<KeptState *>(state) = KeptState{};
}

void set_float(varve_value *out, double value) {
    out->type = VARVE_TYPE_FLOAT64;
    out->value.as_float = value;
}

int32_t median_finish(void *state, const varve_arena *, varve_value *out) {
    KeptState &all = *static_cast<KeptState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    const double high = as_double(all.type, select_rank(all, all.count / 2)->bits);
    if (all.count % 2 == 1) {
        set_float(out, high);
        return VARVE_OK;
    }
    const double low = as_double(all.type, select_rank(all, all.count / 2 - 1)->bits);
    set_float(out, low + (high - low) / 2);
    return VARVE_OK;
}

int32_t stddev_finish(void *state, const varve_arena *, varve_value *out) {
    KeptState &all = *static_cast<KeptState *>(state);
    *out = varve_value{};
    if (all.count == 0) return VARVE_OK;
    if (all.count == 1) {
        out->has_time = 1;
        return VARVE_OK;
    }
    std::sort(all.values, all.values + all.count, [](const KeptValue &a, const KeptValue &b) {
        return a.time != b.time ? a.time < b.time : a.bits < b.bits;
    });
    double mean = 0;
    for (uint64_t i = 0; i < all.count; ++i) {
        mean += (as_double(all.type, all.values[i].bits) - mean) / static_cast<double>(i + 1);
    }
    double variance = 0;
    for (uint64_t i = 0; i < all.count; ++i) {
        const double distance = as_double(all.type, all.values[i].bits) - mean;
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
    function.state_size = sizeof(KeptState);
    function.state_align = alignof(KeptState);
    function.result_type = result_type;
    function.init = init;
    function.update_runs = keep_runs;
    function.merge = keep_merge;
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
