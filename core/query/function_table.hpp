// The functions that loaded plugins offer, by name. Filled at start, then only read; the tables
// live as long as their plugins.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <varve/kind/function.h>

#include "base/status.hpp"

namespace varve::query {

// The columns that follow a multi function's own.
std::span<const varve_function_column> extra_columns(const varve_function &function);

class FunctionTable {
  public:
    // already_exists "function NAME is offered twice"; invalid_argument for a table that ends
    // before what its kind needs, or has extra columns where there can be none.
    Status add(const varve_function_set &set);
    Status add(const varve_function &function);
    // Null if no plugin offers it.
    const varve_function *find(std::string_view name) const;
    // The same of another language than InfluxQL.
    const varve_function *find(std::string_view language, std::string_view name) const;

  private:
    using Functions = std::map<std::string, const varve_function *, std::less<>>;

    Functions functions_;                                      // of InfluxQL
    std::map<std::string, Functions, std::less<>> languages_;  // of others
};

}  // namespace varve::query
