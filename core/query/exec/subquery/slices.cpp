#include "query/exec/subquery/slices.hpp"

#include <algorithm>

#include "query/exec/trace/trace.hpp"

namespace varve::query::exec {

namespace {

constexpr uint64_t kRowsAtOnce = 1 << 18;
constexpr uint64_t kRowsAtOnceUnderLimit = 1 << 12;  // all but a few may turn out to be unwanted
constexpr uint64_t kSliceRows = 1 << 16;             // slices grow and shrink towards that
constexpr int64_t kFirstWidthNs = 60'000'000'000;

// The first shard of the tables below; kTimeMax = there are none.
int64_t first_shard(const plan::Select &select) {
    int64_t out = kTimeMax;
    for (const plan::Measurement &measurement : select.measurements) {
        for (const plan::ScanSource &source : measurement.sources) {
            if (source.subquery != nullptr) {
                out = std::min(out, first_shard(*source.subquery));
            } else if (!source.shard_starts.empty()) {
                out = std::min(out, source.shard_starts.front());
            }
        }
    }
    return out;
}

// So much of the range as is wide; from its end where time runs backwards.
plan::TimeRange first_part(const plan::TimeRange &range, __int128 width, bool ascending) {
    const __int128 span = static_cast<__int128>(range.max_ns) - range.min_ns + 1;
    if (width >= span) return range;
    plan::TimeRange out = range;
    if (ascending) {
        out.max_ns = static_cast<int64_t>(range.min_ns + width - 1);
    } else {
        out.min_ns = static_cast<int64_t>(range.max_ns - width + 1);
    }
    return out;
}

bool has_page(const plan::Select &select) {
    return select.limit != 0 || select.offset != 0 || select.series_limit != 0 ||
           select.series_offset != 0;
}

}  // namespace

bool goes_row_by_row(const plan::Select &select) {
    if (!select.aggregates.empty() || !select.streams.empty() || select.rollup || select.order ||
        select.join != nullptr || select.pairing != nullptr || has_page(select)) {
        return false;
    }
    return std::all_of(
        select.measurements.begin(), select.measurements.end(), [](const auto &measurement) {
            return std::all_of(measurement.sources.begin(), measurement.sources.end(),
                               [](const plan::ScanSource &source) {
                                   return source.subquery == nullptr ||
                                          goes_row_by_row(*source.subquery);
                               });
        });
}

plan::Select narrowed(const plan::Select &select, const plan::TimeRange &slice) {
    plan::Select out = select;
    out.range.min_ns = std::max(out.range.min_ns, slice.min_ns);
    out.range.max_ns = std::min(out.range.max_ns, slice.max_ns);
    for (plan::Measurement &measurement : out.measurements) {
        for (plan::ScanSource &source : measurement.sources) {
            if (source.subquery == nullptr) continue;
            source.subquery =
                std::make_shared<const plan::Select>(narrowed(*source.subquery, slice));
        }
    }
    return out;
}

SubquerySlices::SubquerySlices(const Run &run, const plan::Measurement &measurement)
    : run_(run), measurement_(measurement) {}

Result<bool> SubquerySlices::are_needed() {
    const auto &sources = measurement_.sources;
    const bool fit =
        !sources.empty() && std::all_of(sources.begin(), sources.end(), [](const auto &source) {
            return source.subquery != nullptr && goes_row_by_row(*source.subquery);
        });
    if (!fit) return false;
    const uint64_t limit = run_.select.limit;
    const uint64_t rows_max =
        limit != 0 && limit < kRowsAtOnce ? kRowsAtOnceUnderLimit : kRowsAtOnce;
    const Budget::Counted before = run_.budget.counted();
    const Result<bool> whole = run_.subqueries->read_slice(run_, measurement_, {}, rows_max);
    if (!whole.ok() || *whole) return whole.ok() ? Result<bool>(false) : whole;
    run_.budget.set_counted(before);
    return true;
}

plan::TimeRange SubquerySlices::extent() const {
    plan::TimeRange out{kTimeMax, kTimeMin};
    for (const plan::ScanSource &source : measurement_.sources) {
        const plan::Select &select = *source.subquery;
        out.min_ns = std::min(out.min_ns, std::max(select.range.min_ns, first_shard(select)));
        out.max_ns = std::max(out.max_ns, select.range.max_ns);
    }
    return out;
}

Status SubquerySlices::each(const std::function<Result<bool>()> &read) {
    if (run_.trace != nullptr) run_.trace->comes_back = true;
    const bool ascending = run_.select.ascending;
    // A slice's series are those of the one before.
    Budget::Counted counted = run_.budget.counted();
    uint64_t series_max = counted.series;
    plan::TimeRange rest = extent();
    __int128 width = kFirstWidthNs;
    uint64_t rows = 0;  // of the slice before
    while (!rest.empty()) {
        run_.budget.set_counted(counted);
        if (rows == 0) {
            const auto first = Subqueries::first_time(run_, measurement_, rest, ascending);
            if (!first.ok()) return first.status();
            if (!*first) break;
            (ascending ? rest.min_ns : rest.max_ns) = **first;
            run_.budget.set_counted(counted);
        }
        const plan::TimeRange slice = first_part(rest, width, ascending);
        const Result<bool> whole = run_.subqueries->read_slice(
            run_, measurement_, slice, slice.min_ns < slice.max_ns ? 4 * kSliceRows : 0);
        if (!whole.ok()) return whole.status();
        if (!*whole) {
            width = std::max<__int128>(1, width / 4);
            continue;
        }
        rows = run_.subqueries->row_count();
        const Result<bool> goes_on = read();
        if (!goes_on.ok()) return goes_on.status();
        series_max = std::max(series_max, run_.budget.counted().series);
        counted.points = run_.budget.counted().points;
        if (!*goes_on || (ascending ? slice.max_ns == rest.max_ns : slice.min_ns == rest.min_ns)) {
            break;
        }
        (ascending ? rest.min_ns : rest.max_ns) = ascending ? slice.max_ns + 1 : slice.min_ns - 1;
        if (rows > kSliceRows) width = std::max<__int128>(1, width / 2);
        if (rows < kSliceRows / 4) width *= 4;
    }
    run_.budget.set_counted({counted.points, series_max});
    run_.subqueries->forget();
    return {};
}

}  // namespace varve::query::exec
