// percentile(field, p): the nearest rank. All values of the bucket are kept until the end:
// index = floor(n·p/100 + 0.5) − 1 in ascending order; outside the values there is no point.
#include <cmath>

#include "functions/common/arguments.hpp"
#include "functions/common/kept_rank.hpp"
#include "functions/selector/selector_functions.hpp"

namespace varve::functions {

namespace {

void init(void *state, const varve_argument *arguments, uint32_t) {
    ChunkedState fresh{};
    fresh.parameter = number_of(arguments[1]);
    *static_cast<ChunkedState *>(state) = fresh;
}

int32_t finish(void *state, const varve_arena *arena, varve_value *out) {
    const ChunkedState &all = *static_cast<const ChunkedState *>(state);
    *out = varve_value{};
    const double rank = std::floor(static_cast<double>(all.count) * all.parameter / 100 + 0.5) - 1;
    if (all.count == 0 || !(rank >= 0) || rank >= static_cast<double>(all.count)) return VARVE_OK;
    KeptValue chosen{};
    if (!find_rank(all, static_cast<uint64_t>(rank), arena, chosen)) {
        return VARVE_RESOURCE_EXHAUSTED;
    }
    out->type = all.type;
    out->has_time = 1;
    out->time = chosen.time;
    out->value.as_uint = chosen.bits;
    return VARVE_OK;
}

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_field_first("percentile", 2, arguments, count, error);
    if (code != VARVE_OK) return code;
    if (!is_number(arguments[1])) return refuse(error, "expected float argument in percentile()");
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
    function.state_size = sizeof(ChunkedState);
    function.state_align = alignof(ChunkedState);
    function.check = check;
    function.result_type = result_type;
    function.init = init;
    function.update_runs = keep_in_chunks;
    function.merge = merge_chunks;
    function.finish = finish;
    return function;
}

}  // namespace

const varve_function &percentile_function() {
    static const varve_function function = make();
    return function;
}

}  // namespace varve::functions
