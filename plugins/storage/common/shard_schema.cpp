#include "storage/common/shard_schema.hpp"

#include <mutex>

namespace varve::storage {

uint32_t ShardSchema::types_at(const std::vector<Span> &spans, uint64_t lsn) {
    uint32_t types = 0;
    for (const Span &span : spans) {
        if (span.from <= lsn && lsn < span.to) types |= 1u << span.type;
    }
    return types;
}

uint32_t ShardSchema::types_now(std::string_view measurement, std::string_view field) const {
    const auto fields = measurements_.find(measurement);
    if (fields == measurements_.end()) return 0;
    const auto spans = fields->second.find(field);
    return spans == fields->second.end() ? 0 : types_at(spans->second, UINT64_MAX - 1);
}

void ShardSchema::add(std::string_view measurement, std::string_view field, uint32_t type,
                      uint64_t lsn) {
    if ((types_now(measurement, field) >> type & 1) != 0) return;
    std::unique_lock lock(mutex_);
    auto fields = measurements_.find(measurement);
    if (fields == measurements_.end()) {
        fields = measurements_.emplace(std::string(measurement), Fields{}).first;
    }
    fields->second[std::string(field)].push_back({type, lsn, UINT64_MAX});
}

void ShardSchema::remove(std::string_view measurement, uint64_t lsn) {
    std::unique_lock lock(mutex_);
    const auto fields = measurements_.find(measurement);
    if (fields == measurements_.end()) return;
    for (auto &[field, spans] : fields->second) {
        for (Span &span : spans) {
            if (span.to == UINT64_MAX) span.to = lsn;
        }
    }
}

uint32_t ShardSchema::visible_types(std::string_view measurement, std::string_view field,
                                    uint64_t lsn) const {
    std::shared_lock lock(mutex_);
    const auto fields = measurements_.find(measurement);
    if (fields == measurements_.end()) return 0;
    const auto spans = fields->second.find(field);
    return spans == fields->second.end() ? 0 : types_at(spans->second, lsn);
}

std::vector<std::string> ShardSchema::measurements() const {
    std::shared_lock lock(mutex_);
    std::vector<std::string> names;
    names.reserve(measurements_.size());
    for (const auto &[name, fields] : measurements_) names.push_back(name);
    return names;
}

}  // namespace varve::storage
