// Requests in InfluxDB 0.8's language: one document for all statements, and an error of any of them
// is the answer, as long as nothing was written yet.
#include "query/encode/encoder.hpp"
#include "query/exec/no_throw.hpp"
#include "query/languages/influxql08/admin/admin.hpp"
#include "query/languages/influxql08/continuous/point_sink.hpp"
#include "query/languages/influxql08/continuous/queries.hpp"
#include "query/languages/influxql08/statements.hpp"
#include "query/languages/influxql08/syntax/parser.hpp"
#include "query/request.hpp"

namespace varve::query {

namespace {

// Begins the answer with its first bytes.
class LateSink final : public encode::ByteSink {
  public:
    LateSink(const varve_query_sink &sink, SinkWriter &writer) : sink_(sink), writer_(writer) {}

    bool has_begun() const { return has_begun_; }
    void begin(int32_t code, std::string_view content_type) {
        sink_.begin(sink_.ctx, code, str(content_type));
        has_begun_ = true;
    }
    Status write(std::string_view bytes) override {
        if (!has_begun_) begin(VARVE_OK, "application/json");
        return writer_.write(bytes);
    }

  private:
    const varve_query_sink &sink_;
    SinkWriter &writer_;
    bool has_begun_ = false;
};

// What is nobody's right is told apart; all else is a bad request.
int32_t code_of(const Status &status) {
    const bool is_own = status.code() == Code::permission_denied ||
                        status.code() == Code::unauthenticated ||
                        status.code() == Code::unavailable;
    return is_own ? static_cast<int32_t>(status.code()) : VARVE_INVALID_ARGUMENT;
}

Status refuse(LateSink &bytes, const Status &status) {
    if (bytes.has_begun()) return status;
    bytes.begin(code_of(status), "text/plain");
    return bytes.write(status.text());
}

Result<encode::Epoch> parse_precision(std::string_view text) {
    if (text.empty() || text == "m") return encode::Epoch::millisecond;
    if (text == "u" || text == "ms" || text == "s") return encode::parse_epoch(text);
    return Status(Code::invalid_argument, "Unknown time precision " + std::string(text));
}

}  // namespace

Status Engine::run_influxql08(const varve_query_request &request, const varve_query_sink &sink,
                              SinkWriter &writer) {
    LateSink bytes(sink, writer);
    const Result<encode::Epoch> precision = parse_precision(view(request.epoch));
    if (!precision.ok()) return refuse(bytes, precision.status());
    const auto statements = influxql08::parse_query(view(request.text));
    if (!statements.ok()) return refuse(bytes, statements.status());

    const auto nobody_waits = [&sink] {
        return sink.is_cancelled != nullptr && sink.is_cancelled(sink.ctx) != 0;
    };
    std::optional<RunningQueries::Entry> running;
    exec::Budget budget(
        limits(), clock_.monotonic_ns,
        [&] { return nobody_waits() || (running && running->is_killed()); }, surroundings_.memory);
    const auto encoder = encode::Encoder::make(
        "series_array", {*precision, request.pretty != 0, request.chunk_size, 0}, bytes);
    const influxql08::Session session{catalog_,
                                      accounts_.access(view(request.principal)),
                                      storage_,
                                      functions_,
                                      tasks_,
                                      budget,
                                      *encoder,
                                      std::string(view(request.principal)),
                                      std::string(view(request.database)),
                                      std::string(view(request.retention_policy)),
                                      clock_.now_ns()};
    writer.stop_when([&budget] { return budget.check(); });
    const RequestReport report(surroundings_.observer, clock_);
    for (const influxql08::Statement &statement : *statements) {
        const StatementReport told(surroundings_.observer, clock_, *encoder, statement.text,
                                   session.database, session.principal);
        running.emplace(running_, statement.text, session.database, told.started_ns());
        Status status =
            exec::no_throw([&] { return influxql08::execute_statement(session, statement); });
        running.reset();
        told.finished(status);
        if (status.ok()) status = encoder->end_statement(status);
        if (!status.ok()) return refuse(bytes, status);
    }
    VARVE_RETURN_IF_ERROR(encoder->end());
    // In chunks there may be nothing at all to write.
    if (!bytes.has_begun()) bytes.begin(VARVE_OK, encoder->content_type());
    return {};
}

Result<uint64_t> Engine::write_rollup_08(const influxql08::Rollup &rollup,
                                         const std::string &database, const plan::TimeRange &range,
                                         const std::function<bool()> &is_cancelled) {
    const RunningQueries::Entry running(running_, rollup.text, database, clock_.monotonic_ns());
    exec::Budget budget(
        limits(), clock_.monotonic_ns, [&] { return is_cancelled() || running.is_killed(); },
        surroundings_.memory);
    NoBytes nobody;
    const auto encoder = encode::Encoder::make("series_array", {}, nobody);
    const influxql08::Session session{catalog_,       auth::Access::open(),
                                      storage_,       functions_,
                                      tasks_,         budget,
                                      *encoder,       {},
                                      database,       {},
                                      clock_.now_ns()};
    influxql08::PointSink points(session, writes_, rollup.select.into->target);
    VARVE_RETURN_IF_ERROR(exec::no_throw([&]() -> Status {
        VARVE_RETURN_IF_ERROR(influxql08::select_rows(session, rollup.select, range, points));
        return points.flush();
    }));
    return points.written();
}

Status Engine::run_influxql08_admin(const varve_query_request &request,
                                    const varve_query_sink &sink, SinkWriter &writer) {
    LateSink bytes(sink, writer);
    const std::string text(view(request.text));
    const std::string database(view(request.database));
    const std::string principal(view(request.principal));
    const RunningQueries::Entry running(running_, text, database, clock_.monotonic_ns());
    exec::Budget budget(
        limits(), clock_.monotonic_ns, [&] { return running.is_killed(); }, surroundings_.memory);
    encode::JsonWriter document(request.pretty != 0);
    NoBytes nobody;
    const auto encoder = encode::Encoder::make("series_array", {}, nobody);
    const auth::Access access = accounts_.access(principal);
    influxql::Session server{
        catalog_,   accounts_, access, storage_,        writes_,
        functions_, tasks_,    budget, *encoder,        {running_, clock_.monotonic_ns},
        {},         database,  {},     clock_.now_ns(), false};
    const influxql08::Session session{catalog_, access, storage_,     functions_,
                                      tasks_,   budget, *encoder,     principal,
                                      database, {},     server.now_ns};
    influxql08::AdminCall call{server, session, {}, {}, document};
    const StatementReport told(surroundings_.observer, clock_, *encoder, text, database, principal);
    Status status = influxql08::read_parameters(view(request.params), call);
    if (status.ok()) {
        status = exec::no_throw([&] { return influxql08::execute_admin(call, text); });
    }
    told.finished(status);
    if (!status.ok()) {
        bytes.begin(static_cast<int32_t>(status.code()), "text/plain");
        return bytes.write(status.text());
    }
    bytes.begin(VARVE_OK, "application/json");
    return document.bytes().empty() ? Status() : bytes.write(document.bytes());
}

}  // namespace varve::query
