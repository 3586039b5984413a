#include "query/exec/aggregate/first_buckets.hpp"

#include <algorithm>
#include <map>

#include "query/exec/aggregate/window.hpp"
#include "query/exec/measurement_scan.hpp"

namespace varve::query::exec {

namespace {

constexpr uint64_t kBucketsMax = 10'000;  // more are not worth a survey

// A bucket's row depends on no later bucket, and rows come in the order of buckets.
bool may_stop_early(const plan::Select &select, const plan::Measurement &measurement) {
    const bool of_storage =
        std::all_of(measurement.sources.begin(), measurement.sources.end(),
                    [](const plan::ScanSource &source) { return source.subquery == nullptr; });
    return select.limit != 0 && select.limit + select.offset <= kBucketsMax && of_storage &&
           select.window.interval_ns > 0 && select.ascending && !select.having &&
           select.fill.kind != plan::FillKind::linear && select.series_limit == 0 &&
           select.series_offset == 0;
}

// Where each group begins, by its first block.
using Beginnings = std::map<std::string, int64_t>;

Status survey(const Run &run, const plan::ScanSource &source, Beginnings &out) {
    const plan::TimeRange &range = run.select.range;
    const auto opened = MeasurementScan::open(
        run, source, {range.min_ns, range.max_ns + 1, 1, 1, Trace::Kind::survey});
    if (!opened.ok()) return opened.status();
    const MeasurementScan &scan = **opened;
    Scan &blocks = (*opened)->scan();
    for (size_t partition = 0; partition < blocks.partition_count(); ++partition) {
        uint32_t current = UINT32_MAX;
        varve_block block;
        for (;;) {
            VARVE_RETURN_IF_ERROR(run.budget.check());
            const Result<bool> more = blocks.next(partition, block);
            if (!more.ok()) return more.status();
            if (!*more) break;
            if (std::exchange(current, block.series) == block.series) continue;
            const int64_t begin = std::max(block.t_min, range.min_ns);
            const auto known = out.emplace(scan.group_key(partition, current), begin);
            known.first->second = std::min(known.first->second, begin);
        }
    }
    return {};
}

}  // namespace

Result<std::optional<FirstBuckets>> find_first_buckets(const Run &run,
                                                       const plan::Measurement &measurement) {
    const plan::Select &select = run.select;
    if (!may_stop_early(select, measurement)) return std::optional<FirstBuckets>();
    Beginnings beginnings;
    for (const plan::ScanSource &source : measurement.sources) {
        VARVE_RETURN_IF_ERROR(survey(run, source, beginnings));
    }
    int64_t last_begin = kTimeMin;
    for (const auto &[group, begin] : beginnings) last_begin = std::max(last_begin, begin);
    if (select.range.has_min()) last_begin = select.range.min_ns;
    const Windows windows(select.window, select.range);
    FirstBuckets out{windows.bucket_of(last_begin).start_ns, beginnings.size()};
    for (uint64_t i = 0; i < select.limit + select.offset; ++i) {
        out.end_ns = windows.next_start(out.end_ns);
        if (out.end_ns > select.range.max_ns) return std::optional<FirstBuckets>();
    }
    return std::optional(out);
}

}  // namespace varve::query::exec
