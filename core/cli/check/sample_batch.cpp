#include <cstring>
#include <memory>
#include <vector>

#include <xxhash.h>

#include "cli/check/check.hpp"

namespace varve::check {
namespace {

struct SampleBatch {
    varve_batch batch{};
    varve_table table{};
    const varve_table *tables[1];
    varve_series_key keys[2];
    std::vector<uint32_t> key_index;
    std::vector<int64_t> times;
    std::vector<uint32_t> ordinals;
    varve_column columns[5]{};
    std::vector<double> floats;
    std::vector<int64_t> ints;
    std::vector<uint64_t> uints;
    std::vector<varve_str> strings;
    std::vector<uint8_t> booleans;
};

varve_series_key make_key(std::string_view text, uint64_t seed) {
    return {str(text), XXH3_64bits_withSeed(text.data(), text.size(), seed),
            XXH3_64bits_withSeed(text.data(), text.size(), seed ^ VARVE_KEY_CHECK_SEED)};
}

}  // namespace

varve_batch *make_sample_batch(uint32_t rows, uint64_t hash_seed) {
    auto sample = std::make_unique<SampleBatch>();
    sample->keys[0] = make_key("m,t=a", hash_seed);
    sample->keys[1] = make_key("m,t=b", hash_seed);
    for (uint32_t i = 0; i < rows; ++i) {
        sample->key_index.push_back(i % 2);
        sample->times.push_back(int64_t{1000} * (i + 1));
        sample->ordinals.push_back(i);
        sample->floats.push_back(i + 0.5);
        sample->ints.push_back(-static_cast<int64_t>(i));
        sample->uints.push_back(i);
        sample->strings.push_back(str(i % 3 == 0 ? "fizz" : ""));
        sample->booleans.push_back(i % 2);
    }
    const auto column = [&](size_t at, const char *name, uint32_t type, const void *values) {
        sample->columns[at] = {str(name), type, VARVE_DECIMALS_UNKNOWN, {}, values, nullptr};
    };
    column(0, "f", VARVE_TYPE_FLOAT64, sample->floats.data());
    column(1, "i", VARVE_TYPE_INT64, sample->ints.data());
    column(2, "u", VARVE_TYPE_UINT64, sample->uints.data());
    column(3, "s", VARVE_TYPE_STRING, sample->strings.data());
    column(4, "b", VARVE_TYPE_BOOLEAN, sample->booleans.data());
    sample->table = {sizeof(varve_table),
                     2,
                     rows,
                     5,
                     str("m"),
                     sample->keys,
                     sample->key_index.data(),
                     sample->times.data(),
                     sample->ordinals.data(),
                     sample->columns,
                     nullptr};
    sample->tables[0] = &sample->table;
    varve_batch &batch = sample->batch;
    batch.struct_size = sizeof batch;
    batch.table_count = 1;
    batch.tables = sample->tables;
    batch.hash_seed = hash_seed;
    batch.row_count = rows;
    batch.value_count = uint64_t{5} * rows;
    batch.owner = sample.get();
    batch.release = [](varve_batch *released) {
        delete static_cast<SampleBatch *>(released->owner);
    };
    return &sample.release()->batch;
}

}  // namespace varve::check
