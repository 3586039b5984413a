#include <gtest/gtest.h>

#include "cli/storage/storage_command.hpp"

namespace varve::cli {
namespace {

TEST(StorageStatus, TotalsThenTables) {
    const auto text = render_storage_status(
        R"({"engine":"strata","segment_bytes":1572864,"read_only":false,)"
        R"("shards":[{"db":1,"bytes":10},{"db":2,"rows":5}],"quarantine":[],"notes":["a"]})");
    ASSERT_TRUE(text.ok()) << text.status().text();
    EXPECT_EQ(*text,
              "what          value   \n"
              "----          -----   \n"
              "engine        strata\n"
              "segment_bytes 1572864 1.5 MiB\n"
              "read_only     false\n"
              "\nshards:\n"
              "db bytes rows\n"
              "-- ----- ----\n"
              "1  10    \n"
              "2        5\n"
              "\nquarantine: none\n"
              "\nnotes:\n"
              "  a\n");
}

TEST(StorageStatus, WhatIsNoObjectIsAnError) {
    for (const char *bad : {"", "[]", "{\"a\":", "nonsense"}) {
        EXPECT_EQ(render_storage_status(bad).status().code(), Code::data_loss) << bad;
    }
}

}  // namespace
}  // namespace varve::cli
