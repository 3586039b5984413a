// The series index with a million series, by two laws: "cpu", ten tags of which one is unique, and
// "churn", pods that come and go. Every figure is taken on real files.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include <varve/cpp/bytes.hpp>

#include "base/env.hpp"
#include "common/series_key.hpp"
#include "storage/strata/index/series_index.hpp"
#include "support/fake_host.hpp"
#include "support/scratch_folder.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kSeries = 1'000'000;
constexpr uint64_t kSeed = 0x5eed;
constexpr uint64_t kFlushAt = 64 << 20;  // bytes of keys in the head

std::vector<std::string> cpu_keys() {
    static const char *regions[] = {"us-east-1",      "us-west-1",      "us-west-2",
                                    "eu-west-1",      "eu-central-1",   "ap-southeast-1",
                                    "ap-southeast-2", "ap-northeast-1", "sa-east-1"};
    static const char *systems[] = {"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"};
    static const char *teams[] = {"SF", "NYC", "LON", "CHI"};
    static const char *stages[] = {"production", "staging", "test"};
    std::mt19937_64 random(123);
    std::vector<std::string> keys;
    for (uint32_t host = 0; host < kSeries; ++host) {
        const std::string region = regions[random() % 9];
        const char zone = static_cast<char>('a' + random() % 3);
        const std::string values[] = {random() % 2 == 0 ? "x64" : "x86", region + zone,
                                      "host_" + std::to_string(host),    systems[random() % 3],
                                      std::to_string(random() % 100),    region,
                                      std::to_string(random() % 20),     stages[random() % 3],
                                      std::to_string(random() % 2),      teams[random() % 4]};
        static const char *tags[] = {
            "arch",    "datacenter",          "hostname",        "os",  "rack", "region",
            "service", "service_environment", "service_version", "team"};
        std::string &key = keys.emplace_back("cpu");
        for (size_t i = 0; i < std::size(tags); ++i) {
            ((key.append(1, ',') += tags[i]).append(1, '=')) += values[i];
        }
    }
    return keys;
}

std::vector<std::string> churn_keys() {
    std::vector<std::string> keys;
    for (long i = 0; i < long{kSeries}; ++i) {
        char key[128];
        std::snprintf(key, sizeof key, "job,namespace=team%ld,node=n%ld,pod=worker-%lx-%05ld",
                      i % 50, i % 300, (i * 2654435761L) & 0xffffffff, i % 99991);
        keys.emplace_back(key);
    }
    return keys;
}

const std::vector<std::string> &keys_of(int64_t law) {
    static const std::vector<std::string> cpu = cpu_keys();
    static const std::vector<std::string> churn = churn_keys();
    return law == 0 ? cpu : churn;
}

const std::vector<series_key::Hashes> &hashes_of(int64_t law) {
    static std::vector<series_key::Hashes> hashes[2];
    if (hashes[law].empty()) {
        for (const std::string &key : keys_of(law)) {
            hashes[law].push_back(series_key::hashes(key, kSeed));
        }
    }
    return hashes[law];
}

uint64_t anonymous_bytes() {
    malloc_trim(0);
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        uint64_t kilobytes = 0;
        if (word == "RssAnon:" && status >> kilobytes) return kilobytes << 10;
    }
    return 0;
}

void must(const Status &status) {
    if (status.ok()) return;
    std::fprintf(stderr, "%s\n", status.text().c_str());
    std::abort();
}

class Place {
  public:
    Place() : host_(Env::posix(), folder_.path()) {}
    std::unique_ptr<SeriesIndex> open() {
        auto index = std::make_unique<SeriesIndex>(Files(host_.host()), folder_ / "index", kSeed);
        std::vector<SeriesIndex::Damage> damaged;
        must(index->open(damaged));
        if (!damaged.empty()) std::abort();
        return index;
    }
    // Takes the files out of the page cache.
    void evict() const {
        for (const auto &entry : std::filesystem::directory_iterator(folder_ / "index")) {
            const int file = ::open(entry.path().c_str(), O_RDONLY);
            if (file < 0 || ::fdatasync(file) != 0 ||
                ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
                std::abort();
            }
            ::close(file);
        }
    }

  private:
    test::ScratchFolder folder_;
    test::FakeHost host_;
};

void fill(SeriesIndex &index, int64_t law, uint32_t begin = 0, uint32_t end = kSeries) {
    const auto &keys = keys_of(law);
    const auto &hashes = hashes_of(law);
    for (uint32_t i = begin; i < end; ++i) {
        const auto id = index.intern(keys[i], hashes[i]);
        if (!id.ok()) must(id.status());
    }
}

// One file with every series of a law, made once.
Place &filled(int64_t law) {
    static std::unique_ptr<Place> places[2];
    if (places[law] == nullptr) {
        places[law] = std::make_unique<Place>();
        const auto index = places[law]->open();
        fill(*index, law);
        must(index->flush().status());
    }
    return *places[law];
}

// The writer's thread, while another flushes and merges.
void intern_new(benchmark::State &state) {
    hashes_of(state.range(0));
    for (auto _ : state) {
        Place place;
        const auto index = place.open();
        std::atomic<bool> done = false;
        std::thread flusher([&] {
            while (!done) {
                if (index->statistics().head_bytes >= kFlushAt) {
                    must(index->flush().status());
                    must(index->merge(false));
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
        const int64_t before = Env::posix().monotonic_ns();
        fill(*index, state.range(0));
        state.SetIterationTime(static_cast<double>(Env::posix().monotonic_ns() - before) / 1e9);
        done = true;
        flusher.join();
    }
    state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(intern_new)->Arg(0)->Arg(1)->UseManualTime()->Unit(benchmark::kMillisecond);

// Writes of 5,000 keys that repeat, `range` series in turn.
void find_cached(benchmark::State &state) {
    const auto index = filled(0).open();
    const auto &keys = keys_of(0);
    const auto &hashes = hashes_of(0);
    const auto active = static_cast<uint32_t>(state.range(0));
    fill(*index, 0, 0, active);
    std::vector<varve_series_key> batch;
    for (uint32_t i = 0; i < active; ++i) {
        batch.push_back({str(keys[i]), hashes[i].hash, hashes[i].check});
    }
    constexpr uint32_t kBatch = 5000;
    std::vector<uint32_t> ids(kBatch);
    std::vector<uint8_t> live(kBatch);
    uint32_t at = 0;
    for (auto _ : state) {
        if (!index->find_all(std::span(batch).subspan(at, kBatch), ids, live).ok()) std::abort();
        benchmark::DoNotOptimize(ids.data());
        at = (at + kBatch) % active;
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(find_cached)->Arg(5'000)->Arg(100'000)->Arg(1'000'000);

void find_uncached(benchmark::State &state) {
    const auto index = filled(0).open();
    std::mt19937_64 random(1);
    for (auto _ : state) {
        const auto at = static_cast<uint32_t>(random() % kSeries);
        benchmark::DoNotOptimize(index->find(keys_of(0)[at], hashes_of(0)[at]));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_uncached)->Iterations(300'000);

void flush_and_merge(benchmark::State &state) {
    hashes_of(state.range(0));
    for (auto _ : state) {
        Place place;
        const uint64_t before = anonymous_bytes();
        const auto index = place.open();
        for (uint32_t part = 0; part < 4; ++part) {
            fill(*index, state.range(0), part * kSeries / 4, (part + 1) * kSeries / 4);
            must(index->flush().status());
        }
        const int64_t start = Env::posix().monotonic_ns();
        must(index->merge(true));
        state.SetIterationTime(static_cast<double>(Env::posix().monotonic_ns() - start) / 1e9);
        must(index->verify());
        index->drop_caches();
        const uint64_t after = anonymous_bytes();
        state.counters["disk_B/series"] =
            static_cast<double>(index->statistics().disk_bytes) / kSeries;
        state.counters["anon_MB"] = static_cast<double>(after - std::min(after, before)) / 1e6;
    }
}
BENCHMARK(flush_and_merge)
    ->Arg(0)
    ->Arg(1)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void open_cold_and_find(benchmark::State &state) {
    Place &place = filled(0);
    for (auto _ : state) {
        place.evict();
        const int64_t before = Env::posix().monotonic_ns();
        const auto index = place.open();
        if (index->find(keys_of(0)[777'777], hashes_of(0)[777'777]) != 777'777) std::abort();
        state.SetIterationTime(static_cast<double>(Env::posix().monotonic_ns() - before) / 1e9);
    }
}
BENCHMARK(open_cold_and_find)->Iterations(5)->UseManualTime()->Unit(benchmark::kMillisecond);

varve_series_predicate leaf(uint32_t op, std::string_view tag, std::string_view value) {
    return {op, 0, str(tag), str(value), nullptr};
}

void and_of_three(benchmark::State &state) {
    const auto index = filled(0).open();
    const auto a = leaf(VARVE_SERIES_EQ, "region", "eu-west-1");
    const auto b = leaf(VARVE_SERIES_EQ, "os", "Ubuntu16.10");
    const auto c = leaf(VARVE_SERIES_EQ, "team", "LON");
    const varve_series_predicate *children[] = {&a, &b, &c};
    const varve_series_predicate tree{VARVE_SERIES_AND, 3, {}, {}, children};
    uint64_t found = 0;
    for (auto _ : state) found = index->select("cpu", &tree)->cardinality();
    state.counters["series"] = static_cast<double>(found);
}
BENCHMARK(and_of_three)->Unit(benchmark::kMicrosecond);

void regex_over_all(benchmark::State &state) {
    const auto index = filled(0).open();
    const auto tree =
        leaf(VARVE_SERIES_MATCH, "hostname", state.range(0) == 0 ? "_[0-9]*77$" : ".*9.*");
    uint64_t found = 0;
    for (auto _ : state) {
        if (state.range(1) == 0) index->drop_caches();
        found = index->select("cpu", &tree)->cardinality();
    }
    state.counters["series"] = static_cast<double>(found);
}
BENCHMARK(regex_over_all)
    ->ArgNames({"pattern", "cached"})
    ->Args({0, 0})
    ->Args({0, 1})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Unit(benchmark::kMillisecond);

void list_values(benchmark::State &state) {
    const auto index = filled(0).open();
    const Bitmap all = Bitmap::from_range(0, kSeries);
    varve_schema_request request{};
    request.struct_size = sizeof request;
    request.measurement = str("cpu");
    request.tag = state.range(0) == 0 ? str("region") : str("hostname");
    uint64_t count = 0;
    for (auto _ : state) {
        count = 0;
        const varve_schema_sink sink{&count, [](void *ctx, varve_str, uint32_t) {
                                         ++*static_cast<uint64_t *>(ctx);
                                         return int32_t{VARVE_OK};
                                     }};
        must(index->list_tag_values(all, request, sink));
    }
    state.counters["values"] = static_cast<double>(count);
}
BENCHMARK(list_values)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void read_all_keys(benchmark::State &state) {
    const auto index = filled(0).open();
    std::string key;
    for (auto _ : state) {
        KeyCursor keys(*index);
        for (uint32_t id = 0; id < kSeries; ++id) must(keys.key_of(id, key));
    }
    state.SetItemsProcessed(state.iterations() * kSeries);
}
BENCHMARK(read_all_keys)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace varve::strata
