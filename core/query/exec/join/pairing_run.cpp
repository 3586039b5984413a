// Pairing: the nearest rows of several selects side by side. Their rows are walked in the order of
// time; when every select has given one, they are one row, and the walk begins anew behind them.
#include "query/exec/projection.hpp"
#include "query/exec/rows/held_rows.hpp"
#include "query/exec/run_select.hpp"

namespace varve::query::exec {

namespace {

constexpr size_t kRowsPerPush = 4096;

// The rows of a side, and where the walk stands in them.
struct Side {
    std::unique_ptr<HeldRows> rows;
    const HeldRows::Series *series = nullptr;  // null = there are no rows
    size_t at = 0;                             // the next row
    bool has_latest = false;                   // the row before it waits for the others

    bool done() const { return series == nullptr || at == series->times.size(); }
    int64_t next_time() const { return series->times[at]; }
};

class PairingRun {
  public:
    PairingRun(const Run &run, const plan::Measurement &measurement)
        : run_(run), projection_(run.select, run.sink) {
        projection_.begin(measurement.name, {});
    }

    Status run();

  private:
    Status read_sides();
    Side *next_side();
    Status push();
    Status flush();
    void clear();

    const Run &run_;
    Projection projection_;
    std::vector<Side> sides_;
    std::vector<int64_t> times_;
    std::vector<Vector> columns_;  // of all sides
};

Status PairingRun::read_sides() {
    for (const auto &select : run_.select.pairing->sides) {
        Side side;
        side.rows = std::make_unique<HeldRows>(*select, run_.budget);
        for (size_t i = 0; i < select->measurements.size(); ++i) {
            VARVE_RETURN_IF_ERROR(run_measurement(run_.over(*select, *side.rows), i));
        }
        if (!side.rows->series().empty()) side.series = &side.rows->series().front();
        sides_.push_back(std::move(side));
    }
    return {};
}

void PairingRun::clear() {
    times_.clear();
    columns_.clear();
    for (const auto &side : run_.select.pairing->sides) {
        for (const plan::Output &output : side->outputs) {
            columns_.emplace_back();
            columns_.back().reset(output.type, 0);
        }
    }
}

// Of rows of one time the first side's comes first.
Side *PairingRun::next_side() {
    Side *next = nullptr;
    for (Side &side : sides_) {
        if (side.done()) continue;
        const bool is_before =
            next == nullptr || (run_.select.ascending ? side.next_time() < next->next_time()
                                                      : side.next_time() > next->next_time());
        if (is_before) next = &side;
    }
    return next;
}

Status PairingRun::push() {
    times_.push_back(sides_.front().series->times[sides_.front().at - 1]);
    size_t column = 0;
    for (Side &side : sides_) {
        for (const Vector &values : side.series->columns) {
            columns_[column++].append_from(values, side.at - 1);
        }
        side.has_latest = false;
    }
    return times_.size() < kRowsPerPush ? Status() : flush();
}

Status PairingRun::flush() {
    if (times_.empty()) return {};
    VARVE_RETURN_IF_ERROR(run_.budget.check());
    VARVE_RETURN_IF_ERROR(projection_.push(times_, columns_));
    clear();
    return {};
}

Status PairingRun::run() {
    VARVE_RETURN_IF_ERROR(read_sides());
    clear();
    size_t waiting = 0;  // sides that have a latest row
    for (Side *side = next_side(); side != nullptr && !projection_.full(); side = next_side()) {
        ++side->at;
        if (!side->has_latest) ++waiting;
        side->has_latest = true;
        if (waiting < sides_.size()) continue;
        waiting = 0;
        VARVE_RETURN_IF_ERROR(push());
    }
    return flush();
}

}  // namespace

Status run_pairing(const Run &run, const plan::Measurement &measurement) {
    return PairingRun(run, measurement).run();
}

}  // namespace varve::query::exec
