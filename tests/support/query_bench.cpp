#include "support/query_bench.hpp"

#include <future>

#include <gtest/gtest.h>

#include "common/line_protocol/line_protocol.hpp"
#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/forecast/forecast_functions.hpp"
#include "functions/influxql08/influxql08_functions.hpp"
#include "functions/math/math_functions.hpp"
#include "functions/selector/selector_functions.hpp"
#include "functions/transform/transform_functions.hpp"
#include "query/languages/influxql08/continuous/queries.hpp"
#include "storage/memory/memory_storage.hpp"

namespace varve::test {

namespace {

std::unique_ptr<Plugin> make_memory_storage(Host host) {
    return std::make_unique<memory::MemoryStorage>(host);
}

}  // namespace

QueryBench::QueryBench(query::Limits limits, query::TaskRunner *tasks)
    : QueryBench({"memory", &memory::MemoryStorage::descriptor, &make_memory_storage, "/nowhere"},
                 limits, tasks) {}

QueryBench::QueryBench(const Storage &storage, query::Limits limits, query::TaskRunner *tasks)
    : host_(Env::posix(), storage.path),
      storage_name_(storage.name),
      tasks_(tasks == nullptr ? &inline_tasks_ : tasks) {
    host_.use_defaults(storage.descriptor());
    storage_ = make_instance(storage.make(host_.host()));
    table_ =
        static_cast<const varve_storage *>(storage_->get_extension(storage_, VARVE_STORAGE_ID));
    varve_error error = abi_error();
    EXPECT_EQ(storage_->start(storage_, &error), VARVE_OK) << error.text;
    writes_ =
        std::make_unique<WritePath>(WritePath::Options{}, catalog_, StorageHandle{storage_, table_},
                                    Env::posix(), rejects_, publisher_, metrics_);
    for (const auto &set : {functions::aggregate_functions(), functions::forecast_functions(),
                            functions::influxql08_functions(), functions::math_functions(),
                            functions::selector_functions(), functions::transform_functions()}) {
        for (const varve_function *function : set) EXPECT_TRUE(functions_.add(*function).ok());
    }
    make_engine(limits, false);
}

void QueryBench::make_engine(query::Limits limits, bool auth_enabled) {
    const auth::HashCost cheap{8, 1};
    accounts_ = std::make_unique<auth::Accounts>(users_, Env::posix(),
                                                 auth::Accounts::Options{auth_enabled, cheap});
    const query::Clock clock{[this] { return now_ns; }, [] { return Env::posix().monotonic_ns(); }};
    engine_ = std::make_unique<query::Engine>(
        catalog_, *accounts_, query::StorageGateway(storage_name_, storage_, table_), *writes_,
        functions_, *tasks_, clock, limits);
}

void QueryBench::require_users() {
    make_engine({}, true);
}

void QueryBench::use_influxql08() {
    copies_ = std::make_unique<CopyRules>(catalog_, query::influxql08::read_copy_rule);
    WritePath::Options options;
    options.on_type_conflict = VARVE_ON_CONFLICT_BOTH;
    options.copies = copies_.get();
    writes_ = std::make_unique<WritePath>(options, catalog_, StorageHandle{storage_, table_},
                                          Env::posix(), rejects_, publisher_, metrics_);
    make_engine({}, requires_users());
}

void QueryBench::submit(varve_batch *batch, const std::string &database,
                        const std::string &policy) {
    varve_write_request request{};
    request.struct_size = sizeof request;
    request.database = str(database);
    request.retention_policy = str(policy);
    request.durability = VARVE_DURABILITY_OS;
    std::promise<void> promise;
    auto written = promise.get_future();
    const auto done = [](void *ctx, const varve_write_outcome *outcome) {
        EXPECT_EQ(outcome->code, VARVE_OK);
        EXPECT_EQ(view(outcome->error), "");
        static_cast<std::promise<void> *>(ctx)->set_value();
    };
    writes_->submit(batch, request, done, &promise);
    written.get();  // the batch points into the lines
}

QueryBench::~QueryBench() {
    engine_.reset();
    storage_->stop(storage_);
    storage_->destroy(storage_);
}

void QueryBench::write(std::string lines, const std::string &database, const std::string &policy) {
    ASSERT_TRUE(catalog_.create_database(database, std::nullopt).ok());
    const Database db = *catalog_.database(database);
    const RetentionPolicy *rp = db.policy(policy.empty() ? db.default_policy : policy);
    ASSERT_NE(rp, nullptr);
    line_protocol::Options options;
    options.now_ns = now_ns;
    options.precision_ns = write_precision_ns;
    options.unsigned_enabled = true;
    auto parsed = line_protocol::parse(lines, options);
    ASSERT_EQ(parsed.bad_line_count, 0U) << parsed.error_text();
    varve_batch *batch = parsed.batch.finish(options.hash_seed, 0);
    if (copies_ != nullptr) return submit(batch, database, policy);
    for (uint32_t t = 0; t < batch->table_count; ++t) {
        for (uint32_t row = 0; row < batch->tables[t]->row_count; ++row) {
            ASSERT_TRUE(
                catalog_.ensure_shard_group(db.id, rp->id, batch->tables[t]->times[row]).ok());
        }
    }
    std::vector<varve_shard_range> shards;
    const auto groups = catalog_.shard_groups(db.id, rp->id);
    for (const ShardGroup &group : *groups) {
        shards.push_back({group.id, group.from_ns, group.to_ns});
    }
    varve_database_spec spec{};
    spec.struct_size = sizeof spec;
    spec.db_id = db.id;
    spec.rp_id = rp->id;
    spec.db_name = str(db.name);
    spec.rp_name = str(rp->name);
    varve_error error = abi_error();
    ASSERT_EQ(table_->database_open(storage_, &spec, &error), VARVE_OK) << error.text;
    varve_write_opts opts{};
    opts.struct_size = sizeof opts;
    opts.durability = VARVE_DURABILITY_OS;
    opts.db_id = db.id;
    opts.rp_id = rp->id;
    opts.shards = shards.data();
    opts.shard_count = static_cast<uint32_t>(shards.size());
    uint64_t rejected = 1;
    const auto done = [](void *ctx, const varve_write_result *result) {
        *static_cast<uint64_t *>(ctx) = result->code + result->rejection_count;
    };
    ASSERT_EQ(table_->write(storage_, batch, &opts, done, &rejected, &error), VARVE_OK)
        << error.text;
    EXPECT_EQ(rejected, 0U);
    batch->release(batch);
}

std::string QueryBench::ask(const std::string &text, const Ask &ask) {
    struct Reader {
        QueryBench &bench;
        std::string bytes;
    } reader{*this, {}};
    code = -1;
    write_calls = 0;
    varve_query_sink sink{};
    sink.ctx = &reader;
    sink.begin = [](void *ctx, int32_t begin_code, varve_str) {
        static_cast<Reader *>(ctx)->bench.code = begin_code;
    };
    sink.write = [](void *ctx, const void *data, uint64_t size, void (*resume)(void *),
                    void *token) -> int32_t {
        auto &self = *static_cast<Reader *>(ctx);
        self.bytes.append(static_cast<const char *>(data), size);
        if (self.bench.cancel_after != 0 && self.bytes.size() > self.bench.cancel_after) {
            return VARVE_CANCELLED;
        }
        // Every other write asks for patience first, so that parking is always tried.
        if (++self.bench.write_calls % 2 == 0) return VARVE_OK;
        resume(token);
        return VARVE_UNAVAILABLE;
    };
    sink.end = [](void *ctx, int32_t ok) {
        static_cast<Reader *>(ctx)->bench.ended_well = ok != 0;
    };
    varve_query_request request{};
    request.struct_size = sizeof request;
    request.read_only = ask.read_only ? 1 : 0;
    request.language = str(ask.language);
    request.text = str(text);
    request.database = str(ask.database);
    request.retention_policy = str(ask.policy);
    request.params = str(ask.params);
    request.epoch = str(ask.epoch);
    request.format = str(ask.format);
    request.chunk_size = ask.chunk_size;
    request.pretty = ask.pretty ? 1 : 0;
    request.principal = str(ask.principal);
    engine_->run(request, sink);
    if (reader.bytes.ends_with('\n')) reader.bytes.pop_back();
    return std::move(reader.bytes);
}

}  // namespace varve::test
