#include "query/exec/rollup/rollup_rows.hpp"

#include <algorithm>
#include <set>

#include "query/exec/projection.hpp"
#include "query/exec/rows/input_fill.hpp"
#include "query/function_table.hpp"

namespace varve::query::exec {

namespace {
constexpr size_t kRowsPerPush = 4096;
}

RollupRows::RollupRows(const Run &run, const BoundAggregates &bound, RollupGroups &groups,
                       Projection &projection)
    : run_(run), bound_(bound), groups_(groups), projection_(projection) {
    for (const auto &group : groups.groups()) order_.push_back(group.get());
    std::sort(order_.begin(), order_.end(),
              [](const auto *a, const auto *b) { return a->key < b->key; });
    for (const plan::Aggregate &aggregate : run.select.aggregates) {
        types_.push_back(aggregate.type);
        widths_.push_back(1);
        if (aggregate.counted_by != nullptr) continue;
        for (const varve_function_column &column : extra_columns(*aggregate.function)) {
            types_.push_back(static_cast<Type>(column.type));
            ++widths_.back();
        }
    }
    for (const size_t width : widths_) scratch_.emplace_back(width);
    clear();
}

void RollupRows::clear() {
    times_.clear();
    columns_.clear();
    for (const Type type : types_) {
        columns_.emplace_back();
        columns_.back().reset(type, 0);
    }
    for (const Vector &values : groups_.values()) {
        columns_.emplace_back();
        columns_.back().reset(values.type, 0);
    }
}

bool RollupRows::full() const {
    return projection_.full() ||
           (projection_.wanted() != 0 && times_.size() >= projection_.wanted());
}

Status RollupRows::flush() {
    if (times_.empty()) return {};
    VARVE_RETURN_IF_ERROR(run_.budget.check());
    VARVE_RETURN_IF_ERROR(projection_.push(times_, columns_));
    clear();
    return {};
}

Status RollupRows::emit() {
    const bool fills = run_.select.rollup->fills && groups_.windows().has_interval();
    VARVE_RETURN_IF_ERROR(fills ? emit_filled() : emit_existing());
    return flush();
}

Status RollupRows::emit_existing() {
    std::set<int64_t> starts;
    for (const RollupGroup *group : order_) {
        for (const auto &[start, states] : group->buckets) starts.insert(start);
    }
    std::vector<int64_t> ordered(starts.begin(), starts.end());
    if (!run_.select.ascending) std::reverse(ordered.begin(), ordered.end());
    for (const int64_t start : ordered) {
        for (const RollupGroup *group : order_) {
            const auto found = group->buckets.find(start);
            if (found == group->buckets.end()) continue;
            if (full()) return {};
            VARVE_RETURN_IF_ERROR(emit_bucket(start, *group, found->second));
        }
    }
    return {};
}

// From the range's lower bound, if it has one, to its upper bound; else from the first row to the
// last. Where rows are not told apart, there is a group even without any.
Status RollupRows::emit_filled() {
    const plan::TimeRange &range = run_.select.range;
    const Windows &windows = groups_.windows();
    const int64_t from = range.has_min() ? range.min_ns : groups_.t_min();
    const int64_t to = range.has_min() ? range.max_ns : groups_.t_max();
    if (from > to) return {};
    const RollupGroup nobody(groups_.arena());
    std::vector<const RollupGroup *> order = order_;
    if (order.empty() && run_.select.rollup->group_by.empty()) order.push_back(&nobody);
    const int64_t low = windows.bucket_of(from).start_ns;
    const int64_t high = windows.bucket_of(to).start_ns;
    VARVE_RETURN_IF_ERROR(run_.budget.check_buckets(windows.count(low, high)));
    const bool ascending = run_.select.ascending;
    for (int64_t start = ascending ? low : high; !full();) {
        for (const RollupGroup *group : order) {
            const auto found = group->buckets.find(start);
            char *const states = found == group->buckets.end() ? nullptr : found->second;
            VARVE_RETURN_IF_ERROR(emit_bucket(start, *group, states));
        }
        const int64_t next = ascending ? windows.next_start(start) : windows.previous_start(start);
        if (ascending ? next > high || next <= start : next < low || next >= start) break;
        start = next;
    }
    return {};
}

Status RollupRows::finish(size_t aggregate, char *states, Finished &out) {
    out = {scratch_[aggregate].data(), 1};
    std::fill(scratch_[aggregate].begin(), scratch_[aggregate].end(), varve_value{});
    const plan::Aggregate &plan = run_.select.aggregates[aggregate];
    if (states == nullptr) {
        // What the further columns of a function have of nothing: none of it.
        for (size_t i = 1; i < widths_[aggregate]; ++i) {
            scratch_[aggregate][i].type = VARVE_TYPE_INT64;
        }
        return {};
    }
    void *const state = bound_.state(states, aggregate);
    const varve_arena *const arena = groups_.arena().table();
    const bool is_multi = plan.function->kind == VARVE_FUNCTION_MULTI;
    int32_t code = VARVE_OK;
    if (is_multi) {
        code = plan.function->finish_rows(state, run_.select.ascending ? 0 : 1, arena, &out.rows,
                                          &out.count);
    } else {
        code = plan.function->finish(state, arena, scratch_[aggregate].data());
    }
    if (code != VARVE_OK) return groups_.arena().status();
    if (plan.counted_by == nullptr) return {};
    const auto count = static_cast<int64_t>(out.count);
    varve_value &counted = scratch_[aggregate][0];
    counted = varve_value{};
    // Nothing counted is as nothing there.
    counted.type = count == 0 ? 0 : VARVE_TYPE_INT64;
    counted.value.as_int = count;
    out = {scratch_[aggregate].data(), 1};
    return {};
}

Status RollupRows::emit_bucket(int64_t start, const RollupGroup &group, char *states) {
    std::vector<Finished> finished(bound_.count());
    for (size_t i = 0; i < bound_.count(); ++i) {
        VARVE_RETURN_IF_ERROR(finish(i, states, finished[i]));
        if (finished[i].count == 0) return {};
    }
    return emit_product(groups_.windows().has_interval() ? start : 0, group, finished);
}

Status RollupRows::emit_product(int64_t start, const RollupGroup &group,
                                const std::vector<Finished> &finished) {
    std::vector<uint64_t> at(finished.size());
    for (;;) {
        times_.push_back(start);
        size_t column = 0;
        for (size_t i = 0; i < finished.size(); ++i) {
            const varve_value *const row = finished[i].rows + at[i] * widths_[i];
            for (size_t k = 0; k < widths_[i]; ++k) append(row[k], column++);
        }
        for (const Vector &values : groups_.values()) {
            columns_[column++].append_from(values, group.place);
        }
        if (times_.size() >= kRowsPerPush) VARVE_RETURN_IF_ERROR(flush());
        if (full()) return {};
        size_t next = 0;
        while (next < at.size() && ++at[next] == finished[next].count) at[next++] = 0;
        if (next == at.size()) return {};
    }
}

// Null with a time is a null that a row has; without one nothing was there, and the fill says what
// is shown.
void RollupRows::append(const varve_value &value, size_t column) {
    Vector &out = columns_[column];
    out.append_null(1);
    const size_t row = out.valid.size() - 1;
    if (out.type == Type::none) return;
    if (value.type == 0) {
        const plan::Fill &fill = run_.select.fill;
        if (value.has_time != 0 || fill.kind != plan::FillKind::number) return;
        if (plan::is_numeric(out.type)) out.set(row, fill_bits(fill, out.type));
        return;
    }
    if (out.type == Type::string) {
        out.set_text(row, view(value.text));
    } else {
        out.set(row, value.value.as_uint);
    }
}

}  // namespace varve::query::exec
