// The suites of inputs, outputs and functions.
#include <cmath>
#include <cstring>

#include <varve/kind/function.h>
#include <varve/kind/input.h>
#include <varve/kind/output.h>

#include "cli/check/check.hpp"

namespace varve::check {

void check_input(Checker &checker, Subject &subject) {
    const auto *input = subject.extension<varve_input>(VARVE_INPUT_ID);
    if (input == nullptr) return;
    std::string text;
    input->addresses(subject.raw(), {&text, [](void *ctx, const char *data, uint64_t size) {
                                         static_cast<std::string *>(ctx)->append(data, size);
                                     }});
    checker.expect("input: its addresses show real ports",
                   text.find(":0 ") == std::string::npos && !text.ends_with(":0"), "found " + text);
}

void check_output(Checker &checker, Subject &subject) {
    const auto *output = subject.extension<varve_output>(VARVE_OUTPUT_ID);
    if (output == nullptr) return;
    varve_batch *batch = make_sample_batch(10, 42);
    varve_error error = abi_error();
    const int32_t code =
        output->consume(subject.raw(), 1, str("db"), str("autogen"), batch, &error);
    checker.expect("output: takes a batch of all types, or says why not",
                   code == VARVE_OK || error.text[0] != '\0',
                   "code " + std::to_string(code) + " without a text");
    batch->release(batch);
    if (VARVE_HAS(output, flush) && output->flush != nullptr) {
        checker.expect("output: flushes",
                       Status::from_abi(output->flush(subject.raw(), &error), error));
    }
}

namespace {

// Memory for states; freed at the end.
struct TestArena {
    std::vector<std::unique_ptr<char[]>> blocks;
    varve_arena abi{this, [](void *ctx, uint64_t size, uint64_t alignment) -> void * {
                        auto &all = static_cast<TestArena *>(ctx)->blocks;
                        all.push_back(std::make_unique<char[]>(size + alignment));
                        auto address = reinterpret_cast<uintptr_t>(all.back().get());
                        address = (address + alignment - 1) / alignment * alignment;
                        return reinterpret_cast<void *>(address);
                    }};
};

// Feeds rows 0…9 of a column in the given pieces, each into a state of its own, merges, and
// finishes.
Result<varve_value> aggregate(const varve_function &function, const varve_column &column,
                              const std::vector<uint32_t> &pieces, TestArena &arena) {
    const int64_t times[10] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
    varve_argument arguments[2]{};
    arguments[0] = {VARVE_ARGUMENT_FIELD, column.type, {}, column.name};
    arguments[1].kind = VARVE_ARGUMENT_INTEGER;
    arguments[1].value.as_int = 50;
    const uint32_t count = function.check(arguments, 1, nullptr) == VARVE_OK ? 1 : 2;
    std::vector<void *> states;
    for (size_t i = 0; i < pieces.size(); ++i) {
        void *state = arena.abi.allocate(&arena, function.state_size, function.state_align);
        function.init(state, arguments, count);
        states.push_back(state);
    }
    if (function.update_runs(states.data(), pieces.data(), static_cast<uint32_t>(pieces.size()),
                             &column, times, &arena.abi) != VARVE_OK) {
        return Status(Code::internal, "update_runs failed");
    }
    // Merged in an order that is not that of time.
    for (size_t i = 1; i < states.size(); ++i) {
        if (function.merge(states[0], states[states.size() - i], &arena.abi) != VARVE_OK) {
            return Status(Code::internal, "merge failed");
        }
    }
    varve_value value{};
    if (function.finish(states[0], &arena.abi, &value) != VARVE_OK) {
        return Status(Code::internal, "finish failed");
    }
    return value;
}

bool equal(const varve_value &a, const varve_value &b) {
    if (a.type != b.type || a.has_time != b.has_time) return false;
    if (a.has_time != 0 && a.time != b.time) return false;
    if (a.type == 0) return true;
    if (a.type == VARVE_TYPE_STRING) return view(a.text) == view(b.text);
    if (a.type == VARVE_TYPE_FLOAT64) {
        return std::fabs(a.value.as_float - b.value.as_float) <=
               1e-12 * std::fabs(a.value.as_float);
    }
    return a.value.as_uint == b.value.as_uint;
}

void check_aggregate(Checker &checker, const varve_function &function) {
    const std::string name = std::string("function ") + function.name;
    const double floats[10] = {5, 1, 4, 1, 9, 2, 6, 5, 3, 5};
    const int64_t ints[10] = {5, 1, 4, -1, 9, 2, 6, 5, 3, 5};
    uint64_t all_null[1] = {0};
    for (const uint32_t type : {uint32_t{VARVE_TYPE_FLOAT64}, uint32_t{VARVE_TYPE_INT64}}) {
        if (function.result_type(type) == 0) continue;
        const void *values = type == VARVE_TYPE_FLOAT64 ? static_cast<const void *>(floats) : ints;
        const varve_column column{str("x"), type, VARVE_DECIMALS_UNKNOWN, {}, values, nullptr};
        TestArena arena;
        const auto whole = aggregate(function, column, {10}, arena);
        const auto split = aggregate(function, column, {3, 7, 10}, arena);
        const bool same = whole.ok() && split.ok() && equal(*whole, *split);
        checker.expect(name + ": the same whether rows come whole or in merged pieces", same,
                       "it differs for type " + std::to_string(type));
        const varve_column nulls{str("x"), type, VARVE_DECIMALS_UNKNOWN, {}, values, all_null};
        const auto none = aggregate(function, nulls, {10}, arena);
        const bool empty = none.ok() && (none->type == 0 || none->value.as_uint == 0);
        checker.expect(name + ": nulls do not count", empty, "a value came out of nulls");
    }
}

}  // namespace

void check_function_set(Checker &checker, Subject &subject) {
    const auto *set = subject.extension<varve_function_set>(VARVE_FUNCTION_ID);
    if (set == nullptr) return;
    checker.expect("functions: there is at least one", set->function_count > 0, "none");
    for (uint32_t i = 0; i < set->function_count; ++i) {
        const varve_function &function = *set->functions[i];
        const std::string name = std::string("function ") + function.name;
        varve_error error = abi_error();
        const int32_t code = function.check(nullptr, 0, &error);
        checker.expect(name + ": refuses a call without arguments, with a text",
                       code != VARVE_OK && error.text[0] != '\0', "it does not");
        for (uint32_t type = VARVE_TYPE_FLOAT64; type <= VARVE_TYPE_BOOLEAN; ++type) {
            const bool accepted = (function.accepted_types >> type & 1) != 0;
            checker.expect(
                name + ": accepted_types and result_type agree on type " + std::to_string(type),
                !accepted || function.result_type(type) != 0, "they do not");
        }
        const bool stateful =
            function.kind == VARVE_FUNCTION_AGGREGATE || function.kind == VARVE_FUNCTION_SELECTOR;
        if (stateful) check_aggregate(checker, function);
    }
}

}  // namespace varve::check
