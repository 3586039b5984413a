// Renaming a measurement: its rows are written anew under the new name, series by series, and then
// a delete takes the old ones, all in the log in this order and under the database's lock. If there
// is no room for the copies, a delete takes them back. A crash between leaves rows under both names
// and loses none.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

// Rows of one frame, about.
constexpr size_t kFrameBytes = 4 << 20;

// The key of the same series under another measurement.
Result<std::string> renamed_key(const std::string &key, std::string_view to) {
    series_key::Parts parts;
    if (Status status = series_key::split(key, parts); !status.ok()) return status;
    std::string out;
    if (Status status = series_key::append(to, parts.tags, out); !status.ok()) return status;
    return out;
}

}  // namespace

// Writes the rows of one series of one shard under another id. [writer]
Status StrataStorage::rename_series(Database &database, Shard &shard, uint32_t from,
                                    std::string_view measurement, uint32_t to, std::string_view key,
                                    std::string_view name) {
    GroupCache cache;
    SeriesReader reader(shard.sources, from, measurement, {}, ReadOptions{}, cache);
    VARVE_RETURN_IF_ERROR(reader.open());
    reader.want(reader.all_columns());
    BlockRows block;
    Status status;
    while (status.ok()) {
        RowBuffer copied;
        copied.reset(reader.all_columns());
        while (copied.size_bytes() < kFrameBytes && (status = reader.next()).ok()) {
            VARVE_RETURN_IF_ERROR(reader.read_block(block));
            copied.append(block);
        }
        if (!status.ok() && status.code() != Code::end) return status;
        if (copied.row_count() == 0) break;
        VARVE_RETURN_IF_ERROR(write_copied(database, shard, copied, to, key, name));
    }
    return {};
}

// Logs and applies rows that were read, as a write of one series. [writer]
Status StrataStorage::write_copied(Database &database, const Shard &shard, const RowBuffer &copied,
                                   uint32_t series, std::string_view key, std::string_view name) {
    Rows rows;
    rows.db_id = database.id;
    rows.rp_id = shard.identity.rp_id;
    RowsPart &part = rows.parts.emplace_back();
    part.shard_id = shard.identity.shard_id;
    part.from_ns = shard.identity.from_ns;
    part.to_ns = shard.identity.to_ns;
    part.measurement = name;
    part.series = {&series, 1};
    if (database.index.in_head(series)) part.named.emplace_back(0, key);
    const std::vector<uint32_t> key_index(copied.row_count(), 0);
    part.key_index = key_index.data();
    part.times = copied.times().data();
    part.row_count = copied.row_count();
    std::deque<std::vector<uint8_t>> bytes;
    for (const ColumnBuffer &column : copied.columns()) {
        RowsColumn &out = part.columns.emplace_back();
        out.name = column.column->name;
        out.type = out.source_type = column.column->type;
        out.validity = column.validity.data();
        out.values = column.words.data();
        if (column.is_text()) out.values = column.texts.data();
        if (out.type == VARVE_TYPE_BOOLEAN) {
            out.values = bytes.emplace_back(column.words.begin(), column.words.end()).data();
        }
    }
    // Flushes cannot catch up while the database is held; memory alone is the limit.
    VARVE_RETURN_IF_ERROR(admit_memory(rows));
    WalEntry entry;
    entry.type = FrameType::rows;
    entry.payload = encode_rows(rows);
    entry.durability = VARVE_DURABILITY_OS;  // the delete behind it syncs the log
    entry.done = [](const Status &, uint64_t) {};
    const auto lsn = wal_->submit(std::move(entry));
    if (!lsn.ok()) return lsn.status();
    apply(database, rows, *lsn);
    return {};
}

Status StrataStorage::measurement_rename(uint64_t db_id, std::string_view from, std::string_view to,
                                         varve_write_done done, void *ctx) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    auto found = database(db_id);
    if (!found.ok()) return found.status();
    Database &database = **found;
    {
        std::lock_guard lock(database.mutex);
        const auto live = [&](std::string_view name) -> Result<Bitmap> {
            auto all = database.index.select(name, nullptr);
            if (!all.ok()) return all;
            Bitmap alive;
            for (const auto &[key, shard] : database.shards) {
                const auto here =
                    visible_series(shard->sources, UINT64_MAX, *all, {}, database.index);
                if (!here.ok()) return here;
                alive |= *here;
            }
            return alive;
        };
        const auto old = live(from);
        if (!old.ok()) return old.status();
        if (old->empty()) return {Code::not_found, "measurement not found: " + std::string(from)};
        const auto taken = live(to);
        if (!taken.ok()) return taken.status();
        if (!taken->empty()) {
            return {Code::already_exists, "measurement already exists: " + std::string(to)};
        }
        Status status = rename_all(database, from, to, *old);
        const std::string_view gone = status.ok() ? from : to;
        varve_delete_request request{};
        request.struct_size = sizeof request;
        request.db_id = db_id;
        request.measurement = str(gone);
        request.from_ns = INT64_MIN;
        request.to_ns = INT64_MAX;
        request.durability = VARVE_DURABILITY_ALWAYS;
        if (status.ok()) return delete_locked(database, request, done, ctx);
        const Status undone = delete_locked(
            database, request, [](void *, const varve_write_result *) {}, nullptr);
        return undone.ok() ? status : undone;
    }
}

// [writer]
Status StrataStorage::rename_all(Database &database, std::string_view from, std::string_view to,
                                 const Bitmap &series) {
    Status status;
    std::string key;
    series.for_each([&](uint32_t one) {
        if (status.ok()) status = database.index.key_of(one, key);
        if (!status.ok()) return;
        auto renamed = renamed_key(key, to);
        if (!renamed.ok()) {
            status = renamed.status();
            return;
        }
        const auto made =
            database.index.intern(*renamed, series_key::hashes(*renamed, database.hash_seed));
        if (!made.ok()) {
            status = made.status();
            return;
        }
        for (const auto &[shard_key, shard] : database.shards) {
            if (status.ok()) {
                status = rename_series(database, *shard, one, from, *made, *renamed, to);
            }
        }
    });
    return status;
}

}  // namespace varve::strata
