#include "query/exec/subquery/subqueries.hpp"

#include "query/exec/subquery/table_scan.hpp"

namespace varve::query::exec {

Result<std::shared_ptr<const RowTable>> Subqueries::table_of(const Run &run,
                                                             const plan::ScanSource &source) {
    std::shared_ptr<const RowTable> &known = tables_[source.subquery.get()];
    if (known != nullptr) return known;
    Result<std::shared_ptr<const RowTable>> table =
        read_table(run, *source.subquery, &source.measurement);
    if (table.ok()) known = *table;
    return table;
}

Result<std::unique_ptr<Scan>> Subqueries::open(const Run &run, ScanSpec spec) {
    Result<std::shared_ptr<const RowTable>> table = table_of(run, *spec.source);
    if (!table.ok()) return table.status();
    if (spec.from_ns == run.select.range.min_ns) spec.from_ns = kTimeMin;
    if (spec.to_ns == run.select.range.max_ns + 1) spec.to_ns = kTimeMax;
    return Result<std::unique_ptr<Scan>>(
        std::make_unique<TableScan>(std::move(*table), std::move(spec)));
}

}  // namespace varve::query::exec
