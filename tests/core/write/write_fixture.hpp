// A write path over the memory engine and a catalog in memory; rows come in as line protocol.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "common/line_protocol/line_protocol.hpp"
#include "storage/memory/memory_storage.hpp"
#include "support/memory_catalog.hpp"
#include "support/storage_engine.hpp"
#include "write/write_path.hpp"

namespace varve::test {

// What the sender was told.
struct Answer {
    Code code = Code::internal;
    uint64_t lsn = 0;
    uint64_t accepted = 0;
    uint64_t dropped = 0;
    std::string error;
};

class WriteFixture : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(engine_.start().ok());
        make_path({});
    }

    void make_path(WritePath::Options options) {
        options.hash_seed = 0x5eed;
        const StorageHandle storage{engine_.client().instance(), &engine_.client().table()};
        path_ = std::make_unique<WritePath>(options, catalog_, storage, Env::posix(), rejects_,
                                            publisher_, metrics_);
    }

    // A batch that owns its body; null if the body holds no row.
    static varve_batch *batch_of(const std::string &lines, int64_t now_ns = 0) {
        auto body = std::make_shared<std::string>(lines);
        line_protocol::Options options;
        options.now_ns = now_ns;
        options.hash_seed = 0x5eed;
        auto parsed = line_protocol::parse(*body, options);
        EXPECT_EQ(parsed.error_text(), "");
        parsed.batch.on_release([body] {});
        return parsed.batch.finish(options.hash_seed, 1);
    }

    static varve_write_request request_for(std::string_view database,
                                           std::string_view policy = {}) {
        varve_write_request request{};
        request.struct_size = sizeof request;
        request.database = str(database);
        request.retention_policy = str(policy);
        return request;
    }

    Answer submit(varve_batch *batch, const varve_write_request &request) {
        std::promise<Answer> promise;
        auto answer = promise.get_future();
        path_->submit(
            batch, request,
            [](void *ctx, const varve_write_outcome *outcome) {
                static_cast<std::promise<Answer> *>(ctx)->set_value(
                    {static_cast<Code>(outcome->code), outcome->lsn, outcome->accepted,
                     outcome->dropped, std::string(view(outcome->error))});
            },
            &promise);
        return answer.get();
    }
    Answer write(const std::string &lines, std::string_view database = "d",
                 std::string_view policy = {}) {
        return submit(batch_of(lines), request_for(database, policy));
    }

    Dump stored(uint64_t db_id, uint64_t rp_id) {
        ReadSettings settings;
        settings.db_id = db_id;
        settings.rp_id = rp_id;
        auto *snapshot = engine_.client().open_snapshot(db_id);
        auto dump = engine_.client().read(settings, snapshot);
        engine_.client().close_snapshot(snapshot);
        EXPECT_TRUE(dump.ok()) << dump.status().text();
        return dump.ok() ? *dump : Dump{};
    }
    Dump stored(const std::string &database = "d") {
        const auto found = catalog_.database(database);
        return stored(found->id, found->policy(found->default_policy)->id);
    }

    double counted(std::string_view name, const MetricLabels &labels = {}) {
        return metrics_.counter(name, "", labels).value();
    }

    SelfMetrics metrics_;
    Engine engine_{EngineFactory{&memory::MemoryStorage::descriptor,
                                 [](Host host) -> std::unique_ptr<Plugin> {
                                     return std::make_unique<memory::MemoryStorage>(host);
                                 },
                                 false, true}};
    MemoryCatalog catalog_;
    Rejects rejects_{metrics_, 10};
    Publisher publisher_{metrics_};
    std::unique_ptr<WritePath> path_;
};

}  // namespace varve::test
