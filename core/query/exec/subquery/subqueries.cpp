#include "query/exec/subquery/subqueries.hpp"

#include <algorithm>

#include "query/exec/subquery/slices.hpp"
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

Result<bool> Subqueries::read_slice(const Run &run, const plan::Measurement &measurement,
                                    const plan::TimeRange &slice, uint64_t rows_max) {
    forget();
    for (const plan::ScanSource &source : measurement.sources) {
        plan::Select part = narrowed(*source.subquery, slice);
        if (rows_max != 0) part.limit = rows_max + 1;  // one more tells enough
        const auto table = std::make_shared<RowTable>(*source.subquery, run.budget, rows_max);
        const Status status = fill_table(run, part, &source.measurement, *table);
        if (table->overflowed()) {
            forget();
            return false;
        }
        VARVE_RETURN_IF_ERROR(status);
        tables_[source.subquery.get()] = table;
    }
    return true;
}

Result<std::optional<int64_t>> Subqueries::first_time(const Run &run,
                                                      const plan::Measurement &measurement,
                                                      const plan::TimeRange &slice,
                                                      bool ascending) {
    std::optional<int64_t> out;
    for (const plan::ScanSource &source : measurement.sources) {
        plan::Select part = narrowed(*source.subquery, slice);
        part.ascending = ascending;
        part.limit = 1;
        RowTable table(part, run.budget);
        VARVE_RETURN_IF_ERROR(fill_table(run, part, &source.measurement, table));
        for (const RowTable::Series &series : table.series()) {
            if (series.blocks.empty()) continue;
            const int64_t time = series.blocks.front().times.front();
            out = !out ? time : ascending ? std::min(*out, time) : std::max(*out, time);
        }
    }
    return out;
}

uint64_t Subqueries::row_count() const {
    uint64_t out = 0;
    for (const auto &[select, table] : tables_) out += table->row_count();
    return out;
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
