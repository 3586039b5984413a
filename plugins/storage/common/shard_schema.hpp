// Which fields a shard knows, with which types, and since and until which write.
//
// Threads: the writer of the database changes it and may read without asking; everybody else reads
// through visible_fields and visible_types.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace varve::storage {

// The strongest type first, as varve_type counts.
inline constexpr uint32_t kTypeFirst = 1;
inline constexpr uint32_t kTypeLast = 5;

class ShardSchema {
  public:
    // ---- the writer's ----
    // Bit t is set when the field has type t now.
    uint32_t types_now(std::string_view measurement, std::string_view field) const;
    // Notes a type of a field from this write on; nothing changes if it is there.
    void add(std::string_view measurement, std::string_view field, uint32_t type, uint64_t lsn);
    // Ends all fields of a measurement with this delete.
    void remove(std::string_view measurement, uint64_t lsn);

    // ---- [any] ----
    // Bits of the types that a snapshot at this LSN sees.
    uint32_t visible_types(std::string_view measurement, std::string_view field,
                           uint64_t lsn) const;
    // Calls visit(field, type) for all fields of the measurement that the snapshot sees, ascending.
    template <typename Visit>
    void visible_fields(std::string_view measurement, uint64_t lsn, Visit visit) const {
        std::shared_lock lock(mutex_);
        const auto found = measurements_.find(measurement);
        if (found == measurements_.end()) return;
        for (const auto &[field, spans] : found->second) {
            const uint32_t types = types_at(spans, lsn);
            for (uint32_t type = kTypeFirst; type <= kTypeLast; ++type) {
                if ((types >> type & 1) != 0) visit(std::string_view(field), type);
            }
        }
    }
    // The names of all measurements ever seen here.
    std::vector<std::string> measurements() const;

  private:
    struct Span {
        uint32_t type;
        uint64_t from;
        uint64_t to;  // exclusive
    };
    using Fields = std::map<std::string, std::vector<Span>, std::less<>>;

    static uint32_t types_at(const std::vector<Span> &spans, uint64_t lsn);

    mutable std::shared_mutex mutex_;
    std::map<std::string, Fields, std::less<>> measurements_;
};

}  // namespace varve::storage
