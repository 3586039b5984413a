// The suite of storage engines: the rules of varve/kind/storage.h that a server relies on.
#include <future>

#include <varve/kind/storage.h>

#include "cli/check/check.hpp"

namespace varve::check {
namespace {

struct Outcome {
    Status status;
    uint64_t lsn = 0;
    uint64_t accepted = 0;
    uint64_t conflicts = 0;
    uint64_t no_shard = 0;
};

class StorageSuite {
  public:
    StorageSuite(Checker &checker, varve_instance *self, const varve_storage *table)
        : checker_(checker), self_(self), table_(table) {}

    void run() {
        varve_database_spec spec{sizeof spec, 0, kDb, kRp, str("db"), str("autogen"), {0, 0, 0}};
        for (int twice = 0; twice < 2; ++twice) {
            varve_error error = abi_error();
            const int32_t code = table_->database_open(self_, &spec, &error);
            checker_.expect("storage: a database opens, also twice", Status::from_abi(code, error));
        }
        writes();
        snapshots();
        schema();
        drop();
    }

  private:
    static constexpr uint64_t kDb = 7;
    static constexpr uint64_t kRp = 8;

    static void on_done(void *ctx, const varve_write_result *result) {
        Outcome outcome;
        outcome.status = Status(static_cast<Code>(result->code), std::string(view(result->error)));
        outcome.lsn = result->lsn;
        outcome.accepted = result->accepted;
        outcome.conflicts = result->rejected[VARVE_REJECT_TYPE_CONFLICT];
        outcome.no_shard = result->rejected[VARVE_REJECT_NO_SHARD];
        static_cast<std::promise<Outcome> *>(ctx)->set_value(outcome);
    }

    Outcome write(uint32_t rows, int64_t shard_to_ns = 1'000'000, uint32_t change_type = 0) {
        varve_batch *batch = make_sample_batch(rows, 42);
        if (change_type != 0) {
            const_cast<varve_column &>(batch->tables[0]->columns[0]).type = change_type;
        }
        const varve_shard_range shard{1, 0, shard_to_ns};
        varve_write_opts opts{};
        opts.struct_size = sizeof opts;
        opts.durability = VARVE_DURABILITY_ALWAYS;
        opts.db_id = kDb;
        opts.rp_id = kRp;
        opts.shards = &shard;
        opts.shard_count = 1;
        std::promise<Outcome> promise;
        varve_error error = abi_error();
        const int32_t code = table_->write(self_, batch, &opts, on_done, &promise, &error);
        Outcome outcome;
        if (code != VARVE_OK) {
            outcome.status = Status::from_abi(code, error);
        } else {
            outcome = promise.get_future().get();
        }
        batch->release(batch);
        return outcome;
    }

    // Values of column "f" over all rows, or -1.
    int64_t count_rows(varve_snapshot *snapshot) {
        const varve_scan_column column{str("f"), VARVE_TYPE_ANY, 0};
        varve_scan_request request{};
        request.struct_size = sizeof request;
        request.db_id = kDb;
        request.rp_id = kRp;
        request.measurement = str("m");
        request.from_ns = INT64_MIN;
        request.to_ns = INT64_MAX;
        request.columns = &column;
        request.column_count = 1;
        request.partition_count = 2;
        varve_partition *partitions[64];
        uint32_t count = 0;
        varve_scan_schema schema{};
        varve_error error = abi_error();
        if (table_->scan(self_, snapshot, &request, partitions, 64, &count, &schema, &error) !=
            VARVE_OK) {
            return -1;
        }
        int64_t rows = 0;
        for (uint32_t i = 0; i < count; ++i) {
            varve_block block{};
            while (table_->next(partitions[i], &block, &error) == VARVE_OK) {
                const uint32_t position = 0;
                varve_loaded loaded{};
                if (table_->load(partitions[i], &block, &position, 1, &loaded, &error) ==
                    VARVE_OK) {
                    rows += loaded.row_count;
                }
            }
            table_->partition_close(partitions[i]);
        }
        return rows;
    }

    int64_t count_now() {
        varve_snapshot *snapshot = nullptr;
        uint64_t lsn = 0;
        if (table_->snapshot_open(self_, kDb, &snapshot, &lsn, nullptr) != VARVE_OK) return -1;
        const int64_t rows = count_rows(snapshot);
        table_->snapshot_close(self_, snapshot);
        return rows;
    }

    void writes() {
        const Outcome first = write(10);
        checker_.expect("storage: stores a batch of all types", first.status);
        checker_.expect("storage: LSNs begin above zero", first.lsn > 0, "found 0");
        checker_.expect("storage: counts the rows it took", first.accepted == 10,
                        "found " + std::to_string(first.accepted));
        const Outcome again = write(10);
        checker_.expect("storage: LSNs ascend", again.lsn > first.lsn, "they do not");
        checker_.expect("storage: the same rows again are the same rows", count_now() == 10,
                        "found " + std::to_string(count_now()));
        const Outcome outside = write(10, 5'500);
        checker_.expect("storage: rows outside all shards are rejected one by one",
                        outside.no_shard == 5 && outside.accepted == 5,
                        "found " + std::to_string(outside.no_shard));
        const Outcome conflict = write(10, 1'000'000, VARVE_TYPE_INT64);
        checker_.expect("storage: another type of a field is a conflict, per row",
                        conflict.conflicts == 10, "found " + std::to_string(conflict.conflicts));
    }

    void snapshots() {
        varve_snapshot *snapshot = nullptr;
        uint64_t lsn = 0;
        varve_error error = abi_error();
        const int32_t code = table_->snapshot_open(self_, kDb, &snapshot, &lsn, &error);
        if (!checker_.expect("storage: opens a snapshot", Status::from_abi(code, error))) return;
        (void)write(20);
        checker_.expect("storage: a snapshot does not see later writes", count_rows(snapshot) == 10,
                        "it does");
        table_->snapshot_close(self_, snapshot);
        checker_.expect("storage: a new snapshot does", count_now() == 20,
                        "found " + std::to_string(count_now()));
    }

    void schema() {
        varve_snapshot *snapshot = nullptr;
        uint64_t lsn = 0;
        if (table_->snapshot_open(self_, kDb, &snapshot, &lsn, nullptr) != VARVE_OK) return;
        varve_schema_request request{};
        request.struct_size = sizeof request;
        request.db_id = kDb;
        std::string listed;
        const varve_schema_sink sink{&listed, [](void *ctx, varve_str text, uint32_t) {
                                         static_cast<std::string *>(ctx)->append(view(text)) += ' ';
                                         return int32_t{VARVE_OK};
                                     }};
        varve_error error = abi_error();
        (void)table_->measurements(self_, snapshot, &request, sink, &error);
        checker_.expect("storage: lists measurements", listed == "m ", "found " + listed);
        listed.clear();
        (void)table_->series(self_, snapshot, &request, sink, &error);
        checker_.expect("storage: lists series, sorted", listed == "m,t=a m,t=b ",
                        "found " + listed);
        uint64_t cardinality = 0;
        (void)table_->cardinality(self_, snapshot, &request, &cardinality, &error);
        checker_.expect("storage: counts series exactly", cardinality == 2,
                        "found " + std::to_string(cardinality));
        table_->snapshot_close(self_, snapshot);
    }

    void drop() {
        std::promise<Outcome> promise;
        varve_error error = abi_error();
        const int32_t code = table_->database_drop(self_, kDb, 0, on_done, &promise, &error);
        if (!checker_.expect("storage: drops a database", Status::from_abi(code, error))) return;
        checker_.expect("storage: the drop becomes durable", promise.get_future().get().status);
        checker_.expect("storage: nothing is left of it", count_now() <= 0,
                        "found " + std::to_string(count_now()));
    }

    Checker &checker_;
    varve_instance *self_;
    const varve_storage *table_;
};

}  // namespace

void check_storage(Checker &checker, Subject &subject) {
    const auto *table = subject.extension<varve_storage>(VARVE_STORAGE_ID);
    if (table != nullptr) StorageSuite(checker, subject.raw(), table).run();
}

}  // namespace varve::check
