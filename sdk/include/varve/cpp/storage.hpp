// The base class of storage engines: virtual functions in the order of the C table, which says what
// each one promises, on which thread, and who owns what.
#pragma once

#include "../kind/storage.h"
#include "plugin.hpp"

namespace varve {

class Storage : public Plugin {
  public:
    virtual Status database_open(const varve_database_spec &spec) = 0;
    virtual Status database_drop(uint64_t db_id, uint64_t rp_id, varve_write_done done,
                                 void *ctx) = 0;
    virtual Status shard_drop(uint64_t db_id, uint64_t rp_id, uint64_t shard_id,
                              varve_write_done done, void *ctx) = 0;
    virtual Status measurement_rename(uint64_t db_id, std::string_view from, std::string_view to,
                                      varve_write_done done, void *ctx) = 0;
    virtual Status delete_rows(const varve_delete_request &request, varve_write_done done,
                               void *ctx) = 0;
    virtual Status write(const varve_batch &batch, const varve_write_opts &opts,
                         varve_write_done done, void *ctx) = 0;
    virtual Status snapshot_open(uint64_t db_id, varve_snapshot **out, uint64_t *lsn) = 0;
    virtual void snapshot_close(varve_snapshot *snapshot) = 0;
    virtual Status scan(varve_snapshot *snapshot, const varve_scan_request &request,
                        varve_partition **out, uint32_t capacity, uint32_t *count,
                        varve_scan_schema *schema) = 0;
    // Partitions answer through static functions of the engine, as they are on the hot path.
    struct PartitionTable {
        int32_t (*next)(varve_partition *, varve_block *, varve_error *);
        int32_t (*load)(varve_partition *, const varve_block *, const uint32_t *, uint32_t,
                        varve_loaded *, varve_error *);
        varve_str (*series_key)(varve_partition *, uint32_t);
        varve_str (*series_tag)(varve_partition *, uint32_t, uint32_t);
        int32_t (*lookup)(varve_partition *, const uint32_t *, const int64_t *, uint32_t,
                          const uint32_t *, uint32_t, varve_looked_up *, varve_error *);
        void (*close)(varve_partition *);
    };
    virtual PartitionTable partition_table() const = 0;
    virtual Status measurements(varve_snapshot *snapshot, const varve_schema_request &request,
                                varve_schema_sink sink) = 0;
    virtual Status field_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                              varve_schema_sink sink) = 0;
    virtual Status tag_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                            varve_schema_sink sink) = 0;
    virtual Status tag_values(varve_snapshot *snapshot, const varve_schema_request &request,
                              varve_schema_sink sink) = 0;
    virtual Status series(varve_snapshot *snapshot, const varve_schema_request &request,
                          varve_schema_sink sink) = 0;
    virtual Status cardinality(varve_snapshot *snapshot, const varve_schema_request &request,
                               uint64_t *out) = 0;
    // The maintenance extension; an engine without it answers unsupported.
    virtual Status compact(bool) { return {Code::unsupported, "this storage does not compact"}; }
    virtual Status status(varve_sink out) {
        out.append(out.ctx, "{}", 2);
        return {};
    }
    virtual Status verify(std::string_view, varve_sink) {
        return {Code::unsupported, "this storage has no files to verify"};
    }
    virtual Status snapshot(std::string_view, std::string_view) {
        return {Code::unsupported, "this storage makes no snapshots"};
    }
    virtual Status scrub() { return {Code::unsupported, "this storage has no files to check"}; }
    virtual Status rebuild_index() {
        return {Code::unsupported, "this storage has no index to rebuild"};
    }

    const void *extension(std::string_view id) override;

  private:
    template <auto Function>
    static int32_t schema_call(varve_instance *self, varve_snapshot *snapshot,
                               const varve_schema_request *request, varve_schema_sink sink,
                               varve_error *error) {
        return guarded(error, [&] {
            return (instance_of<Storage>(self).*Function)(snapshot, *request, sink);
        });
    }
    void fill_table();
    void fill_reads();

    varve_storage table_{};
};

inline const void *Storage::extension(std::string_view id) {
    static const varve_storage_maintenance maintenance = {
        sizeof(varve_storage_maintenance),
        0,
        [](varve_instance *self, int32_t wait, varve_error *error) {
            return guarded(error, [&] { return instance_of<Storage>(self).compact(wait != 0); });
        },
        [](varve_instance *self, varve_sink out, varve_error *error) {
            return guarded(error, [&] { return instance_of<Storage>(self).status(out); });
        },
        [](varve_instance *self, varve_str path, varve_sink report, varve_error *error) {
            return guarded(error,
                           [&] { return instance_of<Storage>(self).verify(view(path), report); });
        },
        [](varve_instance *self, varve_str directory, varve_str base, varve_error *error) {
            return guarded(error, [&] {
                return instance_of<Storage>(self).snapshot(view(directory), view(base));
            });
        },
        [](varve_instance *self, varve_error *error) {
            return guarded(error, [&] { return instance_of<Storage>(self).scrub(); });
        },
        [](varve_instance *self, varve_error *error) {
            return guarded(error, [&] { return instance_of<Storage>(self).rebuild_index(); });
        }};
    if (id == VARVE_STORAGE_MAINTENANCE_ID) return &maintenance;
    if (id != VARVE_STORAGE_ID) return nullptr;
    if (table_.struct_size == 0) fill_table();
    return &table_;
}

inline void Storage::fill_table() {
    table_.database_open = [](varve_instance *self, const varve_database_spec *spec,
                              varve_error *error) {
        return guarded(error, [&] { return instance_of<Storage>(self).database_open(*spec); });
    };
    table_.database_drop = [](varve_instance *self, uint64_t db_id, uint64_t rp_id,
                              varve_write_done done, void *ctx, varve_error *error) {
        return guarded(error, [&] {
            return instance_of<Storage>(self).database_drop(db_id, rp_id, done, ctx);
        });
    };
    table_.shard_drop = [](varve_instance *self, uint64_t db_id, uint64_t rp_id, uint64_t shard_id,
                           varve_write_done done, void *ctx, varve_error *error) {
        return guarded(error, [&] {
            return instance_of<Storage>(self).shard_drop(db_id, rp_id, shard_id, done, ctx);
        });
    };
    table_.measurement_rename = [](varve_instance *self, uint64_t db_id, varve_str from,
                                   varve_str to, varve_write_done done, void *ctx,
                                   varve_error *error) {
        return guarded(error, [&] {
            return instance_of<Storage>(self).measurement_rename(db_id, view(from), view(to), done,
                                                                 ctx);
        });
    };
    table_.delete_rows = [](varve_instance *self, const varve_delete_request *request,
                            varve_write_done done, void *ctx, varve_error *error) {
        return guarded(error,
                       [&] { return instance_of<Storage>(self).delete_rows(*request, done, ctx); });
    };
    table_.write = [](varve_instance *self, const varve_batch *batch, const varve_write_opts *opts,
                      varve_write_done done, void *ctx, varve_error *error) {
        return guarded(error,
                       [&] { return instance_of<Storage>(self).write(*batch, *opts, done, ctx); });
    };
    fill_reads();
    table_.struct_size = sizeof table_;
}

inline void Storage::fill_reads() {
    table_.snapshot_open = [](varve_instance *self, uint64_t db_id, varve_snapshot **out,
                              uint64_t *lsn, varve_error *error) {
        return guarded(error,
                       [&] { return instance_of<Storage>(self).snapshot_open(db_id, out, lsn); });
    };
    table_.snapshot_close = [](varve_instance *self, varve_snapshot *snapshot) {
        guarded_void([&] { instance_of<Storage>(self).snapshot_close(snapshot); });
    };
    table_.scan = [](varve_instance *self, varve_snapshot *snapshot,
                     const varve_scan_request *request, varve_partition **out, uint32_t capacity,
                     uint32_t *count, varve_scan_schema *schema, varve_error *error) {
        return guarded(error, [&] {
            return instance_of<Storage>(self).scan(snapshot, *request, out, capacity, count,
                                                   schema);
        });
    };
    const PartitionTable partition = partition_table();
    table_.next = partition.next;
    table_.load = partition.load;
    table_.series_key = partition.series_key;
    table_.series_tag = partition.series_tag;
    table_.lookup = partition.lookup;
    table_.partition_close = partition.close;
    table_.measurements = &schema_call<&Storage::measurements>;
    table_.field_keys = &schema_call<&Storage::field_keys>;
    table_.tag_keys = &schema_call<&Storage::tag_keys>;
    table_.tag_values = &schema_call<&Storage::tag_values>;
    table_.series = &schema_call<&Storage::series>;
    table_.cardinality = [](varve_instance *self, varve_snapshot *snapshot,
                            const varve_schema_request *request, uint64_t *out,
                            varve_error *error) {
        return guarded(
            error, [&] { return instance_of<Storage>(self).cardinality(snapshot, *request, out); });
    };
}

}  // namespace varve
