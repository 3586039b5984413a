#include "query/continuous/rollups_08.hpp"

#include <algorithm>

namespace varve::query {

namespace {

ContinuousQueryReport empty_report(const ContinuousQuery08 &query) {
    ContinuousQueryReport out;
    out.language = influxql08::kLanguage;
    out.database = query.database;
    out.name = std::to_string(query.number);
    out.text = query.text;
    return out;
}

}  // namespace

Rollups08::Rollups08(Catalog &catalog, const Ownership &ownership, Run run, Env &env, Log &log,
                     SelfMetrics &metrics, bool log_runs)
    : catalog_(catalog),
      ownership_(ownership),
      run_(std::move(run)),
      env_(env),
      log_(log),
      recorder_(log, metrics, log_runs) {}

Rollups08::Known &Rollups08::known(const ContinuousQuery08 &query) {
    const std::scoped_lock lock(mutex_);
    Known &known = known_[query.id];
    if (known.text != query.text) {
        known = Known();
        known.text = query.text;
        known.rollup = influxql08::read_rollup(query.text);
        known.report = empty_report(query);
    }
    known.report.database = query.database;  // it may have another name
    return known;
}

void Rollups08::run_due() {
    for (bool has_more = true; has_more && !stopping_;) {
        has_more = false;
        const auto queries = catalog_.continuous_queries_08();
        if (!queries.ok()) {
            return log_.error("continuous queries", {{"error", queries.status().text()}});
        }
        for (const ContinuousQuery08 &query : *queries) {
            const std::string job =
                "continuous_query_08/" + query.database + "/" + std::to_string(query.number);
            if (stopping_) return;
            if (ownership_.is_mine(job.c_str())) has_more |= run_turn(query);
        }
        const std::scoped_lock lock(mutex_);
        std::erase_if(known_, [&](const auto &entry) {
            return std::none_of(
                queries->begin(), queries->end(),
                [&](const ContinuousQuery08 &query) { return query.id == entry.first; });
        });
    }
}

// Of all policies, because any may hold a series that is read; ascending.
Result<std::vector<ShardGroup>> Rollups08::shards_of(const ContinuousQuery08 &query) const {
    const Result<Database> database = catalog_.database(query.database);
    if (!database.ok()) return database.status();
    std::vector<ShardGroup> out;
    for (const RetentionPolicy &policy : database->policies) {
        const auto shards = catalog_.shard_groups(database->id, policy.id);
        if (!shards.ok()) return shards.status();
        out.insert(out.end(), shards->begin(), shards->end());
    }
    std::sort(out.begin(), out.end(),
              [](const ShardGroup &x, const ShardGroup &y) { return x.from_ns < y.from_ns; });
    return out;
}

// The windows that may have rows: whole ones, as many as are computed at a time, of one shard.
Rollups08::Piece Rollups08::next_piece(const exec::Windows &windows,
                                       const std::vector<ShardGroup> &shards, int64_t from_ns,
                                       int64_t to_ns, int64_t windows_at_a_time) {
    const auto shard = std::find_if(shards.begin(), shards.end(),
                                    [&](const ShardGroup &group) { return group.to_ns > from_ns; });
    if (shard == shards.end() || shard->from_ns >= to_ns) return {to_ns, to_ns, true};
    const int64_t from = std::max(from_ns, windows.bucket_of(shard->from_ns).start_ns);
    const int64_t shard_end = std::min(to_ns, windows.bucket_of(shard->to_ns - 1).end_ns);
    int64_t to = from;
    for (int64_t i = 0; i < windows_at_a_time && to < shard_end; ++i) to = windows.next_start(to);
    return {from, std::min(to, to_ns), false};
}

bool Rollups08::run_turn(const ContinuousQuery08 &query) {
    Known &known = this->known(query);
    if (!known.rollup) return false;
    const int64_t started_ns = env_.monotonic_ns();
    if (started_ns < known.not_before_ns) return false;
    const plan::TimeRange all;
    const exec::Windows windows(known.rollup->window, all);
    const int64_t end = windows.bucket_of(env_.now_ns()).start_ns;
    int64_t at =
        query.last_run_ns == kTimeMin ? kTimeMin : windows.bucket_of(query.last_run_ns).start_ns;
    {
        const std::scoped_lock lock(mutex_);
        known.report.next_run_ns = windows.next_start(end);
    }
    if (at >= end) return false;
    const auto shards = shards_of(query);
    if (!shards.ok()) known.not_before_ns = started_ns + kRollupRetryNs;
    ContinuousQueryReport turn;
    turn.last_run_ns = env_.now_ns();
    turn.from_ns = at;
    Status status = shards.status();
    while (status.ok() && at < end && env_.monotonic_ns() - started_ns < kRollupTurnNs) {
        const Piece piece = next_piece(windows, *shards, at, end, known.windows_at_a_time);
        if (turn.from_ns == kTimeMin) turn.from_ns = piece.from_ns;
        if (!piece.is_empty) {
            const Result<uint64_t> written =
                run_(*known.rollup, query.database, {piece.from_ns, piece.to_ns - 1},
                     [this] { return stopping_.load(); });
            if (stopping_) break;
            if (written.ok()) turn.written += *written;
            status = written.status();
        }
        if (status.ok() || passes_over(known, status)) at = piece.to_ns;
    }
    turn.to_ns = at;
    turn.error = status.text();
    turn.duration_ns = env_.monotonic_ns() - started_ns;
    if (at > query.last_run_ns) {
        const Status kept = catalog_.set_last_runs_08({{query.id, at}});
        if (!kept.ok()) log_.error("the last run of a query", {{"error", kept.text()}});
        if (!kept.ok()) known.not_before_ns = env_.monotonic_ns() + kRollupRetryNs;
    }
    if (stopping_) return false;
    {
        const std::scoped_lock lock(mutex_);
        recorder_.add(turn, known.report);
    }
    return at < end && env_.monotonic_ns() >= known.not_before_ns;
}

// What asks for too much is tried with fewer windows. What may pass is waited for. Anything else
// would fail again.
bool Rollups08::passes_over(Known &known, const Status &status) const {
    constexpr int64_t kFewer = 10;
    switch (status.code()) {
        case Code::resource_exhausted:
        case Code::timeout:
            if (known.windows_at_a_time == 1) return true;
            known.windows_at_a_time = std::max<int64_t>(1, known.windows_at_a_time / kFewer);
            return false;
        case Code::unavailable:
        case Code::io_error:
        case Code::cancelled:
            known.not_before_ns = env_.monotonic_ns() + kRollupRetryNs;
            return false;
        default:
            return true;
    }
}

std::vector<ContinuousQueryReport> Rollups08::reports() const {
    std::vector<ContinuousQueryReport> out;
    const auto queries = catalog_.continuous_queries_08();
    if (!queries.ok()) return out;
    const std::scoped_lock lock(mutex_);
    for (const ContinuousQuery08 &query : *queries) {
        const auto found = known_.find(query.id);
        out.push_back(found != known_.end() ? found->second.report : empty_report(query));
    }
    return out;
}

}  // namespace varve::query
