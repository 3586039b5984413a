// What the fault tests share: an engine with small files, and a workload whose every state is
// known.
#pragma once

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/sim_env.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {

inline const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                                      [](Host host) -> std::unique_ptr<Plugin> {
                                          return std::make_unique<strata::StrataStorage>(host);
                                      },
                                      true, true};

// Small files, so that everything happens often.
inline void make_small(Engine &engine) {
    engine.host().set("wal_segment_size", 8 << 10);
    engine.host().set("memtable_size_max", 12 << 10);
    engine.host().set("segments_max", 2);
    engine.host().set("maintenance_interval", 1'000'000);
}

// The same, but nothing happens unasked.
inline void make_quiet(Engine &engine) {
    make_small(engine);
    engine.host().set("maintenance_interval", 3600'000'000'000);
}

// The seed of the environment, or a random one.
inline uint64_t chosen_seed() {
    const char *given = std::getenv("VARVE_SEED");
    const uint64_t seed = given == nullptr ? std::random_device{}() : std::stoull(given);
    std::printf("VARVE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

inline uint64_t number_from(const char *variable, uint64_t otherwise) {
    const char *given = std::getenv(variable);
    return given == nullptr ? otherwise : std::stoull(given);
}

// One step of a workload. It has the same effect on a Dump and on an engine.
struct Step {
    enum class Kind { write, remove, drop_shard, compact } kind = Kind::write;
    std::vector<Point> points;
    uint32_t durability = VARVE_DURABILITY_ALWAYS;
    // remove: rows of the measurement in [from, to), of host `host` unless empty, whose field i is
    // at least `at_least` unless that is negative.
    std::string measurement;
    std::string host;
    int64_t from = INT64_MIN;
    int64_t to = INT64_MAX;
    int64_t at_least = -1;
    uint64_t shard = 0;

    // Whether a delete step concerns a row.
    bool hits(const std::string &key, int64_t time,
              const std::map<std::string, std::string> &fields) const;
    void apply(Dump &dump) const;
    Status run(StorageClient &client) const;
    std::string text() const;
};

// `number` makes the values unique.
Step random_step(std::mt19937_64 &random, int number);

}  // namespace varve::test
