// Deletes: a tombstone goes to the log and to every shard that it concerns; nothing is rewritten.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

using storage::TimeRange;

// Up to so many series it is worked out at once which of them have lost their last row; of more
// only those that are gone for certain.
constexpr uint64_t kSettledSeriesMax = 1000;
// A memtable with so many series of a delete ends there, so that later questions need not look
// into it row by row.
constexpr uint64_t kFrozenSeriesMin = 1000;

RowCondition owned(const varve_value_condition &condition) {
    RowCondition out;
    out.column = view(condition.column);
    out.op = condition.op;
    out.type = condition.type;
    out.bits = condition.constant.as_uint;
    out.text = view(condition.text);
    return out;
}

bool concerns(const Shard &shard, uint64_t rp_id, const Tombstone &tombstone) {
    return (rp_id == 0 || shard.identity.rp_id == rp_id) && shard.overlaps(tombstone.range);
}

}  // namespace

Status StrataStorage::delete_rows(const varve_delete_request &request, varve_write_done done,
                                  void *ctx) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    auto found = database(request.db_id);
    if (!found.ok()) return found.status();
    std::lock_guard lock((*found)->mutex);
    return delete_locked(**found, request, done, ctx);
}

// [writer]
Status StrataStorage::delete_locked(Database &database, const varve_delete_request &request,
                                    varve_write_done done, void *ctx) {
    Tombstone tombstone;
    tombstone.range = TimeRange::from_abi(request.from_ns, request.to_ns);
    for (uint32_t i = 0; i < request.condition_count; ++i) {
        tombstone.conditions.push_back(owned(request.conditions[i]));
    }
    auto matching = database.index.select(view(request.measurement), request.series);
    if (!matching.ok()) return matching.status();
    for (const auto &[key, shard] : database.shards) {
        if (!concerns(*shard, request.rp_id, tombstone)) continue;
        tombstone.series |= possible_series(*shard->sources, UINT64_MAX, *matching);
    }
    tombstone.series.run_optimise();
    WalEntry entry;
    entry.type = FrameType::tombstone;
    ByteWriter writer(entry.payload);
    writer.put(request.db_id);
    writer.put(request.rp_id);
    writer.bytes(encode_tombstone(tombstone));
    entry.durability = request.durability == VARVE_DURABILITY_DEFAULT
                           ? uint32_t{VARVE_DURABILITY_ALWAYS}
                           : request.durability;
    entry.done = [done, ctx](const Status &status, uint64_t lsn) {
        storage::Outcome outcome;
        outcome.lsn = lsn;
        outcome.status = status;
        outcome.deliver(done, ctx);
    };
    const auto lsn = wal_->submit(std::move(entry));
    if (!lsn.ok()) return lsn.status();
    tombstone.lsn = *lsn;
    database.last_lsn = std::max(database.last_lsn, *lsn);
    apply_tombstone(database, request.rp_id, tombstone);
    wake(true);
    return {};
}

// Gives the tombstone to the shards it concerns, and lets schema and index know what is gone.
// [writer]
void StrataStorage::apply_tombstone(Database &database, uint64_t rp_id,
                                    const Tombstone &tombstone) {
    if (tombstone.range.empty()) return;
    for (const auto &[key, shard] : database.shards) {
        if (!concerns(*shard, rp_id, tombstone)) continue;
        const bool known =
            std::any_of(shard->tombstones.begin(), shard->tombstones.end(),
                        [&](const auto &other) { return other->lsn == tombstone.lsn; });
        if (shard->identity.created_lsn > tombstone.lsn) continue;
        // Read from the log a second time, when everything older has been rid of it already.
        if (!known && shard->covers(tombstone.lsn)) continue;
        auto own = std::make_shared<Tombstone>(tombstone);
        own->series = possible_series(*shard->sources, UINT64_MAX, tombstone.series);
        if (own->series.empty() && !known) continue;
        const bool ends_memtable =
            !tombstone.conditions.empty() || own->series.cardinality() > kFrozenSeriesMin;
        if (ends_memtable) shard->freeze();
        if (!known) {
            const auto place =
                std::find_if(shard->tombstones.begin(), shard->tombstones.end(),
                             [&](const auto &other) { return other->lsn > own->lsn; });
            shard->tombstones.insert(place, own);
        }
        shard->touched_ns = host_.monotonic_ns();
        shard->publish();
        settle_delete(database, *shard, *own);
    }
    forget_series(database, tombstone.series);
}

// Measurements that have lost their last row in the shard lose their fields there.
void StrataStorage::settle_delete(Database &database, Shard &shard, const Tombstone &tombstone) {
    std::vector<std::string> names;
    Status status = measurements_of(database.index, tombstone.series, names);
    for (const std::string &name : names) {
        const auto members = database.index.select(name, nullptr);
        if (!members.ok()) {
            status = members.status();
            continue;
        }
        const Doubt doubt = members->cardinality() > kSettledSeriesMax ? Doubt::count : Doubt::read;
        const auto left =
            visible_series(shard.sources, UINT64_MAX, *members, TimeRange{}, database.index, doubt);
        if (!left.ok()) status = left.status();
        if (left.ok() && left->empty()) shard.schema.remove(name, tombstone.lsn);
    }
    if (!status.ok()) {
        host_.log_warning("after a delete the fields of a shard could not be worked out",
                          {{"shard", shard.directory}, {"error", status.text()}});
    }
}

// Those of the candidates that no shard has rows of are not live any more. [writer]
void StrataStorage::forget_series(Database &database, const Bitmap &candidates) {
    const Doubt doubt = candidates.cardinality() > kSettledSeriesMax ? Doubt::count : Doubt::read;
    Bitmap gone = candidates;
    for (const auto &[key, shard] : database.shards) {
        const auto left =
            visible_series(shard->sources, UINT64_MAX, gone, TimeRange{}, database.index, doubt);
        if (!left.ok()) return;  // counted as live until the next start
        gone -= *left;
    }
    database.index.forget(gone);
    database.forgotten_series += gone.cardinality();
}

}  // namespace varve::strata
