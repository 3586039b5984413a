#include "example_functions.hpp"

namespace varve {
namespace {

// What is kept per bucket. Trivially relocatable: no pointers to itself, no destructor.
struct State {
    double sum;
    uint64_t count;
};

int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    if (count != 1) {
        return Status(Code::invalid_argument,
                      "invalid number of arguments for sum_of_squares, expected 1, got " +
                          std::to_string(count))
            .to_abi(error);
    }
    if (arguments[0].kind == VARVE_ARGUMENT_FIELD) return VARVE_OK;
    return Status(Code::invalid_argument, "expected field argument in sum_of_squares()")
        .to_abi(error);
}

uint32_t result_type(uint32_t field_type) {
    const bool number = (VARVE_TYPES_NUMERIC >> field_type & 1) != 0;
    return number ? uint32_t{VARVE_TYPE_FLOAT64} : 0;
}

void init(void *state, const varve_argument *, uint32_t) {
    *static_cast<State *>(state) = {0, 0};
}

double value_at(const varve_column &column, uint32_t row) {
    switch (column.type) {
        case VARVE_TYPE_FLOAT64:
            return static_cast<const double *>(column.values)[row];
        case VARVE_TYPE_INT64:
            return static_cast<double>(static_cast<const int64_t *>(column.values)[row]);
        default:
            return static_cast<double>(static_cast<const uint64_t *>(column.values)[row]);
    }
}

int32_t update_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                    const varve_column *column, const int64_t *, const varve_arena *) {
    uint32_t row = 0;
    for (uint32_t run = 0; run < run_count; ++run) {
        auto &state = *static_cast<State *>(states[run]);
        for (; row < run_ends[run]; ++row) {
            const bool valid =
                column->validity == nullptr || (column->validity[row / 64] >> (row % 64) & 1) != 0;
            if (!valid) continue;
            const double value = value_at(*column, row);
            state.sum += value * value;
            ++state.count;
        }
    }
    return VARVE_OK;
}

int32_t merge(void *into, const void *from, const varve_arena *) {
    static_cast<State *>(into)->sum += static_cast<const State *>(from)->sum;
    static_cast<State *>(into)->count += static_cast<const State *>(from)->count;
    return VARVE_OK;
}

int32_t finish(void *state, const varve_arena *, varve_value *out) {
    const auto &done = *static_cast<State *>(state);
    *out = {};
    if (done.count == 0) return VARVE_OK;  // null
    out->type = VARVE_TYPE_FLOAT64;
    out->value.as_float = done.sum;
    return VARVE_OK;
}

varve_function make_function() {
    varve_function made{};
    made.struct_size = sizeof made;
    made.kind = VARVE_FUNCTION_AGGREGATE;
    made.name = "sum_of_squares";
    made.flags = VARVE_FUNCTION_FILLABLE;
    made.accepted_types = VARVE_TYPES_NUMERIC;
    made.state_size = sizeof(State);
    made.state_align = alignof(State);
    made.check = check;
    made.result_type = result_type;
    made.init = init;
    made.update_runs = update_runs;
    made.merge = merge;
    made.finish = finish;
    return made;
}

const varve_function kSumOfSquares = make_function();

}  // namespace

const varve_descriptor &ExampleFunctions::descriptor() {
    static const varve_descriptor made = {sizeof made,
                                          VARVE_KIND_FUNCTION,
                                          "functions.example",
                                          "Example",
                                          "1.0.0",
                                          "sum_of_squares(field).",
                                          nullptr,
                                          0,
                                          0};
    return made;
}

ExampleFunctions::ExampleFunctions(Host) : FunctionSet({&kSumOfSquares}) {}

}  // namespace varve
