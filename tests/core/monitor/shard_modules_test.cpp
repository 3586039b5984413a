// Shards as modules.
#include <gtest/gtest.h>

#include "monitor/shard_modules.hpp"

namespace varve::monitor {
namespace {

TEST(ShardModules, OneForEachShardOfTheStatus) {
    Modules modules;
    add_shards(R"({"engine":"strata","shards":[{"db":1,"rp":2,"shard":7,"db_name":"d",)"
               R"("rp_name":"autogen","segments":3,"bytes":8383,"memtable_bytes":16}]})",
               "/data dir", modules);
    ASSERT_EQ(modules.size(), 1u);
    EXPECT_EQ(modules[0].key(), "shard:/data dir/data/1/2/7:7");
    EXPECT_EQ(modules[0].tags,
              (std::map<std::string, std::string>{{"database", "d"},
                                                  {"engine", "strata"},
                                                  {"id", "7"},
                                                  {"path", "/data dir/data/1/2/7"},
                                                  {"retentionPolicy", "autogen"}}));
    EXPECT_EQ(modules[0].values, (std::map<std::string, int64_t>{
                                     {"diskBytes", 8383}, {"memBytes", 16}, {"numFiles", 3}}));
}

TEST(ShardModules, AnEngineThatSaysNothingHasNone) {
    Modules modules;
    for (const char *status : {"", "{", "[]", "{}", R"({"shards":3})"}) {
        add_shards(status, "", modules);
    }
    EXPECT_TRUE(modules.empty());
}

}  // namespace
}  // namespace varve::monitor
