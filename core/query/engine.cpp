#include "query/engine.hpp"

#include <memory>
#include <optional>

#include "query/encode/encoder.hpp"
#include "query/exec/no_throw.hpp"
#include "query/languages/influxql/into.hpp"
#include "query/languages/influxql/normalise.hpp"
#include "query/languages/influxql/syntax/parser.hpp"
#include "query/languages/influxql/users/privileges.hpp"
#include "query/languages/influxql08/session.hpp"
#include "query/request.hpp"

namespace varve::query {

namespace {

// Positions in error texts count from the first word.
std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white_space = " \t\n\v\f\r";
    const size_t first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) + 1 - first);
}

}  // namespace

Engine::Engine(Catalog &catalog, auth::Accounts &accounts, StorageGateway storage,
               WriteService &writes, const FunctionTable &functions, TaskRunner &tasks, Clock clock,
               Limits limits, Surroundings surroundings)
    : catalog_(catalog),
      accounts_(accounts),
      storage_(std::move(storage)),
      writes_(writes),
      functions_(functions),
      tasks_(tasks),
      clock_(std::move(clock)),
      limits_(limits),
      surroundings_(surroundings) {}

void Engine::set_limits(const Limits &limits) {
    const std::scoped_lock lock(mutex_);
    limits_ = limits;
}

Limits Engine::limits() const {
    const std::scoped_lock lock(mutex_);
    return limits_;
}

void Engine::run(const varve_query_request &request, const varve_query_sink &sink) {
    SinkWriter writer(sink);
    // What is thrown here leaves the answer broken off in the middle.
    const std::string_view language = view(request.language);
    const Status status = exec::no_throw([&] {
        if (language == influxql08::kLanguage) return run_influxql08(request, sink, writer);
        if (language == influxql08::kAdminLanguage) {
            return run_influxql08_admin(request, sink, writer);
        }
        return run_influxql(request, sink, writer);
    });
    sink.end(sink.ctx, status.ok() ? 1 : 0);
}

Status Engine::run_statement(influxql::Session &session, const influxql::Statement &statement,
                             std::string_view principal,
                             std::optional<RunningQueries::Entry> &running) {
    const std::string text = to_string(statement);
    const StatementReport report(surroundings_.observer, clock_, session.encoder, text,
                                 session.database, principal);
    running.emplace(running_, text, session.database, report.started_ns());
    const Status status =
        exec::no_throw([&] { return influxql::execute_statement(session, statement); });
    running.reset();
    report.finished(status);
    return status;
}

Status Engine::run_influxql(const varve_query_request &request, const varve_query_sink &sink,
                            SinkWriter &writer) {
    const Limits limits = this->limits();
    const encode::Format format{encode::parse_epoch(view(request.epoch)), request.pretty != 0,
                                request.chunk_size, limits.max_row_limit};
    const auto encoder = encode::Encoder::make(view(request.format), format, writer);
    const varve_str content_type = str(encoder->content_type());
    const auto refuse = [&](const std::string &text, int32_t code = VARVE_INVALID_ARGUMENT) {
        sink.begin(sink.ctx, code, content_type);
        return encoder->refuse(text);
    };
    if (const std::string_view language = view(request.language);
        !language.empty() && language != "influxql") {
        return refuse("unknown query language: " + std::string(language));
    }
    influxql::Params params;
    if (request.params.size != 0) {
        Result<influxql::Params> parsed = influxql::parse_params(view(request.params));
        if (!parsed.ok()) return refuse(parsed.status().text());
        params = std::move(*parsed);
    }
    const auto statements = influxql::parse_query(trimmed(view(request.text)), params);
    if (!statements.ok()) return refuse("error parsing query: " + statements.status().text());
    auto access = influxql::authorise(accounts_.access(view(request.principal)), *statements,
                                      view(request.database));
    if (!access.ok()) {
        return refuse("error authorizing query: " + access.status().text(),
                      VARVE_PERMISSION_DENIED);
    }

    const auto nobody_waits = [&sink] {
        return sink.is_cancelled != nullptr && sink.is_cancelled(sink.ctx) != 0;
    };
    std::optional<RunningQueries::Entry> running;
    exec::Budget budget(
        limits, clock_.monotonic_ns,
        [&] { return nobody_waits() || (running && running->is_killed()); }, surroundings_.memory);
    influxql::Session session{catalog_,
                              accounts_,
                              *access,
                              storage_,
                              writes_,
                              functions_,
                              tasks_,
                              budget,
                              *encoder,
                              {running_, clock_.monotonic_ns},
                              {surroundings_.statistics, surroundings_.diagnostics},
                              std::string(view(request.database)),
                              std::string(view(request.retention_policy)),
                              clock_.now_ns(),
                              request.read_only != 0};
    writer.stop_when([&budget] { return budget.check(); });
    const RequestReport report(surroundings_.observer, clock_);
    sink.begin(sink.ctx, VARVE_OK, content_type);
    for (uint32_t i = 0; i < statements->size(); ++i) {
        const influxql::Statement &statement = (*statements)[i];
        VARVE_RETURN_IF_ERROR(encoder->begin_statement(i));
        const Status status = run_statement(session, statement, view(request.principal), running);
        // Nobody is there to read the rest.
        if (nobody_waits()) return status;
        VARVE_RETURN_IF_ERROR(encoder->end_statement(status));
        // A failed statement is the last one that runs; its result says why.
        if (!status.ok() || encoder->is_full()) break;
    }
    return encoder->end();
}

Result<uint64_t> Engine::write_select(const influxql::SelectStatement &select,
                                      const std::string &database,
                                      const std::function<bool()> &is_cancelled) {
    const RunningQueries::Entry running(running_, to_string(select), database,
                                        clock_.monotonic_ns());
    exec::Budget budget(
        limits(), clock_.monotonic_ns, [&] { return is_cancelled() || running.is_killed(); },
        surroundings_.memory);
    NoBytes nobody;
    const auto encoder = encode::Encoder::make("json", {}, nobody);
    influxql::Session session{catalog_,
                              accounts_,
                              auth::Access::open(),
                              storage_,
                              writes_,
                              functions_,
                              tasks_,
                              budget,
                              *encoder,
                              {running_, clock_.monotonic_ns},
                              {surroundings_.statistics, surroundings_.diagnostics},
                              database,
                              {},
                              clock_.now_ns(),
                              false};
    uint64_t written = 0;
    VARVE_RETURN_IF_ERROR(exec::no_throw([&]() -> Status {
        const auto normalised = influxql::normalise(session, select);
        if (!normalised.ok()) return normalised.status();
        const Result<uint64_t> points = influxql::write_into(session, *normalised);
        if (points.ok()) written = *points;
        return points.status();
    }));
    return written;
}

}  // namespace varve::query
