// Deletes across restarts: what is gone stays gone, from the schema as well.
#include <gtest/gtest.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/sim_env.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

using List = StorageClient::List;

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

varve_delete_request drop_measurement(const char *name) {
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.measurement = str(name);
    request.from_ns = INT64_MIN;
    request.to_ns = INT64_MAX;
    return request;
}

std::vector<std::string> fields(Engine &engine) {
    return *engine.client().list(List::fields, StorageClient::schema_request());
}

// A dropped measurement that is written anew has only the new fields, however the rows reached the
// disk and however the engine ended.
TEST(StrataDeletes, DroppedFieldsDoNotComeBack) {
    for (const bool flush_before : {false, true}) {
        for (const bool flush_after : {false, true}) {
            for (const bool kill : {false, true}) {
                SCOPED_TRACE(std::to_string(flush_before) + std::to_string(flush_after) +
                             std::to_string(kill));
                SimEnv env(1);
                Engine engine(kStrata, env, "/disk");
                ASSERT_TRUE(engine.start().ok());
                for (int i = 0; i < 300; ++i) {
                    engine.client().write({{"m,h=1", i, {{"v", "f:1"}}},
                                           {"m,h=2", i, {{"w", "u:1"}}},
                                           {"n", 1, {{"v", "b:1"}}}});
                }
                if (flush_before) {
                    ASSERT_TRUE(engine.client().compact().ok());
                }
                ASSERT_TRUE(engine.client().delete_rows(drop_measurement("m")).status.ok());
                engine.client().write({{"m,h=1", 7, {{"v", "s:x"}}}});
                EXPECT_EQ(fields(engine), (std::vector<std::string>{"v s", "v b"}));
                if (flush_after) {
                    ASSERT_TRUE(engine.client().compact().ok());
                }
                if (kill) env.fail_at(1, Fault::power);
                engine.stop();
                if (kill) env.end_process();
                ASSERT_TRUE(engine.start().ok());
                EXPECT_EQ(fields(engine), (std::vector<std::string>{"v s", "v b"}));
                ASSERT_TRUE(engine.client().compact().ok());
                EXPECT_EQ(fields(engine), (std::vector<std::string>{"v s", "v b"}));
                ASSERT_TRUE(engine.restart().ok());
                EXPECT_EQ(fields(engine), (std::vector<std::string>{"v s", "v b"}));
            }
        }
    }
}

}  // namespace
}  // namespace varve::test
