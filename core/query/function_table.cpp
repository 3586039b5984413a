#include "query/function_table.hpp"

namespace varve::query {

Status FunctionTable::add(const varve_function &function) {
    const bool added = functions_.emplace(function.name, &function).second;
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

}  // namespace varve::query
