// The codec alone, one core: 5,000-line bodies of ten tags and ten fields, of one value per line,
// and of series that are all new. Reports bytes/s and values/s.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "common/line_protocol/line_protocol.hpp"

namespace {

std::string wide_body(bool floats, int hosts) {
    std::mt19937_64 random(11);
    std::string body;
    for (int row = 0; row < 5000; ++row) {
        const int host = row % hosts;
        body += "cpu,arch=x86,datacenter=us-east-1b,hostname=host_" + std::to_string(host) +
                ",os=Ubuntu16.10,rack=" + std::to_string(host % 97) +
                ",region=us-east-1,service=7,service_environment=production,"
                "service_version=1,team=NYC ";
        const char *names[] = {"usage_user",   "usage_system",    "usage_idle",    "usage_nice",
                               "usage_iowait", "usage_irq",       "usage_softirq", "usage_steal",
                               "usage_guest",  "usage_guest_nice"};
        for (int field = 0; field < 10; ++field) {
            body += (field == 0 ? "" : ",") + std::string(names[field]) + '=' +
                    std::to_string(random() % 100);
            if (floats) {
                body += '.' + std::to_string(10 + random() % 90);
            } else {
                body += 'i';
            }
        }
        body += ' ' + std::to_string(1451606400000000000 + row / hosts * 10'000'000'000) + '\n';
    }
    return body;
}

std::string narrow_body() {
    std::string body;
    for (int row = 0; row < 5000; ++row) {
        body += "node_metric_" + std::to_string(row % 100) + ",instance=host-" +
                std::to_string(row / 100) +
                ":9100,job=node,law=gauge value=" + std::to_string(row * 37 % 1000) +
                " 1451606400000000000\n";
    }
    return body;
}

void run(benchmark::State &state, const std::string &body) {
    varve::line_protocol::Options options;
    options.now_ns = 1;
    uint64_t values = 0;
    for (auto _ : state) {
        auto parsed = varve::line_protocol::parse(body, options);
        varve_batch *batch = parsed.batch.finish(0, 0);
        values += batch->value_count;
        batch->release(batch);
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * body.size()));
    state.counters["values/s"] =
        benchmark::Counter(static_cast<double>(values), benchmark::Counter::kIsRate);
}

void BM_WideInts(benchmark::State &state) {
    run(state, wide_body(false, 100));
}
void BM_WideFloats(benchmark::State &state) {
    run(state, wide_body(true, 100));
}
void BM_OneValuePerLine(benchmark::State &state) {
    run(state, narrow_body());
}
void BM_AllSeriesNew(benchmark::State &state) {
    run(state, wide_body(false, 5000));
}

BENCHMARK(BM_WideInts);
BENCHMARK(BM_WideFloats);
BENCHMARK(BM_OneValuePerLine);
BENCHMARK(BM_AllSeriesNew);

}  // namespace
