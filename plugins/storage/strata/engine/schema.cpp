// The schema calls. Without a time range they touch the index only; with one, a series counts when
// one of its rows lies inside.
#include "storage/common/listing.hpp"
#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

using storage::TimeRange;

TimeRange range_of(const varve_schema_request &request) {
    if (request.has_range != VARVE_RANGE_POINTS) return {};
    return TimeRange::from_abi(request.from_ns, request.to_ns);
}

bool concerns(const Shard &shard, const varve_schema_request &request) {
    return (request.rp_id == 0 || shard.identity.rp_id == request.rp_id) &&
           (request.has_range == VARVE_RANGE_NONE ||
            shard.overlaps(TimeRange::from_abi(request.from_ns, request.to_ns)));
}

// Whether one of the series has a value of the column in the range.
Result<bool> any_value(const ShardView &one, const Bitmap &series, std::string_view measurement,
                       const Column *column, const TimeRange &range, uint64_t lsn) {
    GroupCache cache;
    Bitmap::Cursor cursor(series);
    uint32_t ids[256];
    while (const size_t count = cursor.next(ids)) {
        for (size_t i = 0; i < count; ++i) {
            auto any = has_rows(one.sources, ids[i], measurement, column, range, lsn, cache);
            if (!any.ok() || *any) return any;
        }
    }
    return false;
}

}  // namespace

// The series that match the request and that the snapshot sees.
Result<Bitmap> StrataStorage::visible(const Snapshot &snapshot,
                                      const varve_schema_request &request) {
    if (Status status = check_age(snapshot); !status.ok()) return status;
    const SeriesIndex &index = snapshot.database->index;
    const auto matching = index.select(view(request.measurement), request.series);
    if (!matching.ok()) return matching;
    Bitmap found;
    for (const ShardView &one : snapshot.shards) {
        if (!concerns(*one.shard, request)) continue;
        const auto here =
            visible_series(one.sources, snapshot.lsn, *matching - found, range_of(request), index);
        if (!here.ok()) return here;
        found |= *here;
    }
    return found;
}

template <typename List>
Status StrataStorage::list(varve_snapshot *handle, const varve_schema_request &request,
                           varve_schema_sink sink, List list_function) {
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    const auto series = visible(snapshot, request);
    if (!series.ok()) return series.status();
    return (snapshot.database->index.*list_function)(*series, request, sink);
}

Status StrataStorage::measurements(varve_snapshot *snapshot, const varve_schema_request &request,
                                   varve_schema_sink sink) {
    return list(snapshot, request, sink, &SeriesIndex::list_measurements);
}

Status StrataStorage::tag_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                               varve_schema_sink sink) {
    return list(snapshot, request, sink, &SeriesIndex::list_tag_keys);
}

Status StrataStorage::tag_values(varve_snapshot *snapshot, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    return list(snapshot, request, sink, &SeriesIndex::list_tag_values);
}

Status StrataStorage::series(varve_snapshot *snapshot, const varve_schema_request &request,
                             varve_schema_sink sink) {
    return list(snapshot, request, sink, &SeriesIndex::list_series);
}

Status StrataStorage::cardinality(varve_snapshot *handle, const varve_schema_request &request,
                                  uint64_t *out) {
    const auto series = visible(*reinterpret_cast<Snapshot *>(handle), request);
    if (!series.ok()) return series.status();
    *out = series->cardinality();
    return {};
}

Status StrataStorage::field_keys(varve_snapshot *handle, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    VARVE_RETURN_IF_ERROR(check_age(snapshot));
    const SeriesIndex &index = snapshot.database->index;
    const auto matching = index.select(view(request.measurement), request.series);
    if (!matching.ok()) return matching.status();
    storage::FieldSet fields;
    for (const ShardView &one : snapshot.shards) {
        if (!concerns(*one.shard, request)) continue;
        const auto here =
            visible_series(one.sources, snapshot.lsn, *matching, range_of(request), index);
        if (!here.ok()) return here.status();
        std::vector<std::string> names;
        if (request.measurement.size == 0) {
            VARVE_RETURN_IF_ERROR(measurements_of(index, *here, names));
        } else if (!here->empty()) {
            // Looking for its name among all there are would take longer than anything else.
            names.emplace_back(view(request.measurement));
        }
        for (const std::string &name : names) {
            Bitmap members = *here;
            if (request.has_range == VARVE_RANGE_POINTS) {
                const auto all = index.select(name, nullptr);
                if (!all.ok()) return all.status();
                members &= *all;
            }
            std::vector<std::pair<std::string, uint32_t>> known;
            one.shard->schema.visible_fields(
                name, snapshot.lsn,
                [&](std::string_view field, uint32_t type) { known.emplace_back(field, type); });
            for (auto &field : known) {
                if (fields.count(field) != 0) continue;
                if (request.has_range == VARVE_RANGE_POINTS) {
                    const Column *column = one.shard->columns.find(name, field.first, field.second);
                    const auto any =
                        any_value(one, members, name, column, range_of(request), snapshot.lsn);
                    if (!any.ok()) return any.status();
                    if (!*any) continue;
                }
                fields.insert(std::move(field));
            }
        }
    }
    storage::list_fields(fields, request, sink);
    return {};
}

}  // namespace varve::strata
