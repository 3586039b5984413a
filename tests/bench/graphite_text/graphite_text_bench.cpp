// The codec alone, one core, batches of 5,000 lines: paths that come again in each batch in the
// same order, the same in another order, and paths that are all new. Reports lines/s.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/graphite_text/graphite_text.hpp"

namespace {

constexpr int kLines = 5000;

std::vector<std::string> lines(int first_host) {
    std::vector<std::string> made;
    for (int i = 0; i < kLines; ++i) {
        made.push_back("servers.host" + std::to_string(first_host + i / 20) + ".cpu.core" +
                       std::to_string(i % 20) + ".user " + std::to_string(i % 100) +
                       ".25 1700000000\n");
    }
    return made;
}

std::string joined(const std::vector<std::string> &all) {
    std::string text;
    for (const std::string &line : all) text += line;
    return text;
}

void run(benchmark::State &state, const std::vector<std::string> &bodies) {
    varve::graphite_text::Options options;
    options.templates = {"servers.* .host.measurement.core.field"};
    auto codec = varve::graphite_text::Codec::make(options);
    uint64_t rows = 0;
    for (auto _ : state) {
        codec->read(bodies[rows / kLines % bodies.size()], 1);
        auto parsed = codec->finish(0);
        rows += parsed.batch->row_count;
        parsed.batch->release(parsed.batch);
    }
    state.counters["lines/s"] =
        benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}

void BM_SameOrder(benchmark::State &state) {
    run(state, {joined(lines(0))});
}

void BM_OtherOrder(benchmark::State &state) {
    std::mt19937_64 random(11);
    std::vector<std::string> bodies;
    std::vector<std::string> all = lines(0);
    for (int i = 0; i < 8; ++i) {
        std::shuffle(all.begin(), all.end(), random);
        bodies.push_back(joined(all));
    }
    run(state, bodies);
}

// More paths than the cache holds, so that each is met as if for the first time.
void BM_AllPathsNew(benchmark::State &state) {
    std::vector<std::string> bodies;
    for (int i = 0; i < 64; ++i) bodies.push_back(joined(lines(i * kLines)));
    run(state, bodies);
}

BENCHMARK(BM_SameOrder);
BENCHMARK(BM_OtherOrder);
BENCHMARK(BM_AllPathsNew);

}  // namespace
