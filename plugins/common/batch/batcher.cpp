#include "common/batch/batcher.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace varve {
namespace {

constexpr int64_t kLogInterval_ns = 10'000'000'000;

Metric counter(const Host &host, const std::string &prefix, const char *what, const char *help) {
    return host.counter(("varve_" + prefix + "_" + what + "_total").c_str(), help);
}

}  // namespace

Batcher::Batcher(Host host, BatcherOptions options, const std::string &metric_prefix,
                 std::function<void()> on_room)
    : host_(host),
      options_(std::move(options)),
      on_room_(std::move(on_room)),
      received_rows_(counter(host, metric_prefix, "received_rows", "Rows read from senders.")),
      rows_(counter(host, metric_prefix, "rows", "Rows stored.")),
      bad_rows_(counter(host, metric_prefix, "bad_rows", "Lines that could not be read.")),
      dropped_rows_(counter(host, metric_prefix, "dropped_rows",
                            "Rows dropped because batch_pending batches were under way.")),
      rejected_rows_(
          counter(host, metric_prefix, "rejected_rows", "Rows rejected when they were stored.")),
      batches_(counter(host, metric_prefix, "batches", "Batches stored.")),
      failed_batches_(
          counter(host, metric_prefix, "failed_batches", "Batches that were not stored.")) {}

void Batcher::note_rows(uint64_t rows) {
    if (gathered_ == 0 && rows != 0) first_at_ns_ = host_.monotonic_ns();
    gathered_ += rows;
}

bool Batcher::is_due() const {
    if (gathered_ == 0) return false;
    return gathered_ >= options_.batch_size ||
           host_.monotonic_ns() - first_at_ns_ >= options_.batch_timeout_ns;
}

int Batcher::wait_ms() const {
    if (gathered_ == 0) return -1;
    constexpr int64_t kWaitMax_ms = 60'000;  // longer timeouts wake up in between
    const int64_t passed = host_.monotonic_ns() - first_at_ns_;
    const int64_t left = std::max<int64_t>(options_.batch_timeout_ns - passed, 0);
    return static_cast<int>(std::min(left / 1'000'000 + (left % 1'000'000 != 0), kWaitMax_ms));
}

bool Batcher::has_room() {
    const std::lock_guard lock(mutex_);
    return under_way_ < options_.batch_pending;
}

void Batcher::wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ < options_.batch_pending; });
}

void Batcher::submit(varve_batch *batch, const BadRows &bad_rows) {
    gathered_ = 0;
    bad_rows_.add(static_cast<double>(bad_rows.count()));
    if (batch != nullptr) received_rows_.add(static_cast<double>(batch->row_count));
    if (!has_room()) {
        if (batch == nullptr) return;
        dropped_rows_.add(static_cast<double>(batch->row_count));
        batch->release(batch);
        return log_limited("rows dropped: too many batches under way", "");
    }
    if (batch == nullptr && bad_rows.count() == 0) return;
    {
        const std::lock_guard lock(mutex_);
        ++under_way_;
    }
    std::vector<varve_bad_row> raw_rows;
    raw_rows.reserve(bad_rows.listed.size());
    for (const BadRows::Row &row : bad_rows.listed) {
        raw_rows.push_back({str(row.line), str(row.reason)});
    }
    varve_write_request request{};
    request.struct_size = sizeof request;
    request.durability = options_.durability.policy;
    request.interval_ns = options_.durability.interval_ns;
    request.database = str(options_.database);
    request.retention_policy = str(options_.retention_policy);
    request.create_database = 1;
    request.bad_row_count = static_cast<uint32_t>(raw_rows.size());
    request.bad_rows = raw_rows.data();
    request.bad_rows_unlisted = bad_rows.unlisted;
    host_.writer()->submit(host_.raw(), batch, &request, &Batcher::on_done, this);
}

void Batcher::on_done(void *ctx, const varve_write_outcome *outcome) {
    static_cast<Batcher *>(ctx)->finish_one(*outcome);
}

void Batcher::finish_one(const varve_write_outcome &outcome) {
    rows_.add(static_cast<double>(outcome.accepted));
    rejected_rows_.add(static_cast<double>(outcome.dropped));
    if (outcome.code != VARVE_OK) {
        failed_batches_.add();
        log_limited("a batch was not stored", view(outcome.error));
    } else {
        batches_.add();
        if (outcome.dropped != 0) log_limited("rows were rejected", view(outcome.error));
    }
    // The last touch of this object is under the lock: drain() may return right behind it.
    const std::lock_guard lock(mutex_);
    --under_way_;
    if (on_room_) on_room_();
    changed_.notify_all();
}

void Batcher::drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
}

void Batcher::log_limited(std::string_view message, std::string_view error) {
    uint64_t unlogged = 0;
    {
        const std::lock_guard lock(mutex_);
        const int64_t now = host_.monotonic_ns();
        if (logged_at_ns_ != INT64_MIN && now - logged_at_ns_ < kLogInterval_ns) {
            ++unlogged_;
            return;
        }
        logged_at_ns_ = now;
        unlogged = std::exchange(unlogged_, 0);
    }
    host_.log_warning(message, {{"database", options_.database},
                                {"error", error},
                                {"unlogged_before", std::to_string(unlogged)}});
}

}  // namespace varve
