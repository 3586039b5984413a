// Aggregates of one measurement: partitions are read in parallel into states, states are merged,
// groups are finished one after the other.
#include <algorithm>
#include <cstring>
#include <optional>

#include "query/exec/aggregate/aggregate_groups.hpp"
#include "query/exec/aggregate/first_buckets.hpp"
#include "query/exec/aggregate/group_rows.hpp"
#include "query/exec/no_throw.hpp"
#include "query/exec/projection.hpp"
#include "query/exec/rows/held_rows.hpp"
#include "query/exec/rows/series_pages.hpp"
#include "query/exec/subquery/slices.hpp"

namespace varve::query::exec {

namespace {

constexpr size_t kRowsPerPush = 4096;

class AggregateRun {
  public:
    AggregateRun(const Run &run, const plan::Measurement &measurement)
        : run_(run),
          measurement_(measurement),
          bound_(run.select),
          windows_(run.select.window, run.select.range),
          projection_(run.select, run.sink) {}

    Status run();

  private:
    Status read();
    // The sources as they can be read now.
    Status read_sources();
    Status merge();
    Status emit(GroupStates &group);
    std::vector<Vector> empty_inputs(size_t rows) const;
    // The other columns of the selected points, found by their times and values.
    Status find_points(const GroupStates &group, const GroupRows::Chunk &chunk,
                       std::vector<Vector> &inputs);
    Status find_in_member(const Member &member, const GroupRows::Chunk &chunk,
                          std::vector<size_t> &missing, std::vector<Vector> &inputs);
    Status copy_row(const std::vector<Vector> &from, size_t from_row, std::vector<Vector> &to,
                    size_t to_row);

    const Run &run_;
    const plan::Measurement &measurement_;
    const BoundAggregates bound_;
    const Windows windows_;
    Projection projection_;
    std::vector<std::unique_ptr<MeasurementScan>> scans_;
    std::vector<std::unique_ptr<AggregateGroups>> parts_;
};

Status AggregateRun::read() {
    // Points are looked up, and parts ranked, when all has been read.
    if (run_.select.needs_point || bound_.ranks_parts()) return read_sources();
    SubquerySlices slices(run_, measurement_);
    const Result<bool> sliced = slices.are_needed();
    if (!sliced.ok()) return sliced.status();
    if (!*sliced) return read_sources();
    return slices.each([this]() -> Result<bool> {
        scans_.clear();
        VARVE_RETURN_IF_ERROR(read_sources());
        return true;
    });
}

Status AggregateRun::read_sources() {
    const plan::TimeRange &range = run_.select.range;
    std::vector<std::function<void()>> jobs;
    std::vector<std::unique_ptr<Status>> statuses;
    size_t used = 0;
    for (const plan::ScanSource &source : measurement_.sources) {
        Result<std::unique_ptr<MeasurementScan>> opened =
            MeasurementScan::open(run_, source,
                                  {range.min_ns, range.max_ns + 1, 0, run_.tasks.parallelism(),
                                   Trace::Kind::aggregate_scan});
        if (!opened.ok()) return opened.status();
        const auto index = static_cast<uint32_t>(scans_.size());
        scans_.push_back(std::move(*opened));
        MeasurementScan &scan = *scans_.back();
        for (size_t i = 0; i < scan.scan().partition_count(); ++i) {
            if (used == parts_.size()) {
                parts_.push_back(std::make_unique<AggregateGroups>(run_, bound_));
            }
            statuses.push_back(std::make_unique<Status>());
            AggregateGroups &part = *parts_[used++];
            Status &status = *statuses.back();
            jobs.push_back(
                [&, index, i] { status = no_throw([&] { return part.read(scan, index, i); }); });
        }
    }
    run_.tasks.run_all(jobs);
    for (const auto &status : statuses) VARVE_RETURN_IF_ERROR(*status);
    return {};
}

Status AggregateRun::merge() {
    for (size_t i = 1; i < parts_.size(); ++i) {
        VARVE_RETURN_IF_ERROR(parts_[0]->merge(*parts_[i]));
    }
    return {};
}

Status AggregateRun::run() {
    VARVE_RETURN_IF_ERROR(read());
    if (parts_.empty()) return {};
    VARVE_RETURN_IF_ERROR(merge());
    auto &groups = parts_[0]->groups();
    if (bound_.ranks_parts()) {
        VARVE_RETURN_IF_ERROR(rank_parts(run_.select, bound_, parts_[0]->arena(), groups));
    }
    const bool ascending = run_.select.ascending;
    std::sort(groups.begin(), groups.end(), [&](const auto &a, const auto &b) {
        return ascending ? a->key < b->key : a->key > b->key;
    });
    if (pages_series(run_.select)) {
        std::vector<std::string> keys;
        keys.reserve(groups.size());
        for (const auto &group : groups) keys.push_back(group->key);
        const std::set<std::string> page = page_of_series(run_.select, keys);
        std::erase_if(groups, [&](const auto &group) { return !page.contains(group->key); });
    }
    for (const auto &group : groups) {
        // As InfluxDB has it, what comes before the range ends the answer.
        if (group->begins_early && ascending) return {};
        VARVE_RETURN_IF_ERROR(emit(*group));
        if (group->begins_early) return {};
    }
    return {};
}

std::vector<Vector> AggregateRun::empty_inputs(size_t rows) const {
    std::vector<Vector> out;
    for (const plan::Input &input : run_.select.inputs) {
        out.emplace_back();
        out.back().reset(input.is_tag ? Type::string : input.type, rows);
    }
    return out;
}

Status AggregateRun::emit(GroupStates &group) {
    GroupRows rows(run_, bound_, windows_);
    VARVE_RETURN_IF_ERROR(rows.begin(group, parts_[0]->arena()));
    std::sort(group.members.begin(), group.members.end(),
              [](const Member &a, const Member &b) { return a.key < b.key; });
    projection_.begin(measurement_.name, group.key);
    GroupRows::Chunk chunk;
    for (;;) {
        const uint64_t wanted = projection_.wanted();
        const size_t rows_max =
            wanted == 0 ? kRowsPerPush : std::min<uint64_t>(wanted, kRowsPerPush);
        VARVE_RETURN_IF_ERROR(rows.next(rows_max, chunk));
        if (chunk.times.empty()) return {};
        if (run_.select.needs_point) {
            std::vector<Vector> inputs = empty_inputs(chunk.times.size());
            VARVE_RETURN_IF_ERROR(find_points(group, chunk, inputs));
            for (Vector &input : inputs) chunk.values.push_back(std::move(input));
        }
        VARVE_RETURN_IF_ERROR(projection_.push(chunk.times, chunk.values));
        if (projection_.full()) return {};
    }
}

Status AggregateRun::find_points(const GroupStates &group, const GroupRows::Chunk &chunk,
                                 std::vector<Vector> &inputs) {
    std::vector<size_t> missing;
    for (size_t row = 0; row < chunk.times.size(); ++row) {
        if (chunk.is_point[row] != 0) missing.push_back(row);
    }
    // Where several series have the point, the first key wins.
    for (const Member &member : group.members) {
        if (missing.empty()) break;
        VARVE_RETURN_IF_ERROR(run_.budget.check());
        VARVE_RETURN_IF_ERROR(find_in_member(member, chunk, missing, inputs));
    }
    return {};
}

Status AggregateRun::find_in_member(const Member &member, const GroupRows::Chunk &chunk,
                                    std::vector<size_t> &missing, std::vector<Vector> &inputs) {
    std::vector<size_t> asked;
    for (const size_t row : missing) {
        const int64_t time = chunk.point_times[row];
        if (time < member.t_min || time > member.t_max) continue;
        const auto *only = member.only_times.get();
        if (only == nullptr || std::binary_search(only->begin(), only->end(), time)) {
            asked.push_back(row);
        }
    }
    if (asked.empty()) return {};
    std::stable_sort(asked.begin(), asked.end(), [&](size_t a, size_t b) {
        return chunk.point_times[a] < chunk.point_times[b];
    });
    std::vector<int64_t> times;
    times.reserve(asked.size());
    for (const size_t row : asked) times.push_back(chunk.point_times[row]);
    const std::vector<uint32_t> series(asked.size(), member.series);

    MeasurementScan &scan = *scans_[member.scan];
    const std::vector<uint32_t> &positions = scan.positions();
    varve_looked_up found;
    VARVE_RETURN_IF_ERROR(scan.scan().lookup(member.partition, series, times, positions, found));
    std::vector<varve_column> columns(scan.scan().columns().size());
    for (size_t i = 0; i < positions.size(); ++i) columns[positions[i]] = found.columns[i];
    std::vector<Vector> values;
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        values.push_back(scan.gather(member.partition, member.series, i,
                                     static_cast<uint32_t>(asked.size()), columns.data()));
    }
    const Vector &chosen = values[run_.select.aggregates.front().input];
    std::optional<int64_t> taken;  // a series has one point at a time
    for (size_t i = 0; i < asked.size(); ++i) {
        const Vector &wanted = chunk.values.front();
        if (!chosen.is_valid(i) || taken == times[i]) continue;
        const bool same = chosen.type == Type::string ? chosen.text[i] == wanted.text[asked[i]]
                                                      : chosen.bits[i] == wanted.bits[asked[i]];
        if (!same) continue;
        VARVE_RETURN_IF_ERROR(copy_row(values, i, inputs, asked[i]));
        taken = times[i];
        missing.erase(std::find(missing.begin(), missing.end(), asked[i]));
    }
    return {};
}

Status AggregateRun::copy_row(const std::vector<Vector> &from, size_t from_row,
                              std::vector<Vector> &to, size_t to_row) {
    for (size_t i = 0; i < to.size(); ++i) {
        if (!from[i].is_valid(from_row)) continue;
        if (from[i].type != Type::string) {
            to[i].set(to_row, from[i].bits[from_row]);
            continue;
        }
        const std::string_view text = from[i].text[from_row];
        auto *copy = static_cast<char *>(parts_[0]->arena().allocate(text.size() + 1, 1));
        if (copy == nullptr) return parts_[0]->arena().status();
        std::memcpy(copy, text.data(), text.size());
        to[i].set_text(to_row, {copy, text.size()});
    }
    return {};
}

}  // namespace

Status run_aggregate(const Run &run, const plan::Measurement &measurement) {
    const auto first = find_first_buckets(run, measurement);
    if (!first.ok()) return first.status();
    if (*first) {
        plan::Select select = run.select;
        select.range.max_ns = (*first)->end_ns - 1;
        HeldRows held(select, run.budget);
        VARVE_RETURN_IF_ERROR(AggregateRun(run.over(select, held), measurement).run());
        const auto &series = held.series();
        const bool complete = series.size() == (*first)->groups &&
                              std::all_of(series.begin(), series.end(), [&](const auto &one) {
                                  return one.times.size() == select.limit;
                              });
        if (complete) return held.emit(run.sink);
    }
    return AggregateRun(run, measurement).run();
}

}  // namespace varve::query::exec
