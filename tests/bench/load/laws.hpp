// The laws by which bench_load makes its data. The same law and seed make the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace varve::bench {

struct Law {
    // "cpu": TSBS "cpu-only": ten tags, up to ten fields that walk randomly between 0 and 100, a
    //        row per host every `step_s` seconds.
    // "node": what an exporter shows: a hundred metrics per host every fifteen seconds, one value
    //         per series, mixed laws from constants to busy counters.
    // "churn": `hosts` series that live for two rows of a float and an integer.
    std::string kind = "cpu";
    int64_t hosts = 100;
    int64_t seconds = 43'200;  // of data
    int64_t start_s = 1'451'606'400;
    int64_t step_s = 10;
    int64_t rows_per_batch = 5'000;
    int64_t fields = 10;
    double sigma = 1;       // of a step of the walk
    int64_t jitter_ms = 0;  // times are late by up to this much
    bool floats = false;    // two decimals instead of integers
    bool noise = false;     // doubles without structure, which nothing compresses
    uint64_t seed = 97;
};

struct Load {
    std::vector<std::string> batches;  // bodies of line protocol
    uint64_t rows = 0;
    uint64_t values = 0;
};

// Empty when the kind is unknown.
Load make_load(const Law &law);

}  // namespace varve::bench
