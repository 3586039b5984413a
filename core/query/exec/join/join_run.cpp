// JOIN: the rows of two selects of one time and of equal tags, side by side. Both sides are held in
// memory; of several rows of one time, each is put beside each, the left side's first row beside
// all of the right side's, and so on; in descending order all that is turned round.
#include <algorithm>

#include "query/exec/projection.hpp"
#include "query/exec/run_select.hpp"
#include "query/exec/subquery/row_table.hpp"

namespace varve::query::exec {

namespace {

constexpr size_t kRowsPerPush = 4096;

struct RowRef {
    int64_t time = 0;
    const RowTable::Block *block = nullptr;
    uint32_t row = 0;
};

using Rows = std::vector<RowRef>;          // of equal tags, ascending
using Side = std::map<std::string, Rows>;  // by the values of the tags, as a group key has them

class JoinRun {
  public:
    JoinRun(const Run &run, const plan::Measurement &measurement)
        : run_(run), measurement_(measurement), projection_(run.select, run.sink) {}
    ~JoinRun() { run_.budget.release(charged_); }
    JoinRun(const JoinRun &) = delete;
    JoinRun &operator=(const JoinRun &) = delete;

    Status run();

  private:
    Result<Side> side_of(const RowTable &table);
    Status emit(const Rows &left, const Rows &right);
    Status push(const RowRef &left, const RowRef &right);
    Status flush();
    void clear();

    const Run &run_;
    const plan::Measurement &measurement_;
    Projection projection_;
    uint64_t charged_ = 0;
    std::vector<int64_t> times_;
    std::vector<Vector> columns_;  // the left side's, then the right side's
};

Result<Side> JoinRun::side_of(const RowTable &table) {
    Side side;
    const std::vector<std::string> &tags = run_.select.group_tags;
    std::vector<const RowTable::Series *> ordered;
    for (const RowTable::Series &series : table.series()) ordered.push_back(&series);
    std::sort(ordered.begin(), ordered.end(),
              [](const auto *a, const auto *b) { return a->key < b->key; });
    for (const RowTable::Series *const at : ordered) {
        const RowTable::Series &series = *at;
        std::string key;
        for (const std::string &tag : tags) {
            const auto found = std::find(table.tag_keys().begin(), table.tag_keys().end(), tag);
            key += series.tags[static_cast<size_t>(found - table.tag_keys().begin())] + '\0';
        }
        Rows &rows = side[key];
        for (const RowTable::Block &block : series.blocks) {
            const uint64_t size = block.times.size() * sizeof(RowRef);
            VARVE_RETURN_IF_ERROR(run_.budget.charge(size));
            charged_ += size;
            for (uint32_t row = 0; row < block.times.size(); ++row) {
                rows.push_back({block.times[row], &block, row});
            }
        }
    }
    for (auto &[key, rows] : side) {
        std::stable_sort(rows.begin(), rows.end(),
                         [](const RowRef &a, const RowRef &b) { return a.time < b.time; });
    }
    return side;
}

void JoinRun::clear() {
    times_.clear();
    columns_.clear();
    for (const auto &side : {run_.select.join->left, run_.select.join->right}) {
        for (const plan::Output &output : side->outputs) {
            columns_.emplace_back();
            columns_.back().reset(output.type, 0);
        }
    }
}

Status JoinRun::flush() {
    if (times_.empty()) return {};
    VARVE_RETURN_IF_ERROR(run_.budget.check());
    VARVE_RETURN_IF_ERROR(projection_.push(times_, columns_));
    clear();
    return {};
}

Status JoinRun::push(const RowRef &left, const RowRef &right) {
    times_.push_back(left.time);
    size_t column = 0;
    for (const RowRef &ref : {left, right}) {
        for (const Vector &values : ref.block->columns) {
            columns_[column++].append_from(values, ref.row);
        }
    }
    return times_.size() < kRowsPerPush ? Status() : flush();
}

Status JoinRun::emit(const Rows &left, const Rows &right) {
    const auto by_time = [](const RowRef &a, const RowRef &b) { return a.time < b.time; };
    const bool ascending = run_.select.ascending;
    for (size_t i = 0; i < left.size(); ++i) {
        const RowRef &from = left[ascending ? i : left.size() - 1 - i];
        const auto [first, last] = std::equal_range(right.begin(), right.end(), from, by_time);
        const auto count = static_cast<size_t>(last - first);
        for (size_t k = 0; k < count; ++k) {
            const auto step = static_cast<ptrdiff_t>(ascending ? k : count - 1 - k);
            VARVE_RETURN_IF_ERROR(push(from, first[step]));
        }
    }
    return flush();
}

Status JoinRun::run() {
    const Result<std::shared_ptr<const RowTable>> left = read_table(run_, *run_.select.join->left);
    if (!left.ok()) return left.status();
    const Result<std::shared_ptr<const RowTable>> right =
        read_table(run_, *run_.select.join->right);
    if (!right.ok()) return right.status();
    const Result<Side> left_side = side_of(**left);
    if (!left_side.ok()) return left_side.status();
    const Result<Side> right_side = side_of(**right);
    if (!right_side.ok()) return right_side.status();
    std::vector<const Side::value_type *> order;
    for (const auto &entry : *left_side) order.push_back(&entry);
    if (!run_.select.ascending) std::reverse(order.begin(), order.end());
    for (const auto *entry : order) {
        const auto match = right_side->find(entry->first);
        if (match == right_side->end()) continue;
        projection_.begin(measurement_.name, entry->first);
        clear();
        VARVE_RETURN_IF_ERROR(emit(entry->second, match->second));
    }
    return {};
}

}  // namespace

Status run_join(const Run &run, const plan::Measurement &measurement) {
    return JoinRun(run, measurement).run();
}

}  // namespace varve::query::exec
