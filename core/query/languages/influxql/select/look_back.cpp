#include "query/languages/influxql/select/look_back.hpp"

#include <algorithm>

#include "model/calendar.hpp"
#include "query/exec/function_input.hpp"

namespace varve::query::influxql {

uint32_t look_back_of(const FunctionTable &functions, const Expr &call) {
    const varve_function *function = functions.find(call.text);
    if (function->kind != VARVE_FUNCTION_STREAM || function->look_back == nullptr) return 0;
    const auto owned = call_arguments(call);
    const auto arguments = exec::bind_arguments(owned, plan::Type::none);
    return function->look_back(arguments.data(), static_cast<uint32_t>(arguments.size()));
}

plan::TimeRange with_buckets_before(plan::TimeRange range, bool ascending,
                                    const plan::Window &window, int64_t buckets) {
    if (buckets == 0 || !(ascending ? range.has_min() : range.has_max())) return range;
    const CalendarGrid grid(window.months, window.offset_ns, window.zone);
    const __int128 by_ns = static_cast<__int128>(buckets) * window.interval_ns;
    if (window.months > 0 && ascending) {
        range.min_ns = grid.start_of(grid.number_of(range.min_ns) - buckets);
    } else if (window.months > 0) {
        range.max_ns = grid.start_of(grid.number_of(range.max_ns) + buckets + 1) - 1;
    } else if (ascending) {
        range.min_ns = static_cast<int64_t>(std::max<__int128>(range.min_ns - by_ns, kTimeMin));
    } else {
        range.max_ns = static_cast<int64_t>(std::min<__int128>(range.max_ns + by_ns, kTimeMax));
    }
    return range;
}

plan::TimeRange readable_range(const CheckedSelect &select, const FunctionTable &functions) {
    uint32_t furthest = 0;
    for (const ExprPtr &call : select.calls) {
        furthest = std::max(furthest, look_back_of(functions, *call));
    }
    return with_buckets_before(select.range, select.ascending, select.window, furthest);
}

}  // namespace varve::query::influxql
