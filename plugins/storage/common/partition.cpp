#include "storage/common/partition.hpp"

namespace varve::storage {
namespace {

Partition &of(varve_partition *partition) {
    return *reinterpret_cast<Partition *>(partition);
}

int32_t next(varve_partition *partition, varve_block *block, varve_error *error) {
    return guarded(error, [&] { return of(partition).next(*block); });
}

int32_t load(varve_partition *partition, const varve_block *block, const uint32_t *positions,
             uint32_t position_count, varve_loaded *out, varve_error *error) {
    return guarded(error, [&] {
        return of(partition).load(*block, {positions, position_count}, *out);
    });
}

varve_str series_key(varve_partition *partition, uint32_t series) {
    return str(of(partition).series_key(series));
}

varve_str series_tag(varve_partition *partition, uint32_t series, uint32_t tag) {
    return str(of(partition).series_tag(series, tag));
}

int32_t lookup(varve_partition *partition, const uint32_t *series, const int64_t *times,
               uint32_t row_count, const uint32_t *positions, uint32_t position_count,
               varve_looked_up *out, varve_error *error) {
    return guarded(error, [&] {
        return of(partition).lookup({series, row_count}, {times, row_count},
                                    {positions, position_count}, *out);
    });
}

void close(varve_partition *partition) {
    guarded_void([&] { delete &of(partition); });
}

}  // namespace

Storage::PartitionTable partition_functions() {
    return {&next, &load, &series_key, &series_tag, &lookup, &close};
}

}  // namespace varve::storage
