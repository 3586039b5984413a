// Writing to and scanning strata in process: 10 fields a row, 1000 series, batches of 5000 rows.
#include <atomic>
#include <thread>

#include <benchmark/benchmark.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

constexpr int kRows = 5000;
constexpr int kFields = 10;

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, false};

std::vector<Point> points_at(int64_t time) {
    std::vector<Point> points;
    for (int row = 0; row < kRows; ++row) {
        Point point;
        point.key = "cpu,host=h" + std::to_string(row % 1000) + ",region=eu";
        point.time = time + row / 1000;
        for (int field = 0; field < kFields; ++field) {
            point.fields["field_" + std::to_string(field)] = "f:" + std::to_string(row % 97);
        }
        points.push_back(std::move(point));
    }
    return points;
}

struct Setup {
    explicit Setup() : engine(kStrata) {
        engine.host().set("memtable_size_max", 64 << 20);
        engine.host().set("wal_segment_size", 64 << 20);
        engine.host().set("segments_max", 8);
        if (!engine.start().ok()) std::abort();
    }

    // Writes the batch with all times moved by `step`; `done` counts.
    void write(std::vector<int64_t> &times, uint32_t durability) {
        const varve_shard_range shard{1, 0, INT64_MAX};
        varve_write_opts opts{};
        opts.struct_size = sizeof opts;
        opts.durability = durability;
        opts.interval_ns = 100'000'000;
        opts.db_id = opts.rp_id = 1;
        opts.shards = &shard;
        opts.shard_count = 1;
        for (int64_t &time : times) time += 5;
        varve_table table = *builder.batch().tables[0];
        table.times = times.data();
        const varve_table *tables[] = {&table};
        varve_batch batch = builder.batch();
        batch.tables = tables;
        std::atomic<uint32_t> code{UINT32_MAX};
        while (true) {
            const int32_t refused = engine.client().table().write(
                engine.client().instance(), &batch, &opts,
                [](void *ctx, const varve_write_result *result) {
                    auto &answer = *static_cast<std::atomic<uint32_t> *>(ctx);
                    answer = result->code;
                    answer.notify_one();
                },
                &code, nullptr);
            if (refused == VARVE_OK) break;
            std::this_thread::yield();  // back-pressure
        }
        code.wait(UINT32_MAX);
        if (code != VARVE_OK) std::abort();
    }

    Engine engine;
    BatchBuilder builder{points_at(0), nullptr};
};

void write_rows(benchmark::State &state) {
    Setup setup;
    const int64_t *first = setup.builder.batch().tables[0]->times;
    std::vector<int64_t> times(first, first + kRows);
    for (auto _ : state) setup.write(times, static_cast<uint32_t>(state.range(0)));
    state.counters["values/s"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * kRows * kFields, benchmark::Counter::kIsRate);
}
BENCHMARK(write_rows)
    ->Arg(VARVE_DURABILITY_ALWAYS)
    ->Arg(VARVE_DURABILITY_OS)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void scan_rows(benchmark::State &state) {
    Setup setup;
    const int64_t *first = setup.builder.batch().tables[0]->times;
    std::vector<int64_t> times(first, first + kRows);
    for (int i = 0; i < 200; ++i) setup.write(times, VARVE_DURABILITY_OS);
    if (state.range(0) == 1 && !setup.engine.client().compact().ok()) std::abort();
    const varve_storage &table = setup.engine.client().table();
    std::vector<std::string> names;
    for (int field = 0; field < kFields; ++field) names.push_back("field_" + std::to_string(field));
    std::vector<varve_scan_column> columns;
    std::vector<uint32_t> positions;
    for (const std::string &name : names) {
        positions.push_back(static_cast<uint32_t>(columns.size()));
        columns.push_back({str(name), VARVE_TYPE_FLOAT64, 0});
    }
    varve_scan_request request{};
    request.struct_size = sizeof request;
    request.db_id = request.rp_id = 1;
    request.measurement = str("cpu");
    request.from_ns = INT64_MIN;
    request.to_ns = INT64_MAX;
    request.columns = columns.data();
    request.column_count = kFields;
    request.partition_count = 1;
    uint64_t values = 0;
    for (auto _ : state) {
        varve_snapshot *snapshot = setup.engine.client().open_snapshot();
        varve_partition *partition = nullptr;
        uint32_t count = 0;
        varve_scan_schema schema{};
        table.scan(setup.engine.client().instance(), snapshot, &request, &partition, 1, &count,
                   &schema, nullptr);
        varve_block block{};
        while (table.next(partition, &block, nullptr) == VARVE_OK) {
            varve_loaded loaded{};
            table.load(partition, &block, positions.data(), kFields, &loaded, nullptr);
            values += uint64_t{loaded.row_count} * kFields;
        }
        table.partition_close(partition);
        setup.engine.client().close_snapshot(snapshot);
    }
    state.counters["values/s"] =
        benchmark::Counter(static_cast<double>(values), benchmark::Counter::kIsRate);
}
BENCHMARK(scan_rows)->Arg(0)->Arg(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace varve::test
