#include "write/write_path.hpp"

#include <algorithm>

#include <varve/cpp/bytes.hpp>

#include "model/duration.hpp"
#include "write/copies/copied_rows.hpp"
#include "write/rejection_text.hpp"
#include "write/router.hpp"
#include "write/spaces/spaces.hpp"
#include "write/validator.hpp"

namespace varve {

// What storage hands back with `done`.
struct WritePath::InFlight {
    WritePath *path;
    std::shared_ptr<Submission> submission;
};

namespace {

// The integer field of InfluxDB 0.8's points that is part of their identity.
constexpr std::string_view kNumberColumn = "sequence_number";

Status no_database(const varve_write_request &request) {
    const std::string name(view(request.database));
    if (request.rules == VARVE_WRITE_RULES_08) {
        return {Code::not_found, "Database " + name + " doesn't exist"};
    }
    return {Code::not_found, "database not found: \"" + name + '"'};
}

}  // namespace

Result<Durability> Durability::parse(std::string_view text) {
    if (text == "always") return Durability{VARVE_DURABILITY_ALWAYS, 0};
    if (text == "os") return Durability{VARVE_DURABILITY_OS, 0};
    constexpr std::string_view kInterval = "interval=";
    if (text.starts_with(kInterval)) {
        auto interval = parse_influx_duration(text.substr(kInterval.size()));
        if (interval.ok() && *interval > 0) {
            return Durability{VARVE_DURABILITY_INTERVAL, *interval};
        }
    }
    return Status(Code::invalid_argument, "durability \"" + std::string(text) +
                                              "\" is none of always, interval=<duration>, os");
}

WritePath::WritePath(Options options, Catalog &catalog, StorageHandle storage, Env &env,
                     Rejects &rejects, Publisher &publisher, SelfMetrics &metrics)
    : options_(options),
      catalog_(catalog),
      storage_(storage),
      env_(env),
      rejects_(rejects),
      publisher_(publisher),
      rows_asked_(metrics.counter("varve_write_rows_asked_total", "Rows that were to be stored.")),
      rows_written_(metrics.counter("varve_write_rows_total", "Rows stored.")),
      rows_dropped_(metrics.counter("varve_write_rows_dropped_total",
                                    "Rows that validation or storage rejected.")),
      rows_copied_(metrics.counter("varve_write_rows_copied_total",
                                   "Copies that continuous queries made of rows.")),
      copies_refused_(metrics.counter("varve_write_copies_refused_total",
                                      "Writes refused because of the size of their copies.")),
      stored_(metrics.counter("varve_write_requests_total", "Writes, by their result.",
                              {{"result", "stored"}})),
      failed_(metrics.counter("varve_write_requests_total", "Writes, by their result.",
                              {{"result", "failed"}})),
      values_written_(metrics.counter("varve_write_values_total", "Values stored.")) {}

Status WritePath::open_databases() {
    auto databases = catalog_.databases();
    if (!databases.ok()) return databases.status();
    for (const Database &database : *databases) {
        for (const RetentionPolicy &policy : database.policies) {
            VARVE_RETURN_IF_ERROR(open_database(database, policy));
        }
    }
    return {};
}

Status WritePath::open_database(const Database &database, const RetentionPolicy &policy) {
    {
        const std::scoped_lock lock(mutex_);
        const auto told = opened_.find({database.id, policy.id});
        if (told != opened_.end() && told->second == Names{database.name, policy.name}) return {};
    }
    const varve_database_spec spec{sizeof(varve_database_spec),
                                   0,
                                   database.id,
                                   policy.id,
                                   str(database.name),
                                   str(policy.name),
                                   options_.limits};
    varve_error error = abi_error();
    const int32_t code = storage_.table->database_open(storage_.instance, &spec, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    const std::scoped_lock lock(mutex_);
    opened_[{database.id, policy.id}] = {database.name, policy.name};
    return {};
}

// A series' policy and who may write to it are asked here; each policy's share is then written as
// any other batch.
void WritePath::submit_by_space(varve_batch *batch, const varve_write_request &request, bool copies,
                                WriteDone done, void *ctx) {
    Submission refused(batch, done, ctx);
    const auto database = catalog_.database(view(request.database));
    if (!database.ok()) return fail(refused, no_database(request));
    if (options_.accounts != nullptr && request.principal.data != nullptr) {
        const auth::Access access = options_.accounts->access(view(request.principal));
        const Status allowed = may_write_all(access, database->name, *batch);
        if (!allowed.ok()) return fail(refused, allowed);
    }
    refused.batch = nullptr;
    const std::vector<PolicyPart> parts = split_by_policy(batch, *database);
    auto *const joined = new JoinedDone(parts.size(), done, ctx);  // freed by the last part's
    for (const PolicyPart &part : parts) {
        varve_write_request own = request;
        own.retention_policy = str(part.policy);
        take(part.batch, own, {copies, VARVE_ON_CONFLICT_BOTH}, &JoinedDone::part_done, joined);
    }
}

void WritePath::submit(varve_batch *batch, const varve_write_request &request, WriteDone done,
                       void *ctx) {
    if (request.rules == VARVE_WRITE_RULES_08 && batch != nullptr) {
        return submit_by_space(batch, request, true, done, ctx);
    }
    take(batch, request, {true, options_.on_type_conflict}, done, ctx);
}

void WritePath::submit_computed(varve_batch *batch, const varve_write_request &request,
                                WriteDone done, void *ctx) {
    if (batch != nullptr) return submit_by_space(batch, request, false, done, ctx);
    take(batch, request, {false, VARVE_ON_CONFLICT_BOTH}, done, ctx);
}

void WritePath::take(varve_batch *batch, const varve_write_request &request,
                     const Treatment &treatment, WriteDone done, void *ctx) {
    auto submission = std::make_shared<Submission>(batch, done, ctx);
    if (batch != nullptr) rows_asked_.add(static_cast<double>(batch->row_count));
    record_bad_rows(request);
    RetentionPolicy policy;
    if (const Status resolved = resolve(*submission, request, policy); !resolved.ok()) {
        return fail(*submission, resolved);
    }
    if (batch == nullptr || batch->row_count == 0) return fail(*submission, {});
    validate(*submission, policy, env_.now_ns(), rejects_);
    submission->own_tables = submission->batch->table_count;
    if (treatment.copies) {
        if (const Status copied = add_copies(*submission); !copied.ok()) {
            return fail(*submission, copied);
        }
    }
    if (const Status routed = route(*submission, catalog_); !routed.ok()) {
        return fail(*submission, routed);
    }
    auto flight = std::make_unique<InFlight>(InFlight{this, submission});
    if (const Status stored = store(flight, request, treatment.on_type_conflict); !stored.ok()) {
        fail(*submission, stored);
    }
}

// A row and its copies are one write: stored, seen and answered together.
Status WritePath::add_copies(Submission &submission) {
    if (options_.copies == nullptr) return {};
    const auto rules = options_.copies->of(submission.db_id);
    if (rules == nullptr) return {};
    const Result<CopiedRows> copied = copy_rows(submission.batch, *rules);
    if (!copied.ok()) {
        copies_refused_.add();
        return copied.status();
    }
    if (copied->unnamed != 0) {
        rejects_.add({env_.now_ns(), submission.database, "copy", copied->first_error, {}});
        rejects_.count("copy", copied->unnamed - 1);
    }
    if (copied->batch == nullptr) return {};
    submission.batch = copied->batch;
    submission.copied = copied->rows;
    return {};
}

Status WritePath::store(std::unique_ptr<InFlight> &flight, const varve_write_request &request,
                        uint32_t on_type_conflict) {
    Submission &submission = *flight->submission;
    if (submission.shards.empty()) {  // no row is left
        const varve_write_result nothing{};
        finish(*flight, nothing);
        return {};
    }
    varve_write_opts opts{};
    opts.struct_size = sizeof opts;
    const bool asked = request.durability != VARVE_DURABILITY_DEFAULT;
    opts.durability = asked ? request.durability : submission.durability.policy;
    opts.interval_ns = asked ? request.interval_ns : submission.durability.interval_ns;
    opts.db_id = submission.db_id;
    opts.rp_id = submission.rp_id;
    opts.shards = submission.shards.data();
    opts.shard_count = static_cast<uint32_t>(submission.shards.size());
    opts.on_type_conflict = on_type_conflict;
    if (request.rules == VARVE_WRITE_RULES_08) opts.identity_column = str(kNumberColumn);
    submission.ticket = publisher_.begin();
    varve_error error = abi_error();
    const int32_t code = storage_.table->write(storage_.instance, submission.batch, &opts,
                                               &WritePath::on_stored, flight.get(), &error);
    if (code != VARVE_OK) {
        publisher_.failed(submission.ticket);
        return Status::from_abi(code, error);
    }
    (void)flight.release();  // on_stored frees it, maybe already has
    return {};
}

void WritePath::on_stored(void *ctx, const varve_write_result *result) {
    const std::unique_ptr<InFlight> flight(static_cast<InFlight *>(ctx));
    flight->path->finish(*flight, *result);
}

namespace {

// The sender is told of the rows that he sent. Copies that were rejected are counted and listed
// with the rejected rows.
struct OwnRows {
    OwnRows(const Submission &submission, const varve_write_result &result) {
        uint64_t rejected_copies = 0;
        for (uint32_t i = 0; i < result.rejection_count; ++i) {
            const varve_rejection &rejection = result.rejections[i];
            if (rejection.table >= submission.own_tables) {
                ++rejected_copies;
            } else if (first == nullptr) {
                first = &rejection;
            }
        }
        if (first == nullptr && result.rejection_count != 0) first = result.rejections;
        for (const uint64_t rows : result.rejected) rejected += rows;
        rejected -= rejected_copies;
        copied = submission.copied - rejected_copies;
        accepted = result.accepted - std::min(result.accepted, copied);
    }
    uint64_t accepted = 0;
    uint64_t rejected = 0;
    uint64_t copied = 0;                     // stored
    const varve_rejection *first = nullptr;  // the one to tell of; null: there is none
};

}  // namespace

void WritePath::finish(InFlight &flight, const varve_write_result &result) {
    Submission &submission = *flight.submission;
    varve_write_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    outcome.code = result.code;
    outcome.lsn = result.lsn;
    const Rejected rejected(submission, result);
    const OwnRows own(submission, rejected.rest);
    outcome.accepted = own.accepted;
    outcome.dropped = submission.dropped + own.rejected;
    outcome.clashes = rejected.clashes.data();
    outcome.clash_count = rejected.clashes.size();
    record_rejections(submission, rejected.rest, env_.now_ns(), rejects_);
    std::string text;
    if (result.code != VARVE_OK) {
        text = std::string(view(result.error));
    } else if (outcome.dropped != (submission.keeps_quiet ? submission.dropped : 0)) {
        const std::string first = submission.first_error.empty() || submission.keeps_quiet
                                      ? rejection_text(*submission.batch, *own.first)
                                      : submission.first_error;
        text = "partial write: " + first + " dropped=" + std::to_string(outcome.dropped);
    }
    outcome.error = str(text);
    if (result.code == VARVE_OK && result.accepted != 0) {
        rows_written_.add(static_cast<double>(result.accepted));
        rows_copied_.add(static_cast<double>(own.copied));
        values_written_.add(static_cast<double>(submission.batch->value_count));
    }
    count(outcome);
    submission.done(submission.ctx, &outcome);
    if (result.lsn == 0 && submission.ticket == 0) return;
    if (result.code == VARVE_OK && result.accepted != 0) {
        publisher_.completed(submission.ticket, result.lsn, flight.submission);
    } else {
        publisher_.failed(submission.ticket);
    }
}

void WritePath::count(const varve_write_outcome &outcome) {
    (outcome.code == VARVE_OK ? stored_ : failed_).add();
    rows_dropped_.add(static_cast<double>(outcome.dropped));
}

void WritePath::fail(Submission &submission, const Status &status) {
    varve_write_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    outcome.code = static_cast<uint32_t>(status.code());
    outcome.error = str(status.text());
    if (submission.batch != nullptr) count(outcome);
    submission.done(submission.ctx, &outcome);
}

void WritePath::record_bad_rows(const varve_write_request &request) {
    if (request.bad_row_count == 0) return;
    const int64_t now_ns = env_.now_ns();
    for (uint32_t i = 0; i < request.bad_row_count; ++i) {
        const varve_bad_row &bad = request.bad_rows[i];
        rejects_.add({now_ns, std::string(view(request.database)),
                      std::string(reject_label(view(bad.reason))), std::string(view(bad.reason)),
                      std::string(view(bad.line).substr(0, kRejectTextMax))});
    }
    if (request.bad_rows_unlisted != 0) rejects_.count("parse", request.bad_rows_unlisted);
}

// What an input makes of its own (UDP, Graphite) has no principal at all; a client without a name
// has an empty one.
Status WritePath::authorise(const varve_write_request &request) const {
    if (options_.accounts == nullptr || request.principal.data == nullptr) return {};
    return options_.accounts->access(view(request.principal)).need_write(view(request.database));
}

Status WritePath::find_policy(const varve_write_request &request, Database &database,
                              RetentionPolicy &policy) {
    if (request.database.size == 0) return {Code::invalid_argument, "database is required"};
    const std::string_view name = view(request.database);
    auto found = catalog_.database(name);
    if (!found.ok()) return no_database(request);
    VARVE_RETURN_IF_ERROR(authorise(request));
    database = std::move(*found);
    std::string policy_name(view(request.retention_policy));
    if (policy_name.empty()) policy_name = database.default_policy;
    const RetentionPolicy *existing = database.policy(policy_name);
    if (existing == nullptr) {
        // Not the caller's fault as a missing database is: InfluxDB answers 500.
        return {Code::failed_precondition, "retention policy not found: " + policy_name};
    }
    policy = *existing;
    return {};
}

Status WritePath::check(const varve_write_request &request) {
    Database database;
    RetentionPolicy policy;
    return find_policy(request, database, policy);
}

Status WritePath::resolve(Submission &submission, const varve_write_request &request,
                          RetentionPolicy &policy) {
    Database database;
    Status found = find_policy(request, database, policy);
    if (found.code() == Code::permission_denied) return found;
    if (!found.ok() && request.create_database != 0 && request.database.size != 0) {
        VARVE_RETURN_IF_ERROR(authorise(request));
        VARVE_RETURN_IF_ERROR(catalog_.create_database(view(request.database), std::nullopt));
        if (request.retention_policy.size != 0) {
            RetentionPolicySpec spec;
            spec.name = std::string(view(request.retention_policy));
            VARVE_RETURN_IF_ERROR(catalog_.create_retention_policy(view(request.database), spec));
        }
        found = find_policy(request, database, policy);
    }
    if (!found.ok()) return found;
    submission.database = database.name;
    submission.retention_policy = policy.name;
    submission.db_id = database.id;
    submission.rp_id = policy.id;
    submission.keeps_quiet = request.rules == VARVE_WRITE_RULES_08;
    submission.returns_clashes = request.returns_clashes != 0;
    submission.durability = options_.durability;
    if (!database.durability.empty()) {
        const Result<Durability> own = Durability::parse(database.durability);
        if (!own.ok()) return own.status();
        submission.durability = *own;
    }
    return open_database(database, policy);
}

}  // namespace varve
