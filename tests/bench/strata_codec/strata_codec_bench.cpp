// Sizes and speeds of the codecs: bytes per value as a counter, values per second as items.
//
// Every law is 20 chunks of other seeds, encoded with one set of shared tables, as a segment is;
// their bytes count. Decoding runs with every version of the kernels that the machine has.
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>

#include "laws.hpp"
#include "storage/strata/codec/codec.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kChunks = 20;
constexpr uint64_t kSeed = 321;

// Chunks of one law and their encoded form.
template <typename T>
struct Corpus {
    std::vector<std::vector<T>> chunks;
    std::vector<std::string> bytes;
    std::shared_ptr<const Codebooks> books;
    size_t size = 0;

    template <typename Encode>
    void encode_all(Tier tier, Encode encode) {
        CodebookWriter writer;
        EncodeContext context{tier, tier == Tier::dense ? &writer : nullptr};
        bytes.clear();
        size = 0;
        for (const auto &chunk : chunks) {
            std::string &out = bytes.emplace_back();
            encode(chunk.data(), static_cast<uint32_t>(chunk.size()), context, out);
            size += out.size();
        }
        std::string tables;
        writer.render(tables);
        if (writer.table_count() != 0) size += tables.size();
        books = *Codebooks::parse(tables);
    }
    double values() const { return static_cast<double>(chunks.size() * chunks[0].size()); }
};

template <typename T>
using Law = std::function<std::vector<T>(std::mt19937_64 &, uint32_t)>;

template <typename T>
Corpus<T> make(const Law<T> &law, uint32_t count) {
    std::mt19937_64 random(kSeed);
    Corpus<T> corpus;
    for (uint32_t i = 0; i < kChunks; ++i) corpus.chunks.push_back(law(random, count));
    return corpus;
}

const char *tier_name(Tier tier) {
    return tier == Tier::fast ? "fast" : "dense";
}

template <typename T, typename Encode, typename Decode>
void add_law(const std::string &name, Law<T> law, uint32_t count, Encode encode, Decode decode) {
    for (const Tier tier : {Tier::fast, Tier::dense}) {
        const std::string suffix = name + "/" + tier_name(tier) + "/" + std::to_string(count);
        benchmark::RegisterBenchmark(("encode/" + suffix).c_str(), [=](benchmark::State &state) {
            Corpus<T> corpus = make<T>(law, count);
            for (auto _ : state) corpus.encode_all(tier, encode);
            state.SetItemsProcessed(
                static_cast<int64_t>(static_cast<double>(state.iterations()) * corpus.values()));
            state.counters["bytes_per_value"] = static_cast<double>(corpus.size) / corpus.values();
        });
        for (const char *kernels_name : {"scalar", "avx2", "avx512"}) {
            const Kernels *version = kernels_named(kernels_name);
            if (version == nullptr) continue;
            const std::string full = "decode/" + suffix + "/" + kernels_name;
            benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State &state) {
                Corpus<T> corpus = make<T>(law, count);
                corpus.encode_all(tier, encode);
                std::vector<double> out(count + kDecodeSlack);
                use_kernels(version);
                for (auto _ : state) {
                    for (const std::string &bytes : corpus.bytes) {
                        if (!decode(bytes, count, *corpus.books, out.data()).ok()) std::abort();
                        benchmark::DoNotOptimize(out.data());
                    }
                }
                use_kernels(nullptr);
                state.SetItemsProcessed(static_cast<int64_t>(
                    static_cast<double>(state.iterations()) * corpus.values()));
            });
        }
    }
}

const bool registered = [] {
    const auto ints = [](const std::string &name, Law<int64_t> law, uint32_t count) {
        add_law<int64_t>(name, std::move(law), count, encode_ints, decode_ints_as_doubles);
    };
    const auto floats = [](const std::string &name, Law<double> law, uint32_t count) {
        add_law<double>(name, std::move(law), count, encode_floats, decode_floats);
    };
    for (const uint32_t count : {360u, kChunkValuesMax}) {
        ints("walk_int", bench::walk_ints, count);
        ints("jitter", bench::jittered_times, count);
        floats("full_precision", bench::full_precision, count);
        for (const double sigma : {0.5, 1.0}) {
            floats(
                sigma < 1 ? "float_0.5" : "float_1",
                [=](std::mt19937_64 &random, uint32_t n) {
                    return bench::walk_floats(random, n, sigma);
                },
                count);
        }
    }
    for (const char *law : {"gauge", "rare", "busy", "seconds", "bytes", "load"}) {
        floats(
            std::string("exporter_") + law,
            [law = std::string(law)](std::mt19937_64 &random, uint32_t n) {
                return bench::exporter(random, n, law);
            },
            kChunkValuesMax);
    }
    return true;
}();

}  // namespace
}  // namespace varve::strata
