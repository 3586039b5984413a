// Raw rows of one measurement, in bounded memory.
//
//  0. What is little is read at once: all rows, or with LIMIT the first ones of each series.
//  1. A survey reads block headers only: which groups (output series) there are, how many rows each
//     has, and when.
//  2. Small neighbouring groups are read together, in one scan of the whole range, and sorted.
//  3. A group too large for that is read in consecutive slices of time of the same snapshot; a
//     slice's width follows from how many rows the last one had. With LIMIT the first slices are
//     narrow and reading stops at the last row that is wanted.
//  4. Where there is but one group, survey and slices go from shard to shard: what LIMIT does not
//     want is not surveyed either.
#include <algorithm>
#include <map>

#include "query/exec/projection.hpp"
#include "query/exec/raw/raw_rows.hpp"
#include "query/exec/rows/series_pages.hpp"
#include "query/exec/subquery/slices.hpp"

namespace varve::query::exec {

namespace {

constexpr uint64_t kRowsInMemory = 1 << 18;
constexpr uint64_t kRowsPerPush = 4096;
constexpr size_t kGroupsInPredicateMax = 64;
constexpr uint64_t kFirstSliceRowsMin = 4096;
constexpr uint64_t kRowsAtOnceMin = 1 << 15;
constexpr uint64_t kRowsAtOncePerWanted = 16;

struct Group {
    uint64_t rows = 0;  // an upper bound
    int64_t t_min = kTimeMax;
    int64_t t_max = kTimeMin;
};

class RawRun {
  public:
    RawRun(const Run &run, const plan::Measurement &measurement)
        : run_(run), measurement_(measurement), projection_(run.select, run.sink) {}

    Status run();

  private:
    using Groups = std::map<std::string, Group>;

    uint64_t limit_per_series() const;
    // False: that is not little, or may be much less than what would be read.
    Result<bool> run_at_once();
    // With a limit, storage stops at the blocks that hold so many rows of a series.
    Status survey(const plan::TimeRange &range, uint64_t limit);
    Status survey_source(const plan::ScanSource &source, const plan::TimeRange &range,
                         uint64_t limit);
    // The range cut where shards begin, in the direction of the query.
    std::vector<plan::TimeRange> shard_ranges() const;
    Status run_by_shards();
    // Of a large subquery.
    Status run_by_slices(SubquerySlices &slices);
    std::vector<Groups::const_iterator> wanted_groups() const;
    plan::Measurement restricted_to(const std::set<std::string> &groups) const;
    Status run_together(const std::set<std::string> &groups);
    // One series is begun: its rows follow.
    Status run_sliced(const std::string &key, const Group &group);
    Status emit(const RawRows &rows, bool same_series_goes_on);

    const Run &run_;
    const plan::Measurement &measurement_;
    Projection projection_;
    Groups groups_;
    uint64_t surveyed_series_ = 0;
    uint64_t counted_series_ = 0;  // in the budget
};

// Without a filter no series need give more rows than are wanted in all.
uint64_t RawRun::limit_per_series() const {
    const plan::Select &select = run_.select;
    if (select.limit == 0 || select.having) return 0;
    for (const plan::ScanSource &source : measurement_.sources) {
        if (source.filter.has_value()) return 0;
    }
    return select.limit + select.offset;
}

Status RawRun::survey(const plan::TimeRange &range, uint64_t limit) {
    groups_.clear();
    surveyed_series_ = 0;
    for (const plan::ScanSource &source : measurement_.sources) {
        VARVE_RETURN_IF_ERROR(survey_source(source, range, limit));
    }
    const bool is_sliced = std::any_of(groups_.begin(), groups_.end(), [](const auto &group) {
        return group.second.rows > kRowsInMemory;
    });
    // Slices are cut out of all the group's rows.
    return is_sliced && limit != 0 ? survey(range, 0) : Status();
}

Status RawRun::survey_source(const plan::ScanSource &source, const plan::TimeRange &range,
                             uint64_t limit) {
    Result<std::unique_ptr<MeasurementScan>> opened = MeasurementScan::open(
        run_, source, {range.min_ns, range.max_ns + 1, limit, 1, Trace::Kind::survey});
    if (!opened.ok()) return opened.status();
    const MeasurementScan &scan = **opened;
    Scan &blocks = (*opened)->scan();
    varve_block block;
    for (size_t partition = 0; partition < blocks.partition_count(); ++partition) {
        uint32_t current = UINT32_MAX;
        Group *group = nullptr;
        for (;;) {
            VARVE_RETURN_IF_ERROR(run_.budget.check());
            const Result<bool> more = blocks.next(partition, block);
            if (!more.ok()) return more.status();
            if (!*more) break;
            if (block.series != current) {
                current = block.series;
                if (++surveyed_series_ > counted_series_) {
                    ++counted_series_;
                    VARVE_RETURN_IF_ERROR(run_.budget.add_series(1));
                }
                group = &groups_[scan.group_key(partition, current)];
            }
            group->rows += block.rows;
            group->t_min = std::min(group->t_min, std::max(block.t_min, range.min_ns));
            group->t_max = std::max(group->t_max, std::min(block.t_max, range.max_ns));
        }
    }
    return {};
}

std::vector<RawRun::Groups::const_iterator> RawRun::wanted_groups() const {
    std::vector<Groups::const_iterator> order;
    for (auto it = groups_.begin(); it != groups_.end(); ++it) order.push_back(it);
    if (!run_.select.ascending) std::reverse(order.begin(), order.end());
    if (!pages_series(run_.select)) return order;
    std::vector<std::string> keys;
    keys.reserve(order.size());
    for (const auto &group : order) keys.push_back(group->first);
    const std::set<std::string> page = page_of_series(run_.select, keys);
    std::erase_if(order, [&](const auto &group) { return !page.contains(group->first); });
    return order;
}

Result<bool> RawRun::run_at_once() {
    const uint64_t limit = limit_per_series();
    const bool stops_early = (run_.select.limit != 0 && limit == 0) || run_.select.feeds_stream;
    if (stops_early || pages_series(run_.select)) return false;
    const plan::TimeRange &range = run_.select.range;
    // Of many series slices of time are less than the first rows of each.
    const uint64_t rows_max =
        limit == 0 ? kRowsInMemory
                   : std::clamp(limit * kRowsAtOncePerWanted, kRowsAtOnceMin, kRowsInMemory);
    RawRows rows(run_, measurement_);
    Status status =
        rows.load({range.min_ns, range.max_ns + 1, nullptr, limit, rows_max, false, true});
    counted_series_ = rows.series_count();
    if (!status.ok()) return status;
    if (rows.overflowed() || rows.fell_short()) return false;
    status = emit(rows, false);
    return status.ok() ? Result<bool>(true) : Result<bool>(std::move(status));
}

Status RawRun::run_by_slices(SubquerySlices &slices) {
    bool has_begun = false;
    const plan::TimeRange &range = run_.select.range;
    return slices.each([&]() -> Result<bool> {
        RawRows rows(run_, measurement_);
        VARVE_RETURN_IF_ERROR(
            rows.load({range.min_ns, range.max_ns + 1, nullptr, 0, 0, true, true}));
        if (rows.row_count() == 0) return true;
        if (!has_begun) projection_.begin(measurement_.name, rows.group_of(rows.order().front()));
        has_begun = true;
        VARVE_RETURN_IF_ERROR(emit(rows, true));
        return !projection_.full();
    });
}

Status RawRun::run() {
    // Groups come one after the other, and so do the sources of a stream.
    const bool follows_time = run_.select.group_tags.empty() && !pages_series(run_.select) &&
                              (measurement_.sources.size() == 1 || !run_.select.feeds_stream);
    if (follows_time) {
        SubquerySlices slices(run_, measurement_);
        const Result<bool> sliced = slices.are_needed();
        if (!sliced.ok()) return sliced.status();
        if (*sliced) return run_by_slices(slices);
    }
    const Result<bool> done = run_at_once();
    if (!done.ok() || *done) return done.status();
    if (follows_time) return run_by_shards();
    VARVE_RETURN_IF_ERROR(survey(run_.select.range, limit_per_series()));
    std::set<std::string> together;
    uint64_t rows = 0;
    for (const auto &it : wanted_groups()) {
        if (!together.empty() && rows + it->second.rows > kRowsInMemory) {
            VARVE_RETURN_IF_ERROR(run_together(together));
            together.clear();
            rows = 0;
        }
        if (it->second.rows > kRowsInMemory) {
            projection_.begin(measurement_.name, it->first);
            VARVE_RETURN_IF_ERROR(run_sliced(it->first, it->second));
        } else {
            together.insert(it->first);
            rows += it->second.rows;
        }
    }
    return together.empty() ? Status() : run_together(together);
}

std::vector<plan::TimeRange> RawRun::shard_ranges() const {
    const plan::TimeRange &range = run_.select.range;
    std::set<int64_t> starts{range.min_ns};
    for (const plan::ScanSource &source : measurement_.sources) {
        for (const int64_t start : source.shard_starts) {
            if (start > range.min_ns && start <= range.max_ns) starts.insert(start);
        }
    }
    std::vector<plan::TimeRange> out;
    for (auto start = starts.begin(); start != starts.end(); ++start) {
        const auto next = std::next(start);
        out.push_back({*start, next == starts.end() ? range.max_ns : *next - 1});
    }
    if (!run_.select.ascending) std::reverse(out.begin(), out.end());
    return out;
}

Status RawRun::run_by_shards() {
    bool has_begun = false;
    for (const plan::TimeRange &range : shard_ranges()) {
        VARVE_RETURN_IF_ERROR(survey(range, 0));
        if (groups_.empty()) continue;
        const auto &[key, group] = *groups_.begin();
        if (!has_begun) projection_.begin(measurement_.name, key);
        has_begun = true;
        if (group.rows > kRowsInMemory) {
            VARVE_RETURN_IF_ERROR(run_sliced(key, group));
        } else {
            RawRows rows(run_, measurement_);
            VARVE_RETURN_IF_ERROR(rows.load({range.min_ns, range.max_ns + 1, nullptr, 0, 0}));
            VARVE_RETURN_IF_ERROR(emit(rows, true));
        }
        if (projection_.full()) break;
    }
    return {};
}

plan::Measurement RawRun::restricted_to(const std::set<std::string> &groups) const {
    plan::Measurement out = measurement_;
    const std::vector<std::string> &tags = run_.select.group_tags;
    if (groups.size() == groups_.size() || tags.empty() || groups.size() > kGroupsInPredicateMax) {
        return out;
    }
    plan::SeriesPredicate any{VARVE_SERIES_OR, {}, {}, {}};
    for (const std::string &key : groups) {
        const std::vector<std::string> values = split_group_key(key, tags.size());
        plan::SeriesPredicate all{VARVE_SERIES_AND, {}, {}, {}};
        for (size_t i = 0; i < tags.size(); ++i) {
            all.children.push_back({VARVE_SERIES_EQ, tags[i], values[i], {}});
        }
        any.children.push_back(std::move(all));
    }
    for (plan::ScanSource &source : out.sources) {
        source.series = {VARVE_SERIES_AND, {}, {}, {std::move(source.series), any}};
    }
    return out;
}

Status RawRun::run_together(const std::set<std::string> &groups) {
    const plan::Measurement measurement = restricted_to(groups);
    const plan::TimeRange &range = run_.select.range;
    RawLoad load{range.min_ns, range.max_ns + 1, &groups, limit_per_series(), 0};
    {
        RawRows rows(run_, measurement);
        VARVE_RETURN_IF_ERROR(rows.load(load));
        if (!rows.fell_short()) return emit(rows, false);
    }
    load.limit_per_series = 0;
    RawRows rows(run_, measurement);
    VARVE_RETURN_IF_ERROR(rows.load(load));
    return emit(rows, false);
}

Status RawRun::run_sliced(const std::string &key, const Group &group) {
    const std::set<std::string> groups{key};
    const plan::Measurement measurement = restricted_to(groups);
    const bool ascending = run_.select.ascending;
    const __int128 span = static_cast<__int128>(group.t_max) - group.t_min + 1;
    const uint64_t wanted = projection_.wanted();
    const uint64_t first_rows = wanted == 0 && !run_.select.feeds_stream
                                    ? kRowsInMemory
                                    : std::clamp(wanted * 4, kFirstSliceRowsMin, kRowsInMemory);
    __int128 width = std::max<__int128>(1, span * first_rows / group.rows);
    __int128 done = 0;  // of the span, from its first end in the direction
    while (done < span && !projection_.full()) {
        width = std::clamp<__int128>(width, 1, span - done);
        const __int128 from = ascending ? group.t_min + done : group.t_max + 1 - done - width;
        RawRows rows(run_, measurement);
        const uint64_t rows_max = width > 1 ? 4 * kRowsInMemory : 0;
        VARVE_RETURN_IF_ERROR(
            rows.load({static_cast<int64_t>(from), static_cast<int64_t>(from + width), &groups, 0,
                       rows_max, true}));
        if (rows.overflowed()) {
            width /= 4;
            continue;
        }
        VARVE_RETURN_IF_ERROR(emit(rows, true));
        done += width;
        if (rows.row_count() > kRowsInMemory) width /= 2;
        if (rows.row_count() < kRowsInMemory / 2) width *= 2;
    }
    return {};
}

Status RawRun::emit(const RawRows &rows, bool same_series_goes_on) {
    const auto &order = rows.order();
    std::vector<int64_t> times;
    for (size_t at = 0; at < order.size();) {
        const std::string &group = rows.group_of(order[at]);
        if (!same_series_goes_on) projection_.begin(measurement_.name, group);
        size_t end = at;
        while (end < order.size() && rows.group_of(order[end]) == group) ++end;
        while (at < end && !projection_.full()) {
            const size_t to = std::min<size_t>(end, at + kRowsPerPush);
            times.clear();
            for (size_t i = at; i < to; ++i) times.push_back(rows.time_of(order[i]));
            VARVE_RETURN_IF_ERROR(run_.budget.check());
            VARVE_RETURN_IF_ERROR(projection_.push(times, rows.gather(at, to)));
            at = to;
        }
        at = end;
    }
    return {};
}

}  // namespace

Status run_raw(const Run &run, const plan::Measurement &measurement) {
    const bool from_subquery =
        std::any_of(measurement.sources.begin(), measurement.sources.end(),
                    [](const plan::ScanSource &source) { return source.subquery != nullptr; });
    // Tags alone make no rows, but for those of a subquery.
    const bool makes_rows = std::any_of(
        run.select.inputs.begin(), run.select.inputs.end(), [&](const plan::Input &input) {
            return input.type != Type::none && (from_subquery || !input.is_tag);
        });
    return makes_rows ? RawRun(run, measurement).run() : Status();
}

}  // namespace varve::query::exec
