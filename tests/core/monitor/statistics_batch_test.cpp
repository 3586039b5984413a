// Modules as rows of a batch.
#include <gtest/gtest.h>
#include <xxhash.h>

#include <varve/cpp/bytes.hpp>

#include "monitor/statistics_batch.hpp"

namespace varve::monitor {
namespace {

TEST(StatisticsBatch, OneTableForEachNameAndItsValues) {
    const Modules modules{{"httpd", {{"bind", "127.0.0.1:8086"}}, {{"req", 5}, {"authFail", -1}}},
                          {"shard", {{"path", "/data dir/a,b=c"}}, {{"n", 1}}},
                          {"empty", {}, {}},
                          {"httpd", {{"bind", ":9"}}, {{"req", 6}, {"authFail", 7}}},
                          {"httpd", {{"bind", "x"}}, {{"req", 8}}}};
    varve_batch *batch = make_batch(modules, "vm", 12, 0x5eed);
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->row_count, 4u);
    EXPECT_EQ(batch->value_count, 6u);
    ASSERT_EQ(batch->table_count, 3u);
    const varve_table &httpd = *batch->tables[0];
    EXPECT_EQ(view(httpd.measurement), "httpd");
    ASSERT_EQ(httpd.row_count, 2u);
    EXPECT_EQ(view(httpd.keys[0].text), "httpd,bind=127.0.0.1:8086,hostname=vm");
    EXPECT_EQ(view(httpd.keys[httpd.key_index[1]].text), "httpd,bind=:9,hostname=vm");
    EXPECT_EQ(httpd.keys[0].hash,
              XXH3_64bits_withSeed(httpd.keys[0].text.data, httpd.keys[0].text.size, 0x5eed));
    EXPECT_EQ(httpd.times[1], 12);
    EXPECT_EQ(httpd.ordinals[1], 2u);
    ASSERT_EQ(httpd.column_count, 2u);
    EXPECT_EQ(view(httpd.columns[0].name), "authFail");
    EXPECT_EQ(httpd.columns[0].type, static_cast<uint32_t>(VARVE_TYPE_INT64));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(httpd.columns[0].values) % 64, 0u);
    EXPECT_EQ(static_cast<const int64_t *>(httpd.columns[0].values)[1], 7);
    EXPECT_EQ(static_cast<const int64_t *>(httpd.columns[1].values)[0], 5);
    EXPECT_EQ(view(batch->tables[1]->keys[0].text), "shard,hostname=vm,path=/data\\ dir/a\\,b\\=c");
    batch->release(batch);
}

TEST(StatisticsBatch, NothingIsNoBatch) {
    EXPECT_EQ(make_batch({{"empty", {}, {}}}, "vm", 0, 1), nullptr);
}

}  // namespace
}  // namespace varve::monitor
