// Questions in InfluxDB 0.8's language to a database of 200,000 series, over strata: one series of
// them, 10,000 that a regular expression finds, and what copies cost a write.
#include <benchmark/benchmark.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/query_bench.hpp"
#include "support/scratch_folder.hpp"

namespace varve::test {
namespace {

constexpr int kSeries = 200'000;
constexpr int kServersPerZone = 10'000;
constexpr int kPoints = 10;  // of each series, a minute apart
constexpr int64_t kNow = 1'600'000'000;

std::string series(int index) {
    return "region.uswest.az." + std::to_string(index / kServersPerZone) + ".server" +
           std::to_string(index % kServersPerZone) + ".cpu";
}

QueryBench::Ask language_08() {
    QueryBench::Ask ask;
    ask.language = "influxql08";
    return ask;
}

QueryBench::Storage strata_in(const std::string &path) {
    return {"strata", &strata::StrataStorage::descriptor,
            [](Host host) -> std::unique_ptr<Plugin> {
                return std::make_unique<strata::StrataStorage>(host);
            },
            path};
}

// Made once for all of them; the data is written in requests of 10,000 lines.
class Database {
  public:
    static Database &get() {
        static Database database;
        return database;
    }
    void ask(benchmark::State &state, const std::string &text) {
        size_t bytes = 0;
        for (auto _ : state) {
            const std::string answer = bench.ask(text, language_08());
            bytes = answer.size();
            if (bench.code != VARVE_OK || answer == "[]") state.SkipWithError(answer.c_str());
        }
        state.counters["answer_bytes"] = static_cast<double>(bytes);
    }
    const ScratchFolder folder;
    QueryBench bench{strata_in(folder.path()), {}, nullptr};

  private:
    Database() {
        bench.now_ns = kNow * 1'000'000'000;
        bench.use_influxql08();
        std::string lines;
        for (int point = 0; point < kPoints; ++point) {
            for (int i = 0; i < kSeries; ++i) {
                lines += series(i) + " value=" + std::to_string(i % 97 + point) + ' ' +
                         std::to_string(kNow - 60 * (kPoints - point)) + '\n';
                if ((i + 1) % kServersPerZone != 0) continue;
                bench.write(lines, "d");
                lines.clear();
            }
        }
    }
};

void one_of_200000_series(benchmark::State &state) {
    Database::get().ask(state,
                        "select mean(value) from \"region.uswest.az.1.server77.cpu\" "
                        "group by time(30s)");
}
void rows_of_one_of_200000_series(benchmark::State &state) {
    Database::get().ask(state, "select * from \"region.uswest.az.1.server77.cpu\" limit 5");
}
void merge_of_10000_series(benchmark::State &state) {
    Database::get().ask(state, R"(select mean(value) from merge(/.*az\.1\..*\.cpu/) )"
                               "group by time(1h)");
}
void each_of_10000_series(benchmark::State &state) {
    Database::get().ask(state, R"(select mean(value) from /.*az\.1\..*\.cpu/ group by time(1h))");
}
void list_of_10000_series(benchmark::State &state) {
    Database::get().ask(state, R"(list series /az\.1\./)");
}

// Arguments: how many queries copy (all of them match).
void write_10000_rows(benchmark::State &state) {
    const ScratchFolder folder;
    QueryBench bench(strata_in(folder.path()), {}, nullptr);
    bench.use_influxql08();
    std::string lines;
    for (int i = 0; i < kServersPerZone; ++i) lines += series(i % 100) + " value=1,other=2\n";
    bench.write(lines, "d");
    for (int64_t i = 0; i < state.range(0); ++i) {
        bench.ask("select * from /^region/ into copy" + std::to_string(i) + ".:series_name",
                  language_08());
    }
    for (auto _ : state) bench.write(lines, "d");
    state.SetItemsProcessed(state.iterations() * kServersPerZone);
}

BENCHMARK(one_of_200000_series)->Unit(benchmark::kMillisecond);
BENCHMARK(rows_of_one_of_200000_series)->Unit(benchmark::kMillisecond);
BENCHMARK(merge_of_10000_series)->Unit(benchmark::kMillisecond);
BENCHMARK(each_of_10000_series)->Unit(benchmark::kMillisecond);
BENCHMARK(list_of_10000_series)->Unit(benchmark::kMillisecond);
BENCHMARK(write_10000_rows)->Arg(0)->Arg(1)->Arg(10)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace varve::test
