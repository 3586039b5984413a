#include "query/exec/aggregate/aggregate_groups.hpp"

#include <algorithm>

#include "query/exec/function_input.hpp"

namespace varve::query::exec {

namespace {

// Keeps the rows that passed the filter, values and times alike.
void compact(Vector &values, std::vector<int64_t> &times, const std::vector<uint8_t> &passing) {
    size_t kept = 0;
    for (size_t row = 0; row < passing.size(); ++row) {
        if (passing[row] == 0) continue;
        times[kept] = times[row];
        if (values.type != Type::none) {
            if (values.type == Type::string) {
                values.text[kept] = values.text[row];
            } else {
                values.bits[kept] = values.bits[row];
            }
            values.valid[kept] = values.valid[row];
        }
        ++kept;
    }
    times.resize(kept);
}

}  // namespace

BoundAggregates::BoundAggregates(const plan::Select &select) : select_(select) {
    for (const plan::Aggregate &aggregate : select.aggregates) {
        std::vector<varve_argument> arguments =
            bind_arguments(aggregate.arguments, select.column_type(aggregate.input));
        if (aggregate.best_of_parts) {
            ranks_parts_ = true;
            ranking_ = arguments;
            arguments.back().value.as_int = 1;
        }
        arguments_.push_back(std::move(arguments));
        const uint64_t align = std::max<uint64_t>(1, aggregate.function->state_align);
        state_align_ = std::max(state_align_, align);
        state_size_ = (state_size_ + align - 1) / align * align;
        offsets_.push_back(state_size_);
        state_size_ += aggregate.function->state_size;
    }
}

void BoundAggregates::init(char *states) const {
    for (size_t i = 0; i < count(); ++i) {
        function(i).init(state(states, i), arguments_[i].data(),
                         static_cast<uint32_t>(arguments_[i].size()));
    }
}

bool BoundAggregates::merge(char *into, char *from, Arena &arena) const {
    for (size_t i = 0; i < count(); ++i) {
        if (function(i).merge(state(into, i), state(from, i), arena.table()) != VARVE_OK) {
            return false;
        }
    }
    return true;
}

void BoundAggregates::init_ranking(char *states) const {
    function(0).init(state(states, 0), ranking_.data(), static_cast<uint32_t>(ranking_.size()));
}

GroupStates &AggregateGroups::group_of(const std::string &key) {
    GroupStates *&group = by_key_[key];
    if (group == nullptr) {
        groups_.push_back(std::make_unique<GroupStates>(key, arena_));
        group = groups_.back().get();
    }
    return *group;
}

char *states_of_bucket(Buckets &buckets, int64_t start, const BoundAggregates &bound,
                       const Windows &windows, const Budget &budget, Arena &arena,
                       Status &status) try {
    char *&states = buckets[start];
    if (states != nullptr) return states;
    if (windows.has_interval()) {
        status = budget.check_buckets(buckets.size());
        if (!status.ok()) return nullptr;
    }
    states = static_cast<char *>(arena.allocate(bound.state_size(), bound.state_align()));
    if (states != nullptr) bound.init(states);
    return states;
} catch (const std::bad_alloc &) {
    return nullptr;
}

char *AggregateGroups::states_of(GroupStates &group, int64_t start) {
    return states_of_bucket(group.buckets, start, bound_, windows_, run_.budget, arena_,
                            bucket_status_);
}

Status AggregateGroups::exhausted() const {
    if (!bucket_status_.ok()) return bucket_status_;
    if (!arena_.status().ok()) return arena_.status();
    return {Code::resource_exhausted, "query.memory limit exceeded"};
}

Status AggregateGroups::read(MeasurementScan &scan, uint32_t scan_index, size_t partition) {
    varve_block block;
    uint32_t current = UINT32_MAX;
    GroupStates *group = nullptr;
    for (;;) {
        VARVE_RETURN_IF_ERROR(run_.budget.check());
        const Result<bool> more = scan.scan().next(partition, block);
        if (!more.ok()) return more.status();
        if (!*more) return {};
        if (block.series != current) {
            current = block.series;
            VARVE_RETURN_IF_ERROR(run_.budget.add_series(1));
            group = &group_of(scan.part_key(partition, current));
            if (run_.select.needs_point) {
                Member member;
                member.key = scan.scan().series_key(partition, current);
                member.scan = scan_index;
                member.partition = static_cast<uint32_t>(partition);
                member.series = current;
                group->members.push_back(std::move(member));
            }
        }
        if (!group->members.empty()) {
            Member &member = group->members.back();
            member.t_min = std::min(member.t_min, block.t_min);
            member.t_max = std::max(member.t_max, block.t_max);
        }
        VARVE_RETURN_IF_ERROR(take_block(scan, partition, block, *group));
    }
}

Status AggregateGroups::take_block(MeasurementScan &scan, size_t partition,
                                   const varve_block &block, GroupStates &group) {
    Status status;
    if (take_stats(scan, block, group, status)) return status;
    return take_rows(scan, partition, block, group);
}

// A whole block inside one bucket and the range is answered by its statistics, if they are exact
// and every aggregate can be fed with them.
bool AggregateGroups::take_stats(const MeasurementScan &scan, const varve_block &block,
                                 GroupStates &group, Status &status) {
    const plan::TimeRange &range = run_.select.range;
    if (block.exact == 0 || block.stats == nullptr || scan.has_filter()) return false;
    if (block.t_min < range.min_ns || block.t_max > range.max_ns) return false;
    if (!scan.reads_all_of(block)) return false;
    const Bucket bucket = windows_.bucket_of(block.t_min);
    if (block.t_max >= bucket.end_ns) return false;
    for (size_t i = 0; i < bound_.count(); ++i) {
        const varve_function &function = bound_.function(i);
        const size_t input = run_.select.aggregates[i].input;
        if (scan.columns_of(input).empty()) continue;
        const int column = scan.direct_column(input);
        if (column < 0 || function.update_stats == nullptr || function.stats_mask == 0)
            return false;
        const varve_block_stats &stats = block.stats[column];
        uint32_t needed = function.stats_mask & ~VARVE_STATS_COUNT;
        const bool times_matter = run_.select.selector_time || run_.select.needs_point;
        if (!times_matter) needed &= ~VARVE_STATS_EXTREME_TIMES;
        if (stats.count != 0 && (stats.present & needed) != needed) return false;
    }
    char *states = states_of(group, bucket.start_ns);
    if (states == nullptr) {
        status = exhausted();
        return true;
    }
    for (size_t i = 0; i < bound_.count(); ++i) {
        const size_t input = run_.select.aggregates[i].input;
        if (scan.columns_of(input).empty()) continue;
        const int column = scan.direct_column(input);
        bound_.function(i).update_stats(bound_.state(states, i),
                                        static_cast<uint32_t>(scan.input(input).type),
                                        &block.stats[column]);
    }
    status = run_.budget.add_points(block.rows);
    return true;
}

Status AggregateGroups::find_runs(const int64_t *times, uint32_t rows, GroupStates &group) {
    run_ends_.clear();
    run_states_.clear();
    for (uint32_t row = 0; row < rows;) {
        const Bucket bucket = windows_.bucket_of(times[row]);
        const int64_t *end = std::lower_bound(times + row, times + rows, bucket.end_ns);
        // Where a zone's clock goes back a bucket may end before its row; it still holds the row.
        row = std::max(row + 1, static_cast<uint32_t>(end - times));
        char *states = states_of(group, bucket.start_ns);
        if (states == nullptr) return exhausted();
        run_ends_.push_back(row);
        run_states_.push_back(states);
    }
    return {};
}

Status AggregateGroups::update(size_t aggregate, const varve_column &column, const int64_t *times) {
    states_.clear();
    for (char *states : run_states_) states_.push_back(bound_.state(states, aggregate));
    const int32_t code = bound_.function(aggregate).update_runs(
        states_.data(), run_ends_.data(), static_cast<uint32_t>(run_ends_.size()), &column, times,
        arena_.table());
    return code == VARVE_OK ? Status() : exhausted();
}

void AggregateGroups::drop_early(MeasurementScan::LoadedRows &rows, GroupStates &group) const {
    const int64_t *times = rows.loaded.times;
    const int64_t *end = times + rows.loaded.row_count;
    const auto early = std::lower_bound(times, end, run_.select.range.min_ns) - times;
    if (windows_.has_interval() || early == 0) return;
    if (rows.passing.empty()) rows.passing.assign(rows.loaded.row_count, 1);
    for (auto row = rows.passing.begin(); row != rows.passing.begin() + early; ++row) {
        if (*row != 0) group.begins_early = true;
        *row = 0;
    }
}

Status AggregateGroups::take_rows(MeasurementScan &scan, size_t partition, const varve_block &block,
                                  GroupStates &group) {
    MeasurementScan::LoadedRows rows;
    VARVE_RETURN_IF_ERROR(scan.load(partition, block, rows));
    const auto &[loaded, passing] = rows;
    VARVE_RETURN_IF_ERROR(run_.budget.add_points(loaded.row_count));
    if (loaded.row_count == 0) return {};
    drop_early(rows, group);
    const bool all_pass =
        passing.empty() || std::find(passing.begin(), passing.end(), 0) == passing.end();
    if (!all_pass && std::find(passing.begin(), passing.end(), 1) == passing.end()) return {};
    if (all_pass) VARVE_RETURN_IF_ERROR(find_runs(loaded.times, loaded.row_count, group));
    for (size_t i = 0; i < bound_.count(); ++i) {
        const size_t input = run_.select.aggregates[i].input;
        if (scan.columns_of(input).empty()) continue;
        const int direct = scan.direct_column(input);
        if (all_pass && direct >= 0) {
            VARVE_RETURN_IF_ERROR(update(i, loaded.columns[direct], loaded.times));
            continue;
        }
        Vector values =
            scan.gather(partition, block.series, input, loaded.row_count, loaded.columns);
        std::vector<int64_t> times(loaded.times, loaded.times + loaded.row_count);
        if (!all_pass) {
            compact(values, times, passing);
            VARVE_RETURN_IF_ERROR(
                find_runs(times.data(), static_cast<uint32_t>(times.size()), group));
        }
        const ColumnCopy copy(values, times.size());
        VARVE_RETURN_IF_ERROR(update(i, copy.column(), times.data()));
    }
    return {};
}

Status AggregateGroups::merge(AggregateGroups &other) {
    for (const auto &from : other.groups_) {
        GroupStates &into = group_of(from->key);
        into.begins_early = into.begins_early || from->begins_early;
        into.members.insert(into.members.end(), from->members.begin(), from->members.end());
        for (const auto &[start, states] : from->buckets) {
            char *target = states_of(into, start);
            if (target == nullptr) return exhausted();
            if (!bound_.merge(target, states, arena_)) return exhausted();
        }
    }
    return {};
}

}  // namespace varve::query::exec
