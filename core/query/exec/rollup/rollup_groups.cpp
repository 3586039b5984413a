#include "query/exec/rollup/rollup_groups.hpp"

#include <algorithm>
#include <numeric>

#include "query/exec/evaluate.hpp"
#include "query/exec/function_input.hpp"

namespace varve::query::exec {

namespace {

void append_big_endian(uint64_t bits, std::string &out) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
}

// The value as bytes that order as the values do; null comes first.
void append_key(const Vector &column, size_t row, std::string &out) {
    constexpr uint64_t kSign = uint64_t{1} << 63;
    if (!column.is_valid(row)) {
        out += '\0';
        return;
    }
    out += '\1';
    if (column.type == Type::string) {
        // A zero inside is told from the end.
        for (const char c : column.text[row]) {
            out += c;
            if (c == '\0') out += '\1';
        }
        out.append(2, '\0');
        return;
    }
    uint64_t bits = column.bits[row];
    if (column.type == Type::integer) bits ^= kSign;
    if (column.type == Type::floating) bits = (bits & kSign) != 0 ? ~bits : bits ^ kSign;
    append_big_endian(bits, out);
}

Type type_at(const plan::Select &select, uint32_t position) {
    const bool is_tag = position < select.inputs.size() && select.inputs[position].is_tag;
    return is_tag ? Type::string : select.column_type(position);
}

void mark_inputs(const plan::Scalar &scalar, std::vector<bool> &marks) {
    if (scalar.op == plan::Op::input) marks[scalar.input] = true;
    for (const plan::Scalar &arg : scalar.args) mark_inputs(arg, marks);
}

}  // namespace

RollupGroups::RollupGroups(const Run &run, const BoundAggregates &bound)
    : run_(run),
      rollup_(*run.select.rollup),
      bound_(bound),
      windows_(run.select.window, run.select.range),
      arena_(run.budget),
      keeper_(run.budget) {
    gathered_.resize(run.select.inputs.size() + rollup_.computed.size());
    for (const plan::Output &computed : rollup_.computed) mark_inputs(computed.value, gathered_);
    for (const uint32_t position : rollup_.group_by) {
        gathered_[position] = true;
        values_.emplace_back();
        values_.back().reset(type_at(run.select, position), 0);
    }
}

Status RollupGroups::exhausted() const {
    if (!status_.ok()) return status_;
    if (!arena_.status().ok()) return arena_.status();
    return {Code::resource_exhausted, "query.memory limit exceeded"};
}

RollupGroup *RollupGroups::group_at(std::string key, const std::vector<const Vector *> &columns,
                                    size_t row) {
    RollupGroup *&group = by_key_[key];
    if (group != nullptr) return group;
    status_ = keeper_.charge(1, values_.size() + sizeof(RollupGroup) / sizeof(uint64_t));
    for (size_t i = 0; status_.ok() && i < columns.size(); ++i) {
        status_ = keeper_.append(*columns[i], row, values_[i]);
    }
    if (!status_.ok()) return nullptr;
    groups_.push_back(std::make_unique<RollupGroup>(arena_));
    group = groups_.back().get();
    group->key = std::move(key);
    group->place = groups_.size() - 1;
    return group;
}

RollupGroup *RollupGroups::group_of(const std::vector<Vector> &columns, size_t row) {
    key_.clear();
    for (const uint32_t position : rollup_.group_by) append_key(columns[position], row, key_);
    const auto known = by_key_.find(key_);
    if (known != by_key_.end()) return known->second;
    std::vector<const Vector *> values;
    values.reserve(rollup_.group_by.size());
    for (const uint32_t position : rollup_.group_by) values.push_back(&columns[position]);
    return group_at(key_, values, row);
}

char *RollupGroups::states_of(RollupGroup &group, int64_t start) {
    return states_of_bucket(group.buckets, start, bound_, windows_, run_.budget, arena_, status_);
}

Status RollupGroups::read(MeasurementScan &scan, size_t partition) {
    varve_block block;
    uint32_t current = UINT32_MAX;
    for (;;) {
        VARVE_RETURN_IF_ERROR(run_.budget.check());
        const Result<bool> more = scan.scan().next(partition, block);
        if (!more.ok()) return more.status();
        if (!*more) return {};
        if (block.series != current) {
            current = block.series;
            VARVE_RETURN_IF_ERROR(run_.budget.add_series(1));
        }
        Status status;
        if (!take_stats(scan, block, status)) status = take_rows(scan, partition, block);
        VARVE_RETURN_IF_ERROR(status);
    }
}

// A whole block inside one bucket is answered by its statistics, where one column is all that
// rows are made of and each of them has it.
bool RollupGroups::take_stats(const MeasurementScan &scan, const varve_block &block,
                              Status &status) {
    const plan::Select &select = run_.select;
    if (block.exact == 0 || block.stats == nullptr || scan.has_filter()) return false;
    if (!rollup_.group_by.empty() || !rollup_.computed.empty() || select.inputs.size() != 1) {
        return false;
    }
    if (block.t_min < select.range.min_ns || block.t_max > select.range.max_ns) return false;
    const Bucket bucket = windows_.bucket_of(block.t_min);
    const int column = scan.direct_column(0);
    if (block.t_max >= bucket.end_ns || column < 0) return false;
    const varve_block_stats &stats = block.stats[column];
    if (stats.count != block.rows) return false;
    for (size_t i = 0; i < bound_.count(); ++i) {
        const varve_function &function = bound_.function(i);
        const uint32_t needed = function.stats_mask & ~VARVE_STATS_COUNT;
        if (function.update_stats == nullptr || function.stats_mask == 0 ||
            (stats.present & needed) != needed) {
            return false;
        }
    }
    RollupGroup *const group = group_of({}, 0);
    char *const states = group == nullptr ? nullptr : states_of(*group, bucket.start_ns);
    if (states == nullptr) {
        status = exhausted();
        return true;
    }
    for (size_t i = 0; i < bound_.count(); ++i) {
        bound_.function(i).update_stats(bound_.state(states, i),
                                        static_cast<uint32_t>(scan.input(0).type), &stats);
    }
    t_min_ = std::min(t_min_, block.t_min);
    t_max_ = std::max(t_max_, block.t_max);
    status = run_.budget.add_points(block.rows);
    return true;
}

void RollupGroups::gather(MeasurementScan &scan, size_t partition, Rows &rows) const {
    const varve_loaded &loaded = *rows.loaded;
    const bool all = rows.chosen.size() == loaded.row_count;
    if (all) {
        rows.times.assign(loaded.times, loaded.times + loaded.row_count);
    } else {
        for (const uint32_t row : rows.chosen) rows.times.push_back(loaded.times[row]);
    }
    const size_t inputs = run_.select.inputs.size();
    std::vector<bool> needed = gathered_;
    for (const plan::Aggregate &aggregate : run_.select.aggregates) {
        const bool direct =
            all && aggregate.input < inputs && scan.direct_column(aggregate.input) >= 0;
        if (!direct) needed[aggregate.input] = true;
    }
    rows.columns.resize(needed.size());
    for (size_t i = 0; i < inputs; ++i) {
        if (!needed[i]) continue;
        Vector &column = rows.columns[i];
        if (all) {
            column =
                scan.gather(partition, rows.block->series, i, loaded.row_count, loaded.columns);
            continue;
        }
        column.reset(type_at(run_.select, static_cast<uint32_t>(i)), 0);
        scan.append_rows(partition, rows.block->series, i, rows.chosen, loaded.columns, column);
    }
    for (size_t i = 0; i < rollup_.computed.size(); ++i) {
        rows.columns[inputs + i] =
            evaluate(rollup_.computed[i].value, rows.columns, rows.times.size());
    }
}

Status RollupGroups::find_runs(const Rows &rows) {
    run_ends_.clear();
    run_states_.clear();
    RollupGroup *group = nullptr;
    Bucket bucket;
    for (uint32_t row = 0; row < rows.times.size(); ++row) {
        const bool goes_on = !run_ends_.empty() && rows.times[row] >= bucket.start_ns &&
                             rows.times[row] < bucket.end_ns;
        RollupGroup *const of_row =
            rollup_.group_by.empty() && group != nullptr ? group : group_of(rows.columns, row);
        if (of_row == nullptr) return exhausted();
        if (goes_on && of_row == group) {
            ++run_ends_.back();
            continue;
        }
        if (!goes_on) bucket = windows_.bucket_of(rows.times[row]);
        group = of_row;
        char *const states = states_of(*group, bucket.start_ns);
        if (states == nullptr) return exhausted();
        run_ends_.push_back(row + 1);
        run_states_.push_back(states);
    }
    return {};
}

Status RollupGroups::update(const MeasurementScan &scan, const Rows &rows) {
    const bool all = rows.chosen.size() == rows.loaded->row_count;
    for (size_t i = 0; i < bound_.count(); ++i) {
        states_.clear();
        for (char *states : run_states_) states_.push_back(bound_.state(states, i));
        const uint32_t input = run_.select.aggregates[i].input;
        const int direct =
            all && input < run_.select.inputs.size() ? scan.direct_column(input) : -1;
        int32_t code = VARVE_OK;
        const auto run = [&](const varve_column &column) {
            code = bound_.function(i).update_runs(states_.data(), run_ends_.data(),
                                                  static_cast<uint32_t>(run_ends_.size()), &column,
                                                  rows.times.data(), arena_.table());
        };
        if (direct >= 0) {
            run(rows.loaded->columns[direct]);
        } else {
            run(ColumnCopy(rows.columns[input], rows.times.size()).column());
        }
        if (code != VARVE_OK) return exhausted();
    }
    return {};
}

Status RollupGroups::take_rows(MeasurementScan &scan, size_t partition, const varve_block &block) {
    MeasurementScan::LoadedRows loaded;
    VARVE_RETURN_IF_ERROR(scan.load(partition, block, loaded));
    VARVE_RETURN_IF_ERROR(run_.budget.add_points(loaded.loaded.row_count));
    // Where no row passes, nothing but the filter's columns was loaded.
    const auto &passing = loaded.passing;
    if (!passing.empty() && std::find(passing.begin(), passing.end(), 1) == passing.end())
        return {};
    Rows rows;
    rows.block = &block;
    rows.loaded = &loaded.loaded;
    rows.chosen = scan.rows_that_count(loaded);
    if (rows.chosen.empty()) return {};
    gather(scan, partition, rows);
    t_min_ = std::min(t_min_, rows.times.front());
    t_max_ = std::max(t_max_, rows.times.back());
    VARVE_RETURN_IF_ERROR(find_runs(rows));
    return update(scan, rows);
}

Status RollupGroups::merge(const RollupGroups &other) {
    t_min_ = std::min(t_min_, other.t_min_);
    t_max_ = std::max(t_max_, other.t_max_);
    std::vector<const Vector *> values;
    values.reserve(other.values_.size());
    for (const Vector &column : other.values_) values.push_back(&column);
    for (const auto &from : other.groups_) {
        RollupGroup *const into = group_at(from->key, values, from->place);
        if (into == nullptr) return exhausted();
        for (const auto &[start, states] : from->buckets) {
            char *const target = states_of(*into, start);
            if (target == nullptr) return exhausted();
            if (!bound_.merge(target, states, arena_)) return exhausted();
        }
    }
    return {};
}

}  // namespace varve::query::exec
