// Snapshots and scans.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"
#include "storage/strata/scan/scan_partition.hpp"

namespace varve::strata {
namespace {

using storage::TimeRange;

// A condition prunes when its column is scanned as one type: then a row without that value cannot
// meet it.
void add_conditions(ScanState &state, const varve_scan_request &request) {
    for (uint32_t i = 0; i < request.condition_count; ++i) {
        const varve_value_condition &condition = request.conditions[i];
        uint32_t found = 0;
        uint32_t at = 0;
        for (uint32_t c = 0; c < state.shape.columns.size(); ++c) {
            if (view(state.shape.columns[c].name) != view(condition.column)) continue;
            ++found;
            at = c;
        }
        if (found == 1) state.conditions.emplace_back(at, &condition);
    }
}

}  // namespace

Status StrataStorage::snapshot_open(uint64_t db_id, varve_snapshot **out, uint64_t *lsn) {
    auto found = database(db_id);
    if (!found.ok()) return found.status();
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->database = *found;
    snapshot->opened_ns = host_.monotonic_ns();
    {
        std::lock_guard lock((*found)->mutex);
        snapshot->lsn = (*found)->last_lsn;
        for (const auto &[key, shard] : (*found)->shards) {
            snapshot->shards.push_back({shard, shard->sources});
        }
    }
    std::sort(snapshot->shards.begin(), snapshot->shards.end(),
              [](const ShardView &a, const ShardView &b) {
                  return a.shard->identity.from_ns < b.shard->identity.from_ns;
              });
    *lsn = snapshot->lsn;
    ++open_snapshots_;
    *out = reinterpret_cast<varve_snapshot *>(snapshot.release());
    return {};
}

void StrataStorage::snapshot_close(varve_snapshot *snapshot) {
    --open_snapshots_;
    delete reinterpret_cast<Snapshot *>(snapshot);
}

Status StrataStorage::check_age(const Snapshot &snapshot) {
    if (host_.monotonic_ns() - snapshot.opened_ns <= options_.snapshot_ttl_ns) return {};
    return {Code::snapshot_expired, "the snapshot is older than snapshot_ttl"};
}

Status StrataStorage::scan(varve_snapshot *handle, const varve_scan_request &request,
                           varve_partition **out, uint32_t capacity, uint32_t *count,
                           varve_scan_schema *schema) {
    *count = 0;
    *schema = varve_scan_schema{};
    schema->struct_size = sizeof *schema;
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    VARVE_RETURN_IF_ERROR(check_age(snapshot));
    const TimeRange range = TimeRange::from_abi(request.from_ns, request.to_ns);
    const std::string_view measurement = view(request.measurement);
    std::vector<const ShardView *> shards;
    for (const ShardView &one : snapshot.shards) {
        const bool of_policy = one.shard->identity.rp_id == request.rp_id;
        if (of_policy && one.shard->overlaps(range)) shards.push_back(&one);
    }
    auto state = std::make_shared<ScanState>();
    state->shape = storage::ScanShape::resolve(request, [&](std::string_view field) {
        uint32_t types = 0;
        for (const ShardView *one : shards) {
            types |= one->shard->schema.visible_types(measurement, field, snapshot.lsn);
        }
        return types;
    });
    state->lsn = snapshot.lsn;
    state->memory = host_.memory();
    state->keeper = snapshot.database;
    state->index = &snapshot.database->index;
    state->measurement = measurement;
    add_conditions(*state, request);
    for (const ShardView *one : shards) {
        ShardScan scan{one->shard,
                       one->sources,
                       {},
                       {},
                       one->shard->identity.from_ns,
                       one->shard->identity.to_ns};
        for (const varve_scan_column &column : state->shape.columns) {
            scan.wanted.push_back(
                one->shard->columns.find(measurement, view(column.name), column.type));
        }
        state->shards.push_back(std::move(scan));
    }
    const auto matching = snapshot.database->index.select(measurement, request.series);
    if (!matching.ok()) return matching.status();
    Bitmap possible;
    for (size_t i = 0; i < shards.size(); ++i) {
        ShardScan &scan = state->shards[i];
        scan.possible = possible_series(*scan.sources, snapshot.lsn, *matching);
        possible |= scan.possible;
    }
    std::vector<uint32_t> series;
    series.reserve(possible.cardinality());
    possible.for_each([&](uint32_t one) { series.push_back(one); });
    const uint32_t wanted = storage::partition_count(request, capacity, series.size());
    const size_t share = wanted == 0 ? 0 : (series.size() + wanted - 1) / wanted;
    std::vector<std::unique_ptr<ScanPartition>> partitions;
    for (size_t from = 0; from < series.size(); from += share) {
        const size_t to = std::min(from + share, series.size());
        partitions.push_back(std::make_unique<ScanPartition>(
            state, std::vector(series.begin() + static_cast<int64_t>(from),
                               series.begin() + static_cast<int64_t>(to))));
    }
    for (auto &partition : partitions) out[(*count)++] = storage::to_abi(partition.release());
    if (*count != 0) state->shape.describe(*schema);
    return {};
}

Storage::PartitionTable StrataStorage::partition_table() const {
    return storage::partition_functions();
}

}  // namespace varve::strata
