// What both engines share on the way out: the range of a scan, its columns, memory accounting, and
// the face of a partition.
#pragma once

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <vector>

#include <varve/cpp/storage.hpp>

namespace varve::storage {

// A time range with both ends inside. At the ABI the end is exclusive, but INT64_MAX includes the
// last instant.
struct TimeRange {
    int64_t first = INT64_MIN;
    int64_t last = INT64_MAX;

    static TimeRange from_abi(int64_t from_ns, int64_t to_ns) {
        if (to_ns == INT64_MIN) return {0, -1};
        return {from_ns, to_ns == INT64_MAX ? INT64_MAX : to_ns - 1};
    }
    bool empty() const { return first > last; }
    bool contains(int64_t time) const { return first <= time && time <= last; }
    bool overlaps(int64_t low, int64_t high) const { return first <= high && low <= last; }
};

// Bytes charged to an account; gives them back when destroyed.
class Charge {
  public:
    Charge() = default;
    Charge(const varve_host_memory *memory, varve_account *account)
        : memory_(memory), account_(account) {}
    Charge(const Charge &) = delete;
    Charge &operator=(const Charge &) = delete;
    ~Charge() { reset(); }

    // resource_exhausted when the account does not allow it.
    Status add(uint64_t size_bytes) {
        if (account_ == nullptr) return {};
        varve_error error = abi_error();
        const int32_t code = memory_->charge(account_, size_bytes, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        charged_ += size_bytes;
        return {};
    }
    void reset() {
        if (charged_ != 0) memory_->release(account_, charged_);
        charged_ = 0;
    }

  private:
    const varve_host_memory *memory_ = nullptr;
    varve_account *account_ = nullptr;
    uint64_t charged_ = 0;
};

// What a scan yields; shared by its partitions. `request` lives until the last one is closed.
struct ScanShape {
    const varve_scan_request *request = nullptr;
    TimeRange range;
    std::vector<varve_scan_column> columns;  // names point into the request
    std::vector<uint32_t> asked;

    // types_of(name) gives the bits of the existing types of a field.
    template <typename TypesOf>
    static ScanShape resolve(const varve_scan_request &request, TypesOf types_of) {
        ScanShape shape;
        shape.request = &request;
        shape.range = TimeRange::from_abi(request.from_ns, request.to_ns);
        for (uint32_t i = 0; i < request.column_count; ++i) {
            const varve_scan_column &column = request.columns[i];
            uint32_t types = 1u << column.type;
            if (column.type == VARVE_TYPE_ANY) types = types_of(view(column.name));
            for (uint32_t type = VARVE_TYPE_FLOAT64; type <= VARVE_TYPE_BOOLEAN; ++type) {
                if ((types >> type & 1) == 0) continue;
                shape.columns.push_back({column.name, type, 0});
                shape.asked.push_back(i);
            }
        }
        return shape;
    }

    void describe(varve_scan_schema &schema) const {
        schema.struct_size = sizeof schema;
        schema.column_count = static_cast<uint32_t>(columns.size());
        schema.columns = columns.data();
        schema.asked = asked.data();
    }
    bool cancelled() const {
        return request->cancelled != nullptr &&
               __atomic_load_n(request->cancelled, __ATOMIC_RELAXED) != 0;
    }
};

// How many partitions to make of this many series: as asked for, but no empty ones and not more
// than the caller has room for.
inline uint32_t partition_count(const varve_scan_request &request, uint32_t capacity,
                                size_t series_count) {
    const uint64_t wanted = std::max<uint64_t>(request.partition_count, 1);
    return static_cast<uint32_t>(std::min<uint64_t>({wanted, capacity, series_count}));
}

// One thread at a time; kind/storage.h says what each function promises.
class Partition {
  public:
    virtual ~Partition() = default;
    virtual Status next(varve_block &block) = 0;
    virtual Status load(const varve_block &block, std::span<const uint32_t> positions,
                        varve_loaded &out) = 0;
    virtual std::string_view series_key(uint32_t series) = 0;
    virtual std::string_view series_tag(uint32_t series, uint32_t tag) = 0;
    virtual Status lookup(std::span<const uint32_t> series, std::span<const int64_t> times,
                          std::span<const uint32_t> positions, varve_looked_up &out) = 0;
};

inline varve_partition *to_abi(Partition *partition) {
    return reinterpret_cast<varve_partition *>(partition);
}

// The table's functions on partitions of this class.
Storage::PartitionTable partition_functions();

}  // namespace varve::storage
