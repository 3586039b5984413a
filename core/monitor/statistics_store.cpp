#include "monitor/statistics_store.hpp"

#include <varve/cpp/bytes.hpp>

#include "monitor/diagnostics.hpp"
#include "monitor/statistics_batch.hpp"

namespace varve::monitor {
namespace {

constexpr const char *kPolicy = "monitor";
constexpr int64_t kKeptNs = 7 * kDayNs;

}  // namespace

struct StatisticsStore::Pending {
    Log &log;
    std::shared_ptr<std::atomic<bool>> failing;

    void report(std::string_view error) const {
        if (error.empty()) {
            failing->store(false);
        } else if (!failing->exchange(true)) {
            log.warning("statistics were not stored", {{"error", error}});
        }
    }
    static void done(void *ctx, const varve_write_outcome *outcome) {
        const std::unique_ptr<Pending> pending(static_cast<Pending *>(ctx));
        pending->report(view(outcome->error));
    }
};

Status StatisticsStore::ensure_database() {
    const Result<Database> found = parts_.catalog.database(options_.database);
    if (found.ok() && found->policy(kPolicy) != nullptr) return {};
    RetentionPolicySpec spec;
    spec.name = kPolicy;
    spec.duration_ns = kKeptNs;
    spec.replica_n = 1;
    spec.make_default = true;
    if (found.ok()) return parts_.catalog.create_retention_policy(options_.database, spec);
    return parts_.catalog.create_database(options_.database, spec);
}

Status StatisticsStore::start() {
    VARVE_RETURN_IF_ERROR(ensure_database().with_context("monitor.store_database"));
    timer_ = parts_.executor.every(options_.interval_ns, [this] { store(); });
    return {};
}

void StatisticsStore::store() {
    auto pending = std::make_unique<Pending>(Pending{parts_.log, failing_});
    // Somebody may have dropped it since.
    if (const Status ensured = ensure_database(); !ensured.ok()) {
        return pending->report(ensured.text());
    }
    const int64_t now_ns = parts_.env.now_ns();
    varve_batch *batch =
        make_batch(parts_.statistics.gather(), host_name(), now_ns - now_ns % options_.interval_ns,
                   parts_.writer.hash_seed());
    varve_write_request request{};
    request.struct_size = sizeof request;
    request.durability = VARVE_DURABILITY_OS;
    request.database = str(options_.database);
    request.retention_policy = str(kPolicy);
    parts_.writer.submit(batch, request, &Pending::done, pending.release());
}

}  // namespace varve::monitor
