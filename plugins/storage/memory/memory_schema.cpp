// The schema calls of the memory engine.
#include "storage/common/listing.hpp"
#include "storage/common/predicate.hpp"
#include "storage/memory/memory_storage.hpp"

namespace varve::memory {
namespace {

using storage::TimeRange;

TimeRange range_of(const varve_schema_request &request) {
    if (request.has_range != VARVE_RANGE_POINTS) return {};
    return TimeRange::from_abi(request.from_ns, request.to_ns);
}

bool concerns(const Shard &shard, const varve_schema_request &request) {
    return (request.rp_id == 0 || shard.rp_id == request.rp_id) &&
           (request.has_range == VARVE_RANGE_NONE ||
            shard.overlaps(TimeRange::from_abi(request.from_ns, request.to_ns)));
}

}  // namespace

Result<MemoryStorage::SeriesSet> MemoryStorage::visible_series(
    const Snapshot &snapshot, const varve_schema_request &request) const {
    const auto predicate = storage::Predicate::compile(request.series);
    if (!predicate.ok()) return predicate.status();
    const std::string_view measurement = view(request.measurement);
    SeriesSet series;
    for (const auto &shard : snapshot.shards) {
        if (!concerns(*shard, request)) continue;
        for (const auto &[id, rows] : shard->series) {
            if (series.count(id) != 0) continue;
            if (!measurement.empty() && rows.series->measurement() != measurement) continue;
            if (!predicate->matches(rows.series->parts)) continue;
            if (rows.visible(snapshot.lsn, range_of(request))) series.emplace(id, rows.series);
        }
    }
    return series;
}

template <typename List>
Status MemoryStorage::list(varve_snapshot *handle, const varve_schema_request &request,
                           varve_schema_sink sink, List list_function) const {
    storage::SeriesList listed;
    {
        std::lock_guard lock(mutex_);
        auto series = visible_series(*reinterpret_cast<Snapshot *>(handle), request);
        if (!series.ok()) return series.status();
        for (const auto &[id, one] : *series) listed.push_back(one);
    }
    list_function(listed, request, sink);
    return {};
}

Status MemoryStorage::measurements(varve_snapshot *snapshot, const varve_schema_request &request,
                                   varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_measurements);
}

Status MemoryStorage::tag_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                               varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_tag_keys);
}

Status MemoryStorage::tag_values(varve_snapshot *snapshot, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_tag_values);
}

Status MemoryStorage::series(varve_snapshot *snapshot, const varve_schema_request &request,
                             varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_series);
}

Status MemoryStorage::cardinality(varve_snapshot *handle, const varve_schema_request &request,
                                  uint64_t *out) {
    std::lock_guard lock(mutex_);
    auto series = visible_series(*reinterpret_cast<Snapshot *>(handle), request);
    if (!series.ok()) return series.status();
    *out = series->size();
    return {};
}

Status MemoryStorage::field_keys(varve_snapshot *handle, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    storage::FieldSet fields;
    {
        std::lock_guard lock(mutex_);
        auto series = visible_series(snapshot, request);
        if (!series.ok()) return series.status();
        for (const auto &shard : snapshot.shards) {
            if (!concerns(*shard, request)) continue;
            for (const auto &[id, one] : *series) {
                const auto rows = shard->series.find(id);
                if (rows == shard->series.end()) continue;
                if (!rows->second.visible(snapshot.lsn, range_of(request))) continue;
                if (request.has_range != VARVE_RANGE_POINTS) {
                    shard->schema.visible_fields(one->measurement(), snapshot.lsn,
                                                 [&](std::string_view field, uint32_t type) {
                                                     fields.emplace(field, type);
                                                 });
                    continue;
                }
                for (const auto &[time, cells] : rows->second.rows) {
                    if (!range_of(request).contains(time)) continue;
                    for (const auto &[column, value] : visible_row(cells, snapshot.lsn)) {
                        fields.insert(*column);
                    }
                }
            }
        }
    }
    storage::list_fields(fields, request, sink);
    return {};
}

}  // namespace varve::memory
