// One write on its way: the batch, what the validator says of its rows, and what to tell the
// sender.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <varve/host/write.h>
#include <varve/kind/storage.h>

#include "base/status.hpp"
#include "model/catalog.hpp"

namespace varve {

using WriteDone = void (*)(void *ctx, const varve_write_outcome *outcome);

// How a write is answered: the policy, and for `interval` how late the sync may come.
struct Durability {
    uint32_t policy = VARVE_DURABILITY_ALWAYS;
    int64_t interval_ns = 0;

    // "always", "interval=100ms", "os".
    static Result<Durability> parse(std::string_view text);
};

// Owns the batch and releases it when the last holder lets go: storage until `done`, then
// subscribers.
struct Submission {
    Submission(varve_batch *owned_batch, WriteDone owned_done, void *owned_ctx)
        : batch(owned_batch), done(owned_done), ctx(owned_ctx) {}
    ~Submission() {
        if (batch != nullptr) batch->release(batch);
    }
    Submission(const Submission &) = delete;
    Submission &operator=(const Submission &) = delete;

    varve_batch *batch;  // null: only bad rows
    WriteDone done;
    void *ctx;
    std::string database;
    std::string retention_policy;
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    Durability durability;  // the database's
    std::vector<varve_shard_range> shards;
    std::vector<std::vector<uint64_t>> keeps;  // per table; empty = all rows
    uint32_t own_tables = 0;                   // tables of the batch behind them are copies
    uint64_t copied = 0;                       // rows
    uint64_t dropped = 0;                      // by the validator
    std::string first_error;                   // the validator's first reason
    bool keeps_quiet = false;                  // of what the validator dropped
    bool returns_clashes = false;
    uint64_t ticket = 0;  // the publisher's
};

}  // namespace varve
