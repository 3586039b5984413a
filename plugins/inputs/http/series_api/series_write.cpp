#include "inputs/http/series_api/series_write.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/series_json/series_json.hpp"
#include "common/series_key.hpp"
#include "inputs/http/responder.hpp"

namespace varve {
namespace {

// How often points that found their place taken are written with another number.
constexpr int kRounds = 16;

// A write on its way: of all points, then again of those whose place another point had.
struct PendingPoints {
    Host host;
    const HttpFigures &figures;
    series_json::PointNumbers &numbers;
    varve_http_response *response;
    std::string database;
    std::string principal;
    series_json::Options options{};
    std::string_view body{};  // the request's, which lives until it is answered
    std::string error{};      // of rows that were rejected, the first
    uint64_t connection_id = 0;
    uint64_t points = 0;
    uint64_t accepted = 0;
    int round = 0;
    bool may_go_on = false;  // a number was made here, so another one may do
    std::vector<uint32_t> again{};
};

void answer(void *ctx, const varve_write_outcome *outcome);

// Reads what is to be written in this round and submits it. An error is the reader's.
Status submit_round(std::unique_ptr<PendingPoints> &pending) {
    pending->options.again = pending->round == 0 ? nullptr : &pending->again;
    Result<series_json::Parsed> parsed =
        series_json::parse(pending->body, pending->options, pending->numbers);
    if (!parsed.ok()) return parsed.status();
    if (pending->round == 0) pending->points = parsed->batch.row_count();
    pending->may_go_on = parsed->numbered != 0 && pending->round + 1 < kRounds;
    varve_write_request write{};
    write.struct_size = sizeof write;
    write.rules = VARVE_WRITE_RULES_08;
    write.returns_clashes = pending->may_go_on ? 1 : 0;
    const Host host = pending->host;
    varve_batch *batch = parsed->batch.finish(pending->options.hash_seed, pending->connection_id);
    // Its texts must outlive the call, during which it may be answered and freed.
    const std::string database = pending->database;
    const std::string principal = pending->principal;
    write.database = str(database);
    write.principal = str(principal);
    host.writer()->submit(host.raw(), batch, &write, answer, pending.release());
    return {};
}

void finish(const PendingPoints &pending, int32_t code, const char *reason,
            std::string_view error) {
    const bool stored = code == VARVE_OK;
    pending.figures.points_stored.add(static_cast<double>(pending.accepted));
    (stored ? pending.figures.points_dropped : pending.figures.points_failed)
        .add(static_cast<double>(pending.points - pending.accepted));
    if (!stored || !error.empty()) {
        return refuse_series_api(pending.host, pending.response,
                                 series_api_status(stored ? VARVE_INVALID_ARGUMENT : code), reason,
                                 error);
    }
    pending.host.http()->set_status(pending.response, 200);
    pending.host.http()->send(pending.response, nullptr, 0);
}

void run_round(void *ctx) {
    std::unique_ptr<PendingPoints> pending(static_cast<PendingPoints *>(ctx));
    const Status status = submit_round(pending);
    if (!status.ok()) {
        finish(*pending, static_cast<int32_t>(status.code()), "write_failed", status.text());
    }
}

void answer(void *ctx, const varve_write_outcome *outcome) {
    std::unique_ptr<PendingPoints> pending(static_cast<PendingPoints *>(ctx));
    pending->accepted += outcome->accepted;
    const bool stored = outcome->code == VARVE_OK;
    if (!stored || pending->error.empty()) pending->error = view(outcome->error);
    if (!stored || outcome->clash_count == 0) {
        return finish(*pending, static_cast<int32_t>(outcome->code),
                      stored ? "partial_write" : "write_failed", pending->error);
    }
    pending->again.assign(outcome->clashes, outcome->clashes + outcome->clash_count);
    std::sort(pending->again.begin(), pending->again.end());
    ++pending->round;
    // Elsewhere: this is storage's thread.
    varve_error error = abi_error();
    const Host host = pending->host;
    const int32_t code = host.tasks()->post(host.raw(), run_round, pending.get(), &error);
    if (code != VARVE_OK) return finish(*pending, code, "write_failed", error.text);
    (void)pending.release();
}

}  // namespace

uint32_t series_api_status(int32_t code) {
    switch (code) {
        case VARVE_UNAUTHENTICATED:
            return 401;
        case VARVE_PERMISSION_DENIED:
            return 403;
        case VARVE_FAILED_PRECONDITION:
            return 406;
        case VARVE_ALREADY_EXISTS:
            return 409;
        case VARVE_TOO_LARGE:
            return 413;
        case VARVE_UNAVAILABLE:
        case VARVE_RESOURCE_EXHAUSTED:
            return 503;
        default:
            return 400;
    }
}

void refuse_series_api(const Host &host, varve_http_response *response, uint32_t status,
                       const char *reason, std::string_view text) {
    Responder::count_refusal(host, reason);
    const varve_host_http *http = host.http();
    http->set_status(response, status);
    if (status == 503) http->set_header(response, "Retry-After", str("1"));
    http->set_header(response, "Content-Type", str("text/plain"));
    http->send(response, text.data(), text.size());
}

void handle_series_write(const Host &host, const HttpFigures &figures,
                         series_json::PointNumbers &numbers, std::string_view database,
                         const varve_http_request *request, varve_http_response *response) {
    const varve_host_http *http = host.http();
    const auto refuse = [&](int32_t code, const char *reason, std::string_view text) {
        refuse_series_api(host, response, series_api_status(code), reason, text);
    };
    const std::string_view precision(view(http->request_query_param(request, "time_precision")));
    const std::optional<int64_t> unit_us = series_json::precision_us(precision);
    if (!unit_us) {
        return refuse(VARVE_INVALID_ARGUMENT, "invalid_precision",
                      "Unknown time precision " + std::string(precision));
    }
    const std::string principal(view(http->request_principal(request)));
    varve_write_request write{};
    write.struct_size = sizeof write;
    write.database = str(database);
    write.principal = str(principal);
    write.rules = VARVE_WRITE_RULES_08;
    varve_error error = abi_error();
    if (const int32_t code = host.writer()->check(host.raw(), &write, &error); code != VARVE_OK) {
        return refuse(code, code == VARVE_NOT_FOUND ? "database_not_found" : "permission_denied",
                      error.text);
    }
    const std::string_view body(static_cast<const char *>(request->body.data), request->body.size);
    figures.write_bytes.add(static_cast<double>(body.size()));
    auto pending = std::make_unique<PendingPoints>(
        PendingPoints{host, figures, numbers, response, std::string(database), principal});
    pending->options.now_ns = host.now_ns();
    pending->options.unit_us = *unit_us;
    pending->options.hash_seed = host.writer()->hash_seed(host.raw());
    pending->options.database_hash = series_key::hash(database, pending->options.hash_seed);
    pending->body = body;
    pending->connection_id = request->connection_id;
    const Status status = submit_round(pending);
    if (!status.ok()) refuse(static_cast<int32_t>(status.code()), "invalid_body", status.text());
}

}  // namespace varve
