// The codec alone, one core, on bodies of 5,000 lines. Reports bytes/s, lines/s and values/s.
//
//   cpu    ten unsorted tags and ten fields, of 100, 1,000 or 5,000 hosts: the last one repeats no
//          series
//   node   one value per line, a hundred measurements, no series twice: an exporter's page
//   sets   one series, each line with a field of its own
//   mixed  hosts in random order, and a second set of fields now and then
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>
#include <string>

#include "common/line_protocol/line_protocol.hpp"

namespace {

constexpr int kLines = 5000;

using Random = std::mt19937_64;

template <size_t count>
std::string one_of(const char *const (&texts)[count], uint64_t number) {
    return texts[number % count];
}

// As a host's agent writes them: not in order.
std::string cpu_key(uint64_t host) {
    static constexpr const char *kRegions[] = {"us-east-1", "us-west-2", "eu-west-1",
                                               "eu-central-1", "ap-southeast-1"};
    static constexpr const char *kSystems[] = {"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"};
    static constexpr const char *kTeams[] = {"SF", "NYC", "LON", "CHI"};
    const std::string region = one_of(kRegions, host);
    return "cpu,hostname=host_" + std::to_string(host) + ",region=" + region +
           ",datacenter=" + region + static_cast<char>('a' + host % 3) +
           ",rack=" + std::to_string(host % 97) + ",os=" + one_of(kSystems, host) +
           ",arch=x64,team=" + one_of(kTeams, host) + ",service=" + std::to_string(host % 19) +
           ",service_version=" + std::to_string(host % 2) + ",service_environment=production";
}

std::string cpu_fields(bool floats, Random &random) {
    static constexpr const char *kNames[] = {
        "usage_user", "usage_system",  "usage_idle",  "usage_nice",  "usage_iowait",
        "usage_irq",  "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"};
    std::string fields;
    for (const char *name : kNames) {
        fields +=
            (fields.empty() ? "" : ",") + std::string(name) + '=' + std::to_string(random() % 101);
        fields += floats ? '.' + std::to_string(10 + random() % 90) : "i";
    }
    return fields;
}

std::string cpu_body(bool floats, int hosts) {
    Random random(11);
    std::string body;
    for (int row = 0; row < kLines; ++row) {
        body += cpu_key(static_cast<uint64_t>(row % hosts)) + ' ' + cpu_fields(floats, random) +
                ' ' + std::to_string(1451606400000000000 + row / hosts * 10'000'000'000) + '\n';
    }
    return body;
}

std::string node_body(bool floats) {
    static constexpr const char *kLaws[] = {"gauge", "counter", "seconds", "bytes", "load"};
    Random random(12);
    std::string body;
    for (int row = 0; row < kLines; ++row) {
        const int metric = row % 100;
        body += "node_metric_" + std::to_string(metric) + ",instance=host-" +
                std::to_string(3000 + row / 100) + ":9100,job=node,law=" + kLaws[metric / 20] +
                " value=";
        char value[32];
        std::snprintf(value, sizeof value, "%.10g",
                      static_cast<double>(random() % 100'000'000) / 100);
        body += floats ? value : std::to_string(random() % 1'000'000) + 'i';
        body += " 14516064" + std::to_string(10 + row / 100) + "123000000\n";
    }
    return body;
}

std::string mixed_body() {
    Random random(13);
    std::string body;
    for (int row = 0; row < kLines; ++row) {
        body += cpu_key(random() % 1000) + ' ';
        body += random() % 3 == 0 ? "load=0.25,up=t" : cpu_fields(true, random);
        body += ' ' + std::to_string(1451606400000000000 + row) + '\n';
    }
    return body;
}

std::string sets_body() {
    std::string body;
    for (int row = 0; row < kLines; ++row) {
        body += "m,host=a field_" + std::to_string(row) + "=1i 1451606400000000000\n";
    }
    return body;
}

void run(benchmark::State &state, const std::string &body) {
    varve::line_protocol::Options options;
    options.now_ns = 1;
    options.hash_seed = 0x5eed;
    uint64_t rows = 0;
    uint64_t values = 0;
    for (auto _ : state) {
        auto parsed = varve::line_protocol::parse(body, options);
        varve_batch *batch = parsed.batch.finish(options.hash_seed, 0);
        rows += batch->row_count;
        values += batch->value_count;
        batch->release(batch);
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * body.size()));
    using benchmark::Counter;
    state.counters["lines/s"] = Counter(static_cast<double>(rows), Counter::kIsRate);
    state.counters["values/s"] = Counter(static_cast<double>(values), Counter::kIsRate);
}

void BM_CpuInts(benchmark::State &state) {
    run(state, cpu_body(false, static_cast<int>(state.range(0))));
}
void BM_CpuFloats(benchmark::State &state) {
    run(state, cpu_body(true, static_cast<int>(state.range(0))));
}
void BM_NodeInts(benchmark::State &state) {
    run(state, node_body(false));
}
void BM_NodeFloats(benchmark::State &state) {
    run(state, node_body(true));
}
void BM_Mixed(benchmark::State &state) {
    run(state, mixed_body());
}

void BM_Sets(benchmark::State &state) {
    run(state, sets_body());
}

BENCHMARK(BM_CpuInts)->Arg(100)->Arg(1000)->Arg(5000);
BENCHMARK(BM_CpuFloats)->Arg(100)->Arg(1000)->Arg(5000);
BENCHMARK(BM_NodeInts);
BENCHMARK(BM_NodeFloats);
BENCHMARK(BM_Mixed);
BENCHMARK(BM_Sets);

}  // namespace
