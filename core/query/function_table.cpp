#include "query/function_table.hpp"

#include <cstddef>

namespace varve::query {

namespace {

// What a kind needs beyond what the first release's table had; a shorter table ends before it.
size_t size_needed(uint32_t kind) {
    switch (kind) {
        case VARVE_FUNCTION_SCALAR:
            return offsetof(varve_function, look_back);
        case VARVE_FUNCTION_STREAM:
            return offsetof(varve_function, finish_rows);
        case VARVE_FUNCTION_MULTI:
            return offsetof(varve_function, extra_columns);
        default:
            return offsetof(varve_function, check_types);
    }
}

}  // namespace

std::span<const varve_function_column> extra_columns(const varve_function &function) {
    if (!VARVE_HAS(&function, extra_column_count)) return {};
    return {function.extra_columns, function.extra_column_count};
}

Status FunctionTable::add(const varve_function &function) {
    if (function.struct_size < size_needed(function.kind)) {
        return {Code::invalid_argument, "function " + std::string(function.name) +
                                            " was built against an SDK that lacks its kind"};
    }
    const bool alone =
        function.kind == VARVE_FUNCTION_MULTI && (function.flags & VARVE_FUNCTION_ALONE) != 0;
    if (!alone && !extra_columns(function).empty()) {
        return {Code::invalid_argument,
                "function " + std::string(function.name) + " has extra columns, but is not alone"};
    }
    const bool is_other = VARVE_HAS(&function, language) && function.language != nullptr;
    Functions &functions = is_other ? languages_[function.language] : functions_;
    const bool added = functions.emplace(function.name, &function).second;
    if (added) return {};
    return {Code::already_exists, "function " + std::string(function.name) + " is offered twice"};
}

Status FunctionTable::add(const varve_function_set &set) {
    for (uint32_t i = 0; i < set.function_count; ++i) {
        VARVE_RETURN_IF_ERROR(add(*set.functions[i]));
    }
    return {};
}

const varve_function *FunctionTable::find(std::string_view name) const {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : found->second;
}

const varve_function *FunctionTable::find(std::string_view language, std::string_view name) const {
    const auto functions = languages_.find(language);
    if (functions == languages_.end()) return nullptr;
    const auto found = functions->second.find(name);
    return found == functions->second.end() ? nullptr : found->second;
}

}  // namespace varve::query
