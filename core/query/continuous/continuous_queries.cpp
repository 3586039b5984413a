#include "query/continuous/continuous_queries.hpp"

#include <algorithm>

#include "query/languages/influxql/select/fold.hpp"
#include "query/languages/influxql/syntax/parser.hpp"

namespace varve::query {

namespace {

influxql::ExprPtr compare_time(influxql::Token op, int64_t time_ns) {
    return influxql::make_binary(op, influxql::make_reference("time"),
                                 influxql::make_integer(time_ns));
}

bool has_call(const influxql::SelectStatement &select) {
    return std::any_of(
        select.fields.begin(), select.fields.end(),
        [](const influxql::Field &field) { return influxql::has_call(*field.expr); });
}

}  // namespace

Result<influxql::SelectStatement> select_between(const influxql::SelectStatement &select,
                                                 int64_t from_ns, int64_t to_ns) {
    const auto split = influxql::split_condition(select.condition, {from_ns, select.zone});
    if (!split.ok()) return split.status();
    influxql::SelectStatement out = select;
    out.condition =
        influxql::make_binary(influxql::Token::and_op, compare_time(influxql::Token::gte, from_ns),
                              compare_time(influxql::Token::lt, to_ns));
    if (split->rest != nullptr) {
        influxql::Expr paren;
        paren.kind = influxql::ExprKind::paren;
        paren.args = {split->rest};
        out.condition = influxql::make_binary(
            influxql::Token::and_op, std::make_shared<const influxql::Expr>(std::move(paren)),
            out.condition);
    }
    return out;
}

ContinuousQueries::ContinuousQueries(Catalog &catalog, const Ownership &ownership, Run run,
                                     Env &env, Log &log, SelfMetrics &metrics, bool log_runs)
    : catalog_(catalog),
      ownership_(ownership),
      run_(std::move(run)),
      env_(env),
      log_(log),
      recorder_(log, metrics, log_runs) {}

ContinuousQueries::Known &ContinuousQueries::known(const ContinuousQuery &query) {
    Known &known = known_[query.id];
    if (known.text == query.text) return known;
    known = Known();
    known.text = query.text;
    known.report.database = query.database;
    known.report.name = query.name;
    known.report.text = query.text;
    auto parsed = influxql::parse_query(query.text, {});
    if (!parsed.ok() || parsed->size() != 1 ||
        parsed->front().kind != influxql::StatementKind::create_continuous_query) {
        known.report.error = parsed.ok() ? "no continuous query" : parsed.status().text();
        return known;
    }
    known.statement = std::move(parsed->front());
    known.schedule = Schedule::of(known.statement);
    return known;
}

void ContinuousQueries::run_due() {
    const auto queries = catalog_.continuous_queries();
    if (!queries.ok())
        return log_.error("continuous queries", {{"error", queries.status().text()}});
    std::map<uint64_t, int64_t> marks;
    for (const ContinuousQuery &query : *queries) {
        if (stopping_) break;
        if (!ownership_.is_mine(
                ("continuous_query/" + query.database + "/" + query.name).c_str())) {
            continue;
        }
        std::optional<DueRun> due;
        {
            const std::scoped_lock lock(mutex_);
            Known &known = this->known(query);
            if (known.schedule.interval_ns == 0) continue;
            due = due_run(known.schedule, query.last_run_ns, env_.now_ns());
            const int64_t last_run_ns = due ? due->mark_ns : query.last_run_ns;
            known.report.next_run_ns = known.schedule.next_run_ns(last_run_ns);
        }
        if (!due) continue;
        if (!due->empty() && !run_one(query, *due)) break;
        marks[query.id] = due->mark_ns;
    }
    if (!marks.empty()) {
        if (const Status status = catalog_.set_last_runs(marks); !status.ok()) {
            log_.error("the last runs of continuous queries", {{"error", status.text()}});
        }
    }
    const std::scoped_lock lock(mutex_);
    std::erase_if(known_, [&](const auto &entry) {
        return std::none_of(queries->begin(), queries->end(),
                            [&](const ContinuousQuery &query) { return query.id == entry.first; });
    });
}

bool ContinuousQueries::run_one(const ContinuousQuery &query, const DueRun &due) {
    influxql::Statement statement;
    Schedule schedule;
    {
        const std::scoped_lock lock(mutex_);
        const Known &known = this->known(query);
        statement = known.statement;
        schedule = known.schedule;
    }
    ContinuousQueryReport run;
    run.last_run_ns = env_.now_ns();
    const int64_t started_ns = env_.monotonic_ns();
    if (!has_call(*statement.select)) run.error = "continuous queries must be aggregate queries";
    const __int128 step_ns = static_cast<__int128>(schedule.interval_ns) * kWindowsAtATime;
    for (__int128 from = due.from_ns; from < due.to_ns && run.error.empty(); from += step_ns) {
        const auto to = static_cast<int64_t>(std::min<__int128>(from + step_ns, due.to_ns));
        const auto select = select_between(*statement.select, static_cast<int64_t>(from), to);
        const Result<uint64_t> written =
            select.ok() ? run_(*select, query.database, [this] { return stopping_.load(); })
                        : select.status();
        if (stopping_) return false;
        if (written.ok()) run.written += *written;
        if (!written.ok()) run.error = written.status().text();
    }
    run.duration_ns = env_.monotonic_ns() - started_ns;
    run.from_ns = due.from_ns;
    run.to_ns = due.to_ns;
    const std::scoped_lock lock(mutex_);
    recorder_.add(run, known(query).report);
    return true;
}

std::vector<ContinuousQueryReport> ContinuousQueries::reports() const {
    std::vector<ContinuousQueryReport> out;
    const auto queries = catalog_.continuous_queries();
    if (!queries.ok()) return out;
    const std::scoped_lock lock(mutex_);
    for (const ContinuousQuery &query : *queries) {
        const auto found = known_.find(query.id);
        if (found != known_.end()) {
            out.push_back(found->second.report);
            continue;
        }
        out.emplace_back();
        out.back().database = query.database;
        out.back().name = query.name;
        out.back().text = query.text;
    }
    return out;
}

}  // namespace varve::query
