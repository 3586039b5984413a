// A rollup of one measurement's sources: partitions of one source, or shares of many, are read in
// parallel into states, states are merged, and rows come out bucket by bucket.
#include <algorithm>
#include <atomic>

#include "query/exec/no_throw.hpp"
#include "query/exec/projection.hpp"
#include "query/exec/rollup/rollup_rows.hpp"

namespace varve::query::exec {

namespace {

class RollupRun {
  public:
    RollupRun(const Run &run, const plan::Measurement &measurement)
        : run_(run), measurement_(measurement), bound_(run.select) {}

    Status run();

  private:
    using Job = std::function<Status(RollupGroups &)>;

    Status read_one(const plan::ScanSource &source);
    Status read_many();
    Status run_all(const std::vector<Job> &jobs);
    MeasurementScan::Options options(uint32_t partitions) const {
        const plan::TimeRange &range = run_.select.range;
        return {range.min_ns, range.max_ns + 1, 0, partitions, Trace::Kind::aggregate_scan};
    }

    const Run &run_;
    const plan::Measurement &measurement_;
    const BoundAggregates bound_;
    std::vector<std::unique_ptr<RollupGroups>> parts_;
};

Status RollupRun::run_all(const std::vector<Job> &jobs) {
    std::vector<std::function<void()>> tasks;
    std::vector<Status> statuses(jobs.size());
    for (size_t i = 0; i < jobs.size(); ++i) {
        parts_.push_back(std::make_unique<RollupGroups>(run_, bound_));
        RollupGroups &part = *parts_.back();
        tasks.push_back([&, i] { statuses[i] = no_throw([&] { return jobs[i](part); }); });
    }
    run_.tasks.run_all(tasks);
    for (const Status &status : statuses) VARVE_RETURN_IF_ERROR(status);
    return {};
}

Status RollupRun::read_one(const plan::ScanSource &source) {
    Result<std::unique_ptr<MeasurementScan>> opened =
        MeasurementScan::open(run_, source, options(run_.tasks.parallelism()));
    if (!opened.ok()) return opened.status();
    MeasurementScan &scan = **opened;
    std::vector<Job> jobs;
    for (size_t i = 0; i < scan.scan().partition_count(); ++i) {
        jobs.push_back([&scan, i](RollupGroups &part) { return part.read(scan, i); });
    }
    return run_all(jobs);
}

// Each job takes the next source that nobody has taken. Only tables of storage come in numbers.
Status RollupRun::read_many() {
    std::atomic<size_t> next{0};
    const Job job = [&](RollupGroups &part) -> Status {
        for (size_t at = next++; at < measurement_.sources.size(); at = next++) {
            Result<std::unique_ptr<MeasurementScan>> opened =
                MeasurementScan::open(run_, measurement_.sources[at], options(1));
            if (!opened.ok()) return opened.status();
            MeasurementScan &scan = **opened;
            for (size_t i = 0; i < scan.scan().partition_count(); ++i) {
                VARVE_RETURN_IF_ERROR(part.read(scan, i));
            }
        }
        return {};
    };
    return run_all(std::vector<Job>(run_.tasks.parallelism(), job));
}

Status RollupRun::run() {
    VARVE_RETURN_IF_ERROR(measurement_.sources.size() == 1 ? read_one(measurement_.sources.front())
                                                           : read_many());
    if (parts_.empty()) parts_.push_back(std::make_unique<RollupGroups>(run_, bound_));
    for (size_t i = 1; i < parts_.size(); ++i) {
        VARVE_RETURN_IF_ERROR(parts_[0]->merge(*parts_[i]));
    }
    Projection projection(run_.select, run_.sink);
    projection.begin(measurement_.name, {});
    return RollupRows(run_, bound_, *parts_[0], projection).emit();
}

}  // namespace

Status run_rollup(const Run &run, const plan::Measurement &measurement) {
    return RollupRun(run, measurement).run();
}

}  // namespace varve::query::exec
