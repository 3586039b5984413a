// percentile_approx(field, p [, compression]): the value below which p percent of a bucket's rows
// lie, from a t-digest: memory does not grow with the rows. Of few rows (as many as six times the
// compression) it is exact: interpolated between the two nearest ones, at 50 the median.
#include <cmath>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/aggregate/t_digest.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/kept_values.hpp"
#include "functions/common/stream_arguments.hpp"

namespace varve::functions {

namespace {

constexpr const char *kName = "percentile_approx";

struct State {
    TDigest digest;
    double q;
};

void init(void *state, const varve_argument *arguments, uint32_t count) {
    State fresh{};
    fresh.q = number_of(arguments[1]) / 100;
    fresh.digest.compression = count > 2 ? number_of(arguments[2]) : kCompressionDefault;
    *static_cast<State *>(state) = fresh;
}

int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *, const varve_arena *arena) {
    bool enough = true;
    for_each_run<State>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, State &state) {
            for_each_value<uint64_t>(*column, begin, end, [&](uint64_t bits, uint32_t) {
                const double value = as_double(column->type, bits);
                // What a subquery computed may be no finite number; it has no place in order.
                if (!std::isfinite(value)) return;
                enough = enough && add(state.digest, {value, 1}, arena);
            });
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

int32_t merge_states(void *into, const void *from, const varve_arena *arena) {
    TDigest &digest = static_cast<State *>(into)->digest;
    const TDigest &other = static_cast<const State *>(from)->digest;
    return merge(digest, other, arena) ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

int32_t finish(void *state, const varve_arena *, varve_value *out) {
    State &all = *static_cast<State *>(state);
    *out = varve_value{};
    if (all.digest.count == 0) return VARVE_OK;
    out->type = VARVE_TYPE_FLOAT64;
    out->value.as_float = quantile(all.digest, all.q);
    return VARVE_OK;
}

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    int32_t code = check_count_between(kName, 2, 3, count, error);
    if (code == VARVE_OK) code = check_field_first(kName, count, arguments, count, error);
    if (code != VARVE_OK) return code;
    if (!is_number(arguments[1])) {
        return refuse_with(error, "expected float argument in %s()", kName);
    }
    const double percent = number_of(arguments[1]);
    if (!(percent >= 0 && percent <= 100)) {
        return refuse_with(error, "percentile (%g) in %s function must be between 0 and 100",
                           percent, kName);
    }
    if (count < 3) return VARVE_OK;
    if (!is_number(arguments[2])) {
        return refuse_with(error, "expected float as last argument in %s()", kName);
    }
    const double compression = number_of(arguments[2]);
    if (compression >= kCompressionMin && compression <= kCompressionMax) return VARVE_OK;
    return refuse_with(error, "compression (%g) in %s function must be between %g and %g",
                       compression, kName, kCompressionMin, kCompressionMax);
}

uint32_t result_type(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? VARVE_TYPE_FLOAT64 : 0;
}

}  // namespace

const varve_function &percentile_approx_function() {
    static const varve_function function = [] {
        varve_function out{};
        out.struct_size = sizeof out;
        out.kind = VARVE_FUNCTION_AGGREGATE;
        out.name = kName;
        out.flags = VARVE_FUNCTION_FILLABLE;
        out.accepted_types = VARVE_TYPES_NUMERIC;
        out.state_size = sizeof(State);
        out.state_align = alignof(State);
        out.check = check;
        out.result_type = result_type;
        out.init = init;
        out.update_runs = update_runs;
        out.merge = merge_states;
        out.finish = finish;
        return out;
    }();
    return function;
}

}  // namespace varve::functions
