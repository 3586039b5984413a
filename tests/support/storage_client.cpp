#include "support/storage_client.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cinttypes>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "common/series_key.hpp"
#include "storage/common/block_stats.hpp"

namespace varve::test {
namespace {

const char kTypeLetters[] = "?fiusb";

uint32_t type_of(const std::string &value) {
    return static_cast<uint32_t>(std::strchr(kTypeLetters, value[0]) - kTypeLetters);
}

std::string text_of(const varve_column &column, uint32_t row) {
    switch (column.type) {
        case VARVE_TYPE_FLOAT64: {
            char text[64];
            const double number = static_cast<const double *>(column.values)[row];
            if (std::isnan(number)) {
                std::snprintf(text, sizeof text, "nan %016" PRIx64,
                              std::bit_cast<uint64_t>(number));
            } else {
                std::snprintf(text, sizeof text, "%.17g", number);
            }
            return text;
        }
        case VARVE_TYPE_INT64:
            return std::to_string(static_cast<const int64_t *>(column.values)[row]);
        case VARVE_TYPE_UINT64:
            return std::to_string(static_cast<const uint64_t *>(column.values)[row]);
        case VARVE_TYPE_STRING:
            return std::string(view(static_cast<const varve_str *>(column.values)[row]));
        default:
            return std::to_string(static_cast<const uint8_t *>(column.values)[row]);
    }
}

bool valid_at(const varve_column &column, uint32_t row) {
    return column.validity == nullptr || (column.validity[row / 64] >> (row % 64) & 1) != 0;
}

varve_sink sink_into(std::string &text) {
    return {&text, [](void *ctx, const char *data, uint64_t size) {
                static_cast<std::string *>(ctx)->append(data, size);
            }};
}

struct Waiter {
    std::mutex mutex;
    std::condition_variable changed;
    WriteAnswer answer;

    static void done(void *ctx, const varve_write_result *result) {
        auto &self = *static_cast<Waiter *>(ctx);
        std::lock_guard lock(self.mutex);
        EXPECT_FALSE(self.answer.called) << "done came twice";
        self.answer.called = true;
        self.answer.status =
            Status(static_cast<Code>(result->code), std::string(view(result->error)));
        self.answer.lsn = result->lsn;
        self.answer.accepted = result->accepted;
        self.answer.rejections.assign(result->rejections,
                                      result->rejections + result->rejection_count);
        self.answer.rejected.assign(result->rejected, result->rejected + VARVE_REJECT_KINDS);
        self.changed.notify_all();
    }

    WriteAnswer wait(int32_t code, const varve_error &error) {
        if (code != VARVE_OK) {
            answer.status = Status::from_abi(code, error);
            return answer;
        }
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return answer.called; });
        return answer;
    }
};

}  // namespace

struct BatchBuilder::Memory {
    struct Table {
        std::string measurement;
        std::vector<varve_series_key> keys;
        std::map<std::string_view, uint32_t> key_places;
        std::vector<uint32_t> key_index;
        std::vector<int64_t> times;
        std::vector<uint32_t> ordinals;
        std::vector<uint64_t> keep;
        std::vector<varve_column> columns;
        std::vector<const Point *> points;
        varve_table table{};
    };
    std::vector<Point> points;
    std::deque<Table> tables;
    std::deque<std::vector<uint64_t>> words;
    std::deque<std::vector<uint8_t>> bytes;
    std::deque<std::vector<varve_str>> texts;
    std::deque<std::string> names;
    std::vector<const varve_table *> table_list;
    varve_batch batch{};

    varve_column column_of(const Table &table, const std::string &name);
    void finish(Table &table, bool with_keep);
};

BatchBuilder::BatchBuilder(const std::vector<Point> &points, const std::vector<bool> *keep)
    : memory_(std::make_unique<Memory>()) {
    Memory &memory = *memory_;
    memory.points = points;
    std::map<std::string, Memory::Table *> by_shape;
    for (size_t i = 0; i < memory.points.size(); ++i) {
        const Point &point = memory.points[i];
        series_key::Parts parts;
        const bool canonical = series_key::split(point.key, parts).ok();
        std::string shape(canonical ? parts.measurement : std::string_view(point.key));
        for (const auto &[name, value] : point.fields) shape += '\0' + name + '\0' + value[0];
        Memory::Table *&table = by_shape[shape];
        if (table == nullptr) {
            table = &memory.tables.emplace_back();
            table->measurement = canonical ? parts.measurement : std::string_view(point.key);
        }
        const auto [key, is_new] =
            table->key_places.emplace(point.key, static_cast<uint32_t>(table->keys.size()));
        if (is_new) {
            const series_key::Hashes hashes = series_key::hashes(point.key, 0x5eed);
            table->keys.push_back({str(point.key), hashes.hash, hashes.check});
        }
        table->key_index.push_back(key->second);
        table->times.push_back(point.time);
        table->ordinals.push_back(static_cast<uint32_t>(i));
        const size_t row = table->points.size();
        table->keep.resize(row / 64 + 1, 0);
        if (keep == nullptr || (*keep)[i]) table->keep[row / 64] |= uint64_t{1} << (row % 64);
        table->points.push_back(&point);
    }
    for (Memory::Table &table : memory.tables) memory.finish(table, keep != nullptr);
    memory.batch.struct_size = sizeof(varve_batch);
    memory.batch.table_count = static_cast<uint32_t>(memory.tables.size());
    memory.batch.tables = memory.table_list.data();
    memory.batch.hash_seed = 0x5eed;
    memory.batch.row_count = points.size();
}

// The points' values of one field, as a column.
varve_column BatchBuilder::Memory::column_of(const Table &table, const std::string &name) {
    varve_column column{};
    column.name = str(names.emplace_back(name));
    column.type = type_of(table.points.front()->fields.at(name));
    column.decimals_max = VARVE_DECIMALS_UNKNOWN;
    auto &numbers = words.emplace_back();
    auto &flags = bytes.emplace_back();
    auto &strings = texts.emplace_back();
    for (const Point *point : table.points) {
        const std::string &text = point->fields.at(name);
        const char *from = text.c_str() + 2;
        if (column.type == VARVE_TYPE_STRING) {
            strings.push_back(str(std::string_view(text).substr(2)));
        } else if (column.type == VARVE_TYPE_BOOLEAN) {
            flags.push_back(*from == '1');
        } else if (column.type == VARVE_TYPE_FLOAT64) {
            const double number = std::strtod(from, nullptr);
            std::memcpy(&numbers.emplace_back(), &number, 8);
        } else {
            numbers.push_back(column.type == VARVE_TYPE_INT64
                                  ? static_cast<uint64_t>(std::strtoll(from, nullptr, 10))
                                  : std::strtoull(from, nullptr, 10));
        }
    }
    column.values = !numbers.empty() ? static_cast<const void *>(numbers.data())
                    : !flags.empty() ? static_cast<const void *>(flags.data())
                                     : static_cast<const void *>(strings.data());
    return column;
}

void BatchBuilder::Memory::finish(Table &table, bool with_keep) {
    for (const auto &[name, value] : table.points.front()->fields) {
        table.columns.push_back(column_of(table, name));
    }
    table.table = {sizeof(varve_table),
                   static_cast<uint32_t>(table.keys.size()),
                   static_cast<uint32_t>(table.points.size()),
                   static_cast<uint32_t>(table.columns.size()),
                   str(table.measurement),
                   table.keys.data(),
                   table.key_index.data(),
                   table.times.data(),
                   table.ordinals.data(),
                   table.columns.data(),
                   with_keep ? table.keep.data() : nullptr};
    table_list.push_back(&table.table);
}

BatchBuilder::~BatchBuilder() = default;

const varve_batch &BatchBuilder::batch() const {
    return memory_->batch;
}

StorageClient::StorageClient(varve_instance *instance)
    : instance_(instance),
      table_(
          static_cast<const varve_storage *>(instance->get_extension(instance, VARVE_STORAGE_ID))) {
}

Status StorageClient::open_database(uint64_t db_id, uint64_t rp_id, varve_storage_limits limits) {
    varve_database_spec spec{};
    spec.struct_size = sizeof spec;
    spec.db_id = db_id;
    spec.rp_id = rp_id;
    spec.db_name = str("db");
    spec.rp_name = str("rp");
    spec.limits = limits;
    varve_error error = abi_error();
    const int32_t code = table_->database_open(instance_, &spec, &error);
    return Status::from_abi(code, error);
}

WriteAnswer StorageClient::write(const std::vector<Point> &points, const WriteSettings &settings,
                                 const std::vector<bool> *keep) {
    return write(BatchBuilder(points, keep).batch(), settings);
}

WriteAnswer StorageClient::write(const varve_batch &batch, const WriteSettings &settings) {
    varve_write_opts opts{};
    opts.struct_size = sizeof opts;
    opts.durability = settings.durability;
    opts.interval_ns = 1'000'000;
    opts.db_id = settings.db_id;
    opts.rp_id = settings.rp_id;
    opts.shards = settings.shards.data();
    opts.shard_count = static_cast<uint32_t>(settings.shards.size());
    opts.on_type_conflict = settings.on_type_conflict;
    opts.identity_column = str(settings.identity_column);
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code = table_->write(instance_, &batch, &opts, &Waiter::done, &waiter, &error);
    return waiter.wait(code, error);
}

WriteAnswer StorageClient::drop_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code =
        table_->shard_drop(instance_, db_id, rp_id, shard_id, &Waiter::done, &waiter, &error);
    return waiter.wait(code, error);
}

WriteAnswer StorageClient::drop_database(uint64_t db_id, uint64_t rp_id) {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code =
        table_->database_drop(instance_, db_id, rp_id, &Waiter::done, &waiter, &error);
    return waiter.wait(code, error);
}

WriteAnswer StorageClient::delete_rows(const varve_delete_request &request) {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code = table_->delete_rows(instance_, &request, &Waiter::done, &waiter, &error);
    return waiter.wait(code, error);
}

WriteAnswer StorageClient::rename(uint64_t db_id, const std::string &from, const std::string &to) {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code = table_->measurement_rename(instance_, db_id, str(from), str(to),
                                                    &Waiter::done, &waiter, &error);
    return waiter.wait(code, error);
}

const varve_storage_maintenance &StorageClient::maintenance() const {
    return *static_cast<const varve_storage_maintenance *>(
        instance_->get_extension(instance_, VARVE_STORAGE_MAINTENANCE_ID));
}

Status StorageClient::compact(bool wait) {
    varve_error error = abi_error();
    const int32_t code = maintenance().compact(instance_, wait ? 1 : 0, &error);
    return Status::from_abi(code, error);
}

Status StorageClient::scrub() {
    varve_error error = abi_error();
    const int32_t code = maintenance().scrub(instance_, &error);
    return Status::from_abi(code, error);
}

Status StorageClient::rebuild_index() {
    varve_error error = abi_error();
    const int32_t code = maintenance().rebuild_index(instance_, &error);
    return Status::from_abi(code, error);
}

Status StorageClient::snapshot(const std::string &directory, const std::string &base) {
    varve_error error = abi_error();
    const int32_t code = maintenance().snapshot(instance_, str(directory), str(base), &error);
    return Status::from_abi(code, error);
}

Status StorageClient::verify(const std::string &path, std::string *report) {
    std::string text;
    varve_error error = abi_error();
    const int32_t code = maintenance().verify(instance_, str(path), sink_into(text), &error);
    if (report != nullptr) *report = text;
    return Status::from_abi(code, error);
}

std::string StorageClient::status_json() {
    std::string text;
    EXPECT_EQ(maintenance().status(instance_, sink_into(text), nullptr), VARVE_OK);
    return text;
}

varve_snapshot *StorageClient::open_snapshot(uint64_t db_id, uint64_t *lsn) {
    varve_snapshot *snapshot = nullptr;
    uint64_t seen = 0;
    varve_error error = abi_error();
    const int32_t code = table_->snapshot_open(instance_, db_id, &snapshot, &seen, &error);
    EXPECT_EQ(code, VARVE_OK) << error.text;
    if (lsn != nullptr) *lsn = seen;
    return snapshot;
}

void StorageClient::close_snapshot(varve_snapshot *snapshot) {
    table_->snapshot_close(instance_, snapshot);
}

varve_schema_request StorageClient::schema_request(uint64_t db_id, uint64_t rp_id) {
    varve_schema_request request{};
    request.struct_size = sizeof request;
    request.db_id = db_id;
    request.rp_id = rp_id;
    return request;
}

Result<std::vector<std::string>> StorageClient::list(List what, varve_schema_request request,
                                                     varve_snapshot *given) {
    struct Found {
        bool fields;
        std::vector<std::string> texts;
    } found{what == List::fields, {}};
    const varve_schema_sink sink{&found, [](void *ctx, varve_str text, uint32_t type) -> int32_t {
                                     auto &into = *static_cast<Found *>(ctx);
                                     into.texts.emplace_back(view(text));
                                     if (into.fields) {
                                         into.texts.back() += ' ';
                                         into.texts.back() += kTypeLetters[type];
                                     }
                                     return VARVE_OK;
                                 }};
    varve_snapshot *snapshot = given == nullptr ? open_snapshot(request.db_id) : given;
    const auto function = what == List::measurements ? table_->measurements
                          : what == List::fields     ? table_->field_keys
                          : what == List::tag_keys   ? table_->tag_keys
                          : what == List::tag_values ? table_->tag_values
                                                     : table_->series;
    varve_error error = abi_error();
    const int32_t code = function(instance_, snapshot, &request, sink, &error);
    if (given == nullptr) close_snapshot(snapshot);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return found.texts;
}

Result<uint64_t> StorageClient::cardinality(varve_schema_request request) {
    varve_snapshot *snapshot = open_snapshot(request.db_id);
    uint64_t count = 0;
    varve_error error = abi_error();
    const int32_t code = table_->cardinality(instance_, snapshot, &request, &count, &error);
    close_snapshot(snapshot);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return count;
}

Result<Dump> StorageClient::read(const ReadSettings &settings, varve_snapshot *given,
                                 const std::string &measurement) {
    varve_snapshot *snapshot = given == nullptr ? open_snapshot(settings.db_id) : given;
    Dump dump;
    const auto run = [&]() -> Status {
        varve_schema_request request = schema_request(settings.db_id, settings.rp_id);
        request.measurement = str(measurement);
        const auto measurements = list(List::measurements, request, snapshot);
        if (!measurements.ok()) return measurements.status();
        for (const std::string &one : *measurements) {
            request.measurement = str(one);
            const auto listed = list(List::fields, request, snapshot);
            if (!listed.ok()) return listed.status();
            std::vector<std::string> fields;
            for (const std::string &field : *listed) {
                const std::string name = field.substr(0, field.size() - 2);
                if (fields.empty() || fields.back() != name) fields.push_back(name);
            }
            VARVE_RETURN_IF_ERROR(read_measurement(one, fields, settings, snapshot, dump));
        }
        return {};
    };
    const Status status = run();
    if (given == nullptr) close_snapshot(snapshot);
    if (!status.ok()) return status;
    return dump;
}

Status StorageClient::read_measurement(const std::string &measurement,
                                       const std::vector<std::string> &fields,
                                       const ReadSettings &settings, varve_snapshot *snapshot,
                                       Dump &dump) {
    std::vector<varve_scan_column> columns;
    for (const std::string &field : fields) columns.push_back({str(field), VARVE_TYPE_ANY, 0});
    varve_scan_request request{};
    request.struct_size = sizeof request;
    request.descending = settings.descending;
    request.db_id = settings.db_id;
    request.rp_id = settings.rp_id;
    request.measurement = str(measurement);
    request.from_ns = settings.from_ns;
    request.to_ns = settings.to_ns;
    request.series = settings.series;
    request.columns = columns.data();
    request.column_count = static_cast<uint32_t>(columns.size());
    request.partition_count = settings.partitions;
    request.wants_stats = 1;
    request.conditions = settings.conditions.data();
    request.condition_count = static_cast<uint32_t>(settings.conditions.size());
    request.limit_per_series = settings.limit_per_series;
    varve_partition *partitions[8] = {};
    uint32_t count = 0;
    varve_scan_schema schema{};
    varve_error error = abi_error();
    const int32_t code =
        table_->scan(instance_, snapshot, &request, partitions, 8, &count, &schema, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    Status status;
    for (uint32_t i = 0; i < count; ++i) {
        if (status.ok()) status = read_partition(partitions[i], schema, settings, dump);
        table_->partition_close(partitions[i]);
    }
    return status;
}

namespace {

// What one partition gave, row by row, to be compared with look-ups.
struct Seen {
    uint32_t series;
    int64_t time;
    std::vector<std::string> values;  // per column, "-" = null
};

// Checks that series come in one piece each and blocks in the direction of the scan.
class BlockOrder {
  public:
    explicit BlockOrder(bool descending) : descending_(descending) {}

    void see(const varve_block &block) {
        EXPECT_GT(block.rows, 0u);
        EXPECT_LE(block.rows, VARVE_BLOCK_ROWS_MAX);
        EXPECT_LE(block.t_min, block.t_max);
        if (block.series != current_) {
            EXPECT_TRUE(finished_.insert(block.series).second) << "a series in two pieces";
            current_ = block.series;
        } else if (descending_) {
            EXPECT_LT(block.t_max, previous_);
        } else {
            EXPECT_GT(block.t_min, previous_);
        }
        previous_ = descending_ ? block.t_min : block.t_max;
    }

  private:
    bool descending_;
    std::set<uint32_t> finished_;
    uint32_t current_ = UINT32_MAX;
    int64_t previous_ = 0;
};

bool contains(const ReadSettings &settings, int64_t time) {
    return time >= settings.from_ns && (time < settings.to_ns || settings.to_ns == INT64_MAX);
}

// What an engine says of a column it says truly; it may keep less than could be known.
void check_stats(const varve_block_stats &wanted, const varve_block_stats &given, uint32_t type) {
    EXPECT_EQ(given.count, wanted.count);
    EXPECT_EQ(given.present & ~wanted.present, 0u);
    if ((given.present & VARVE_STATS_MINMAX) != 0) {
        EXPECT_EQ(given.min.as_uint, wanted.min.as_uint);
        EXPECT_EQ(given.max.as_uint, wanted.max.as_uint);
    }
    if ((given.present & VARVE_STATS_EXTREME_TIMES) != 0) {
        EXPECT_EQ(given.min_time, wanted.min_time);
        EXPECT_EQ(given.max_time, wanted.max_time);
    }
    if ((given.present & VARVE_STATS_FIRSTLAST) != 0) {
        EXPECT_EQ(given.first.as_uint, wanted.first.as_uint);
        EXPECT_EQ(given.last.as_uint, wanted.last.as_uint);
        EXPECT_EQ(given.first_time, wanted.first_time);
        EXPECT_EQ(given.last_time, wanted.last_time);
    }
    if ((given.present & VARVE_STATS_SUM) == 0) return;
    if (type == VARVE_TYPE_FLOAT64) {
        // Adding in another order changes the last bits.
        const double sum = wanted.sum.as_float;
        if (!std::isfinite(sum)) {
            EXPECT_FALSE(std::isfinite(given.sum.as_float));
            return;
        }
        EXPECT_NEAR(given.sum.as_float, sum, std::abs(sum) * 1e-12 + 1e-300);
    } else {
        EXPECT_EQ(given.sum.as_uint, wanted.sum.as_uint);
    }
}

// An exact block that was loaded whole has the rows and the statistics that it said.
void check_exact_block(const varve_block &block, const varve_loaded &loaded,
                       const varve_scan_schema &schema) {
    EXPECT_EQ(loaded.row_count, block.rows);
    EXPECT_EQ(loaded.times[0], block.t_min);
    EXPECT_EQ(loaded.times[loaded.row_count - 1], block.t_max);
    for (uint32_t c = 0; block.stats != nullptr && c < schema.column_count; ++c) {
        const varve_column &column = loaded.columns[c];
        const varve_block_stats wanted = storage::block_stats(
            column.type, column.values, column.validity, loaded.times, loaded.row_count);
        SCOPED_TRACE("statistics of column " + std::to_string(c));
        check_stats(wanted, block.stats[c], column.type);
    }
}

void note_rows(const std::string &key, uint32_t series, const varve_loaded &loaded,
               const varve_scan_schema &schema, const ReadSettings &settings,
               std::vector<Seen> &seen, Dump &dump) {
    for (uint32_t row = 0; row < loaded.row_count; ++row) {
        EXPECT_TRUE(row == 0 || loaded.times[row - 1] < loaded.times[row]);
        EXPECT_TRUE(contains(settings, loaded.times[row]));
        Seen &one = seen.emplace_back(Seen{series, loaded.times[row], {}});
        for (uint32_t c = 0; c < schema.column_count; ++c) {
            const varve_column &column = loaded.columns[c];
            EXPECT_EQ(column.type, schema.columns[c].type);
            EXPECT_EQ(reinterpret_cast<uintptr_t>(column.values) % 64, 0u);
            const bool valid = valid_at(column, row);
            one.values.push_back(valid ? text_of(column, row) : "-");
            if (!valid) continue;
            const std::string name =
                std::string(view(column.name)) + " " + kTypeLetters[column.type];
            dump[key][loaded.times[row]][name] = one.values.back();
        }
    }
}

// Some of the rows, fetched one by one, are the same.
Status check_lookup(const varve_storage &table, varve_partition *partition,
                    const std::vector<Seen> &seen, const std::vector<uint32_t> &positions) {
    std::vector<uint32_t> series;
    std::vector<int64_t> times;
    std::vector<const Seen *> picked;
    for (size_t i = 0; i < seen.size(); i += seen.size() / 16 + 1) {
        picked.push_back(&seen[i]);
        series.push_back(seen[i].series);
        times.push_back(seen[i].time);
    }
    varve_looked_up found{};
    varve_error error = abi_error();
    const int32_t code =
        table.lookup(partition, series.data(), times.data(), static_cast<uint32_t>(series.size()),
                     positions.data(), static_cast<uint32_t>(positions.size()), &found, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    EXPECT_EQ(found.row_count, series.size());
    for (uint32_t row = 0; row < found.row_count; ++row) {
        for (uint32_t c = 0; c < positions.size(); ++c) {
            const varve_column &column = found.columns[c];
            EXPECT_EQ(valid_at(column, row) ? text_of(column, row) : "-", picked[row]->values[c])
                << "looked up at " << times[row];
        }
    }
    return {};
}

}  // namespace

Status StorageClient::read_partition(varve_partition *partition, const varve_scan_schema &schema,
                                     const ReadSettings &settings, Dump &dump) {
    std::vector<uint32_t> positions(schema.column_count);
    for (uint32_t i = 0; i < positions.size(); ++i) positions[i] = i;
    BlockOrder order(settings.descending);
    std::vector<Seen> seen;
    while (true) {
        varve_block block{};
        varve_error error = abi_error();
        int32_t code = table_->next(partition, &block, &error);
        if (code == VARVE_END) break;
        if (code != VARVE_OK) return Status::from_abi(code, error);
        order.see(block);
        varve_loaded loaded{};
        code = table_->load(partition, &block, positions.data(),
                            static_cast<uint32_t>(positions.size()), &loaded, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        EXPECT_LE(loaded.row_count, block.rows);
        if (block.exact != 0 && contains(settings, block.t_min) &&
            contains(settings, block.t_max)) {
            check_exact_block(block, loaded, schema);
        }
        const std::string key(view(table_->series_key(partition, block.series)));
        note_rows(key, block.series, loaded, schema, settings, seen, dump);
    }
    if (seen.empty() || positions.empty()) return {};
    return check_lookup(*table_, partition, seen, positions);
}

std::string difference(const Dump &got, const Dump &wanted) {
    const auto text = [](const auto &fields) {
        std::string out;
        for (const auto &[name, value] : fields) out += " " + name + "=" + value;
        return out;
    };
    const auto rows = [](const Dump &dump, const std::string &key) {
        const auto found = dump.find(key);
        return found == dump.end() ? Dump::mapped_type() : found->second;
    };
    for (const auto &[key, all] : got) {
        const auto other = rows(wanted, key);
        for (const auto &[time, fields] : all) {
            const auto found = other.find(time);
            const std::string place = key + " at " + std::to_string(time) + ":";
            if (found == other.end()) return place + text(fields) + ", wanted nothing";
            if (found->second == fields) continue;
            return place + text(fields) + ", wanted" + text(found->second);
        }
    }
    for (const auto &[key, all] : wanted) {
        const auto other = rows(got, key);
        for (const auto &[time, fields] : all) {
            if (other.count(time) != 0) continue;
            return key + " at " + std::to_string(time) + ": nothing, wanted" + text(fields);
        }
    }
    return "";
}

}  // namespace varve::test
