// The configuration that inputs with their own sockets share: where rows go and how they gather.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <varve/cpp/host.hpp>

namespace varve {

// How a write is answered; see varve_durability.
struct WriteDurability {
    uint32_t policy = VARVE_DURABILITY_DEFAULT;
    int64_t interval_ns = 0;
};

struct BatcherOptions {
    std::string database;
    std::string retention_policy;
    WriteDurability durability;
    uint64_t batch_size = 5000;  // rows
    int64_t batch_timeout_ns = 1'000'000'000;
    uint64_t batch_pending = 10;  // batches under way
};

// "always", "os", "interval=<duration>" as in storage.durability, or "" (the database's).
// invalid_argument for anything else.
Result<WriteDurability> parse_durability(std::string_view text);

// Reads the keys database, retention_policy, durability, batch_size, batch_timeout and
// batch_pending. [main]
Result<BatcherOptions> read_batcher_options(const Host &host);

}  // namespace varve
