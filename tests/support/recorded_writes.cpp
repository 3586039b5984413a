#include "support/recorded_writes.hpp"

#include <chrono>

#include "support/dump_batch.hpp"

namespace varve::test {

void RecordedWrites::set_outcome(uint32_t code, std::string error) {
    const std::lock_guard lock(mutex_);
    code_ = code;
    error_ = std::move(error);
}

void RecordedWrites::hold(bool held) {
    std::vector<Open> open;
    {
        const std::lock_guard lock(mutex_);
        held_ = held;
        if (!held) open.swap(open_);
    }
    for (const Open &one : open) complete(one);
}

std::vector<RecordedWrite> RecordedWrites::all() const {
    const std::lock_guard lock(mutex_);
    return writes_;
}

std::vector<std::string> RecordedWrites::rows() const {
    std::vector<std::string> made;
    for (const RecordedWrite &write : all()) {
        made.insert(made.end(), write.rows.begin(), write.rows.end());
    }
    return made;
}

std::vector<std::pair<std::string, std::string>> RecordedWrites::bad_rows() const {
    std::vector<std::pair<std::string, std::string>> made;
    for (const RecordedWrite &write : all()) {
        made.insert(made.end(), write.bad_rows.begin(), write.bad_rows.end());
    }
    return made;
}

template <typename Enough>
bool RecordedWrites::wait(Enough enough) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), enough);
}

bool RecordedWrites::wait_for_rows(size_t count) const {
    return wait([&] { return row_count() >= count; });
}

bool RecordedWrites::wait_for_bad_rows(size_t count) const {
    return wait([&] {
        size_t sum = 0;
        for (const RecordedWrite &write : writes_) sum += write.bad_rows.size();
        return sum >= count;
    });
}

bool RecordedWrites::wait_for_writes(size_t count) const {
    return wait([&] { return writes_.size() >= count; });
}

size_t RecordedWrites::row_count() const {
    size_t sum = 0;
    for (const RecordedWrite &write : writes_) sum += write.rows.size();
    return sum;
}

void RecordedWrites::submit(varve_batch *batch, const varve_write_request &request,
                            void (*done)(void *ctx, const varve_write_outcome *outcome),
                            void *ctx) {
    RecordedWrite write;
    write.database = view(request.database);
    write.retention_policy = view(request.retention_policy);
    write.durability = request.durability;
    write.interval_ns = request.interval_ns;
    write.create_database = request.create_database != 0;
    write.rows = dump_rows(batch);
    for (uint32_t i = 0; i < request.bad_row_count; ++i) {
        write.bad_rows.emplace_back(view(request.bad_rows[i].line),
                                    view(request.bad_rows[i].reason));
    }
    write.bad_rows_unlisted = request.bad_rows_unlisted;
    const Open open{done, ctx, write.rows.size()};
    if (batch != nullptr) batch->release(batch);
    {
        const std::lock_guard lock(mutex_);
        writes_.push_back(std::move(write));
        if (held_) open_.push_back(open);
        changed_.notify_all();
        if (held_) return;
    }
    complete(open);
}

void RecordedWrites::complete(const Open &open) {
    std::string error;
    varve_write_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    {
        const std::lock_guard lock(mutex_);
        outcome.code = code_;
        error = error_;
    }
    outcome.accepted = outcome.code == VARVE_OK ? open.rows : 0;
    outcome.error = str(error);
    open.done(open.ctx, &outcome);
}

}  // namespace varve::test
