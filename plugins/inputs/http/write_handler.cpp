// The order of checks is InfluxDB's: database given → database exists → parse → consistency →
// store.
#include "inputs/http/write_handler.hpp"

#include <memory>

#include "common/line_protocol/line_protocol.hpp"
#include "inputs/http/responder.hpp"

namespace varve {
namespace {

// What is said when the rows are stored, or not.
struct PendingWrite {
    Responder responder;
    const HttpFigures &figures;
    uint64_t points = 0;
    std::string bad_lines;  // the joined texts; empty if every line was good
};

uint32_t http_status(uint32_t code) {
    switch (code) {
        case VARVE_INVALID_ARGUMENT:
            return 400;
        case VARVE_NOT_FOUND:
            return 404;
        case VARVE_UNAUTHENTICATED:
            return 401;
        case VARVE_PERMISSION_DENIED:
            return 403;
        case VARVE_TOO_LARGE:
            return 413;
        case VARVE_RESOURCE_EXHAUSTED:
        case VARVE_UNAVAILABLE:
            return 503;
        default:
            return 500;
    }
}

void answer(void *ctx, const varve_write_outcome *outcome) {
    const std::unique_ptr<PendingWrite> pending(static_cast<PendingWrite *>(ctx));
    const bool stored = outcome->code == VARVE_OK;
    pending->figures.points_stored.add(static_cast<double>(outcome->accepted));
    (stored ? pending->figures.points_dropped : pending->figures.points_failed)
        .add(static_cast<double>(pending->points - outcome->accepted));
    if (!stored) {
        pending->responder.refuse(http_status(outcome->code), "write_failed", view(outcome->error));
    } else if (outcome->error.size != 0) {  // rows rejected by storage: told before bad lines
        pending->responder.send_error(400, view(outcome->error));
    } else if (pending->bad_lines.empty()) {
        pending->responder.send(204);
    } else if (pending->points != 0) {
        pending->responder.send_error(400, "partial write: " + pending->bad_lines + " dropped=0");
    } else {
        pending->responder.send_error(400, pending->bad_lines);
    }
}

// "db/rp" → both; an error text if it is neither that nor "db".
std::string split_bucket(std::string_view bucket, std::string &database, std::string &policy) {
    const std::string form = " in \"database/retention-policy\" format";
    if (bucket.empty()) {
        return "bucket name \"\" is missing a slash; not" + form;
    }
    const size_t slash = bucket.find('/');
    database = bucket.substr(0, slash);
    if (slash != std::string_view::npos) policy = bucket.substr(slash + 1);
    if (database.empty()) {
        return "bucket name \"" + std::string(bucket) +
               "\" is in db/rp form but has an empty database";
    }
    return {};
}

struct Parameters {
    std::string database;
    std::string policy;
    int64_t precision_ns = 1;
    uint32_t status = 0;  // not 0: the request is refused with this
    const char *reason = nullptr;
    std::string error;

    void refuse(uint32_t code, const char *why, std::string text) {
        status = code;
        reason = why;
        error = std::move(text);
    }
};

Parameters read_v1(const Responder &responder, const varve_http_request *request) {
    Parameters made;
    made.database = responder.query_param(request, "db");
    made.policy = responder.query_param(request, "rp");
    const std::string_view precision = responder.query_param(request, "precision");
    made.precision_ns = line_protocol::precision_ns(precision);
    if (made.precision_ns == 0) {
        made.refuse(
            400, "invalid_precision",
            "invalid precision \"" + std::string(precision) + "\" (use n, u, ms, s, m or h)");
    }
    return made;
}

Parameters read_v2(const Responder &responder, const varve_http_request *request) {
    Parameters made;
    const std::string error =
        split_bucket(responder.query_param(request, "bucket"), made.database, made.policy);
    if (!error.empty()) {
        made.refuse(404, "invalid_bucket", error);
        return made;
    }
    const std::string_view precision = responder.query_param(request, "precision");
    const bool known = precision.empty() || precision == "ns" || precision == "us" ||
                       precision == "ms" || precision == "s";
    made.precision_ns = line_protocol::precision_ns(precision == "us" ? "u" : precision);
    if (!known) {
        made.refuse(400, "invalid_precision",
                    "invalid precision \"" + std::string(precision) + "\" (use ns, us, ms or s)");
    }
    return made;
}

bool is_consistency(std::string_view level) {
    return level.empty() || level == "any" || level == "one" || level == "quorum" || level == "all";
}

}  // namespace

void handle_write(const WriteParts &parts, const varve_http_request *request,
                  varve_http_response *response, WriteFace face) {
    const Host &host = parts.host;
    const Responder responder(host, response);
    const Parameters parameters =
        face == WriteFace::v1 ? read_v1(responder, request) : read_v2(responder, request);
    if (parameters.database.empty() && parameters.status != 404) {
        return responder.refuse(400, "database_required", "database is required");
    }
    if (parameters.status != 0) {
        return responder.refuse(parameters.status, parameters.reason, parameters.error);
    }

    varve_write_request write{};
    write.struct_size = sizeof write;
    write.database = str(parameters.database);
    write.retention_policy = str(parameters.policy);
    const std::string principal(view(host.http()->request_principal(request)));
    write.principal = str(principal);
    varve_error error = abi_error();
    if (const int32_t code = host.writer()->check(host.raw(), &write, &error); code != VARVE_OK) {
        const char *reason = code == VARVE_NOT_FOUND           ? "database_not_found"
                             : code == VARVE_PERMISSION_DENIED ? "permission_denied"
                                                               : "retention_policy_not_found";
        return responder.refuse(http_status(static_cast<uint32_t>(code)), reason, error.text);
    }

    line_protocol::Options options;
    options.now_ns = host.now_ns();
    options.precision_ns = parameters.precision_ns;
    options.hash_seed = host.writer()->hash_seed(host.raw());
    options.unsigned_enabled = host.writer()->unsigned_enabled(host.raw()) != 0;
    const std::string_view body(static_cast<const char *>(request->body.data), request->body.size);
    parts.figures.write_bytes.add(static_cast<double>(body.size()));
    line_protocol::Parsed parsed = [&] {
        line_protocol::SenderMemories::Loan loan(parts.senders, request->connection_id);
        return line_protocol::parse(body, options, loan.memory());
    }();
    if (!is_consistency(responder.query_param(request, "consistency"))) {
        return responder.refuse(400, "invalid_consistency", "invalid consistency level");
    }

    auto pending = std::make_unique<PendingWrite>(PendingWrite{responder, parts.figures, 0, {}});
    pending->bad_lines = parsed.error_text();
    std::vector<varve_bad_row> bad_rows;
    bad_rows.reserve(parsed.bad_lines.size());
    for (const line_protocol::BadLine &bad : parsed.bad_lines) {
        bad_rows.push_back({str(bad.line), str(bad.reason)});
    }
    write.bad_row_count = static_cast<uint32_t>(bad_rows.size());
    write.bad_rows = bad_rows.data();
    write.bad_rows_unlisted = parsed.bad_line_count - bad_rows.size();

    // The batch holds the body, and so does this function: bad lines point into it as well.
    const std::shared_ptr<void> owned_body(host.http()->take_body(request),
                                           host.http()->release_body);
    parsed.batch.on_release([owned_body] {});
    varve_batch *batch = parsed.batch.finish(options.hash_seed, request->connection_id);
    pending->points = batch != nullptr ? batch->row_count : 0;
    host.writer()->submit(host.raw(), batch, &write, answer, pending.release());
}

}  // namespace varve
