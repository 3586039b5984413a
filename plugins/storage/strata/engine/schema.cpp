// The schema calls. Without a time range they touch the index only; with one, a series counts when
// one of its rows lies inside.
#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

using storage::TimeRange;

TimeRange range_of(const varve_schema_request &request) {
    if (request.has_range == 0) return {};
    return TimeRange::from_abi(request.from_ns, request.to_ns);
}

bool concerns(const Shard &shard, const varve_schema_request &request) {
    const ShardIdentity &identity = shard.identity;
    const TimeRange range = range_of(request);
    const int64_t last = identity.to_ns == INT64_MAX ? INT64_MAX : identity.to_ns - 1;
    return (request.rp_id == 0 || identity.rp_id == request.rp_id) && !range.empty() &&
           range.overlaps(identity.from_ns, last);
}

// Whether one of the reader's rows lies in the range and, with a column wanted, has a value there.
Result<bool> any_row(SeriesReader &reader, const TimeRange &range, bool with_value) {
    for (Status status = reader.next();; status = reader.next()) {
        if (status.code() == Code::end) return false;
        if (!status.ok()) return status;
        auto times = reader.times();
        if (!times.ok()) return times.status();
        DecodedColumn column;
        if (with_value) {
            auto read = reader.column(0);
            if (!read.ok()) return read.status();
            column = *read;
        }
        for (uint32_t row = 0; row < reader.row_count(); ++row) {
            if (!range.contains((*times)[row])) continue;
            if (column.validity == nullptr || (column.validity[row / 64] >> (row % 64) & 1) != 0) {
                return true;
            }
        }
    }
}

Result<bool> has_rows(const ShardView &one, uint32_t series, const Column *column,
                      const TimeRange &range, uint64_t lsn) {
    ReadOptions options;
    options.range = range;
    options.lsn = lsn;
    std::vector<const Column *> wanted;
    if (column != nullptr) wanted.push_back(column);
    SeriesReader reader(one.sources, series, std::move(wanted), options);
    if (Status status = reader.open(); !status.ok()) return status;
    return any_row(reader, range, column != nullptr);
}

}  // namespace

Result<std::map<uint32_t, const storage::Series *>> StrataStorage::visible_series(
    const Snapshot &snapshot, const varve_schema_request &request) {
    if (Status status = check_age(snapshot); !status.ok()) return status;
    const auto predicate = storage::Predicate::compile(request.series);
    if (!predicate.ok()) return predicate.status();
    std::map<uint32_t, const storage::Series *> found;
    const auto candidates = snapshot.database->index.of_measurement(view(request.measurement));
    for (const ShardView &one : snapshot.shards) {
        if (!concerns(*one.shard, request)) continue;
        for (const storage::Series *series : candidates) {
            if (!one.shard->is_visible(series->id, snapshot.lsn)) continue;
            if (found.count(series->id) != 0 || !predicate->matches(series->parts)) continue;
            if (request.has_range != 0) {
                const auto any =
                    has_rows(one, series->id, nullptr, range_of(request), snapshot.lsn);
                if (!any.ok()) return any.status();
                if (!*any) continue;
            }
            found.emplace(series->id, series);
        }
    }
    return found;
}

template <typename List>
Status StrataStorage::list(varve_snapshot *handle, const varve_schema_request &request,
                           varve_schema_sink sink, List list_function) {
    auto series = visible_series(*reinterpret_cast<Snapshot *>(handle), request);
    if (!series.ok()) return series.status();
    storage::SeriesList listed;
    for (const auto &[id, one] : *series) listed.push_back(one);
    list_function(listed, request, sink);
    return {};
}

Status StrataStorage::measurements(varve_snapshot *snapshot, const varve_schema_request &request,
                                   varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_measurements);
}

Status StrataStorage::tag_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                               varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_tag_keys);
}

Status StrataStorage::tag_values(varve_snapshot *snapshot, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_tag_values);
}

Status StrataStorage::series(varve_snapshot *snapshot, const varve_schema_request &request,
                             varve_schema_sink sink) {
    return list(snapshot, request, sink, storage::list_series);
}

Status StrataStorage::cardinality(varve_snapshot *handle, const varve_schema_request &request,
                                  uint64_t *out) {
    auto series = visible_series(*reinterpret_cast<Snapshot *>(handle), request);
    if (!series.ok()) return series.status();
    *out = series->size();
    return {};
}

Status StrataStorage::field_keys(varve_snapshot *handle, const varve_schema_request &request,
                                 varve_schema_sink sink) {
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    auto series = visible_series(snapshot, request);
    if (!series.ok()) return series.status();
    storage::FieldSet fields;
    for (const ShardView &one : snapshot.shards) {
        if (!concerns(*one.shard, request)) continue;
        std::set<std::string_view> done;  // measurements, where one series is enough
        for (const auto &[id, member] : *series) {
            if (!one.shard->is_visible(id, snapshot.lsn)) continue;
            if (request.has_range == 0 && !done.insert(member->measurement()).second) continue;
            std::vector<std::pair<std::string, uint32_t>> known;
            one.shard->schema.visible_fields(
                member->measurement(), snapshot.lsn,
                [&](std::string_view field, uint32_t type) { known.emplace_back(field, type); });
            for (auto &field : known) {
                if (request.has_range != 0) {
                    if (fields.count(field) != 0) continue;
                    const Column *column =
                        one.shard->columns.find(member->measurement(), field.first, field.second);
                    const auto any = has_rows(one, id, column, range_of(request), snapshot.lsn);
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
