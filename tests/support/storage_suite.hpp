// What every storage engine must do, as tests over a factory. A binary includes this file once and
// says
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StorageSuite, testing::Values(EngineFactory{...}));
#pragma once

#include <gtest/gtest.h>

#include "support/storage_engine.hpp"

namespace varve::test {

class StorageSuite : public testing::TestWithParam<EngineFactory> {
  protected:
    void SetUp() override {
        engine_ = std::make_unique<Engine>(GetParam());
        const Status status = engine_->start();
        ASSERT_TRUE(status.ok()) << status.text();
    }
    StorageClient &client() { return engine_->client(); }
    Dump read(const ReadSettings &settings = {}) {
        auto dump = client().read(settings);
        EXPECT_TRUE(dump.ok()) << dump.status().text();
        return dump.ok() ? *dump : Dump();
    }
    std::vector<std::string> list(StorageClient::List what, varve_schema_request request) {
        auto found = client().list(what, request);
        EXPECT_TRUE(found.ok()) << found.status().text();
        return found.ok() ? *found : std::vector<std::string>();
    }

    std::unique_ptr<Engine> engine_;
};

using List = StorageClient::List;
using Texts = std::vector<std::string>;

TEST_P(StorageSuite, WritesAndReadsEveryType) {
    const auto answer = client().write({{"m,a=1", 5, {{"f", "f:1.5"}, {"i", "i:-7"}}},
                                        {"m,a=1", 1500, {{"s", "s:text"}, {"b", "b:1"}}},
                                        {"m,a=2", 7, {{"u", "u:18446744073709551615"}}}});
    ASSERT_TRUE(answer.status.ok()) << answer.status.text();
    EXPECT_EQ(answer.accepted, 3u);
    EXPECT_NE(answer.lsn, 0u);
    const Dump wanted = {
        {"m,a=1", {{5, {{"f f", "1.5"}, {"i i", "-7"}}}, {1500, {{"s s", "text"}, {"b b", "1"}}}}},
        {"m,a=2", {{7, {{"u u", "18446744073709551615"}}}}}};
    EXPECT_EQ(read(), wanted);
    ReadSettings settings;
    settings.descending = true;
    EXPECT_EQ(read(settings), wanted);
    ASSERT_TRUE(client().compact().ok());
    EXPECT_EQ(read(), wanted);
    EXPECT_EQ(read(settings), wanted);
}

TEST_P(StorageSuite, LastWriteWinsPerField) {
    client().write({{"m", 5, {{"a", "f:1"}, {"b", "f:1"}}}, {"m", 5, {{"a", "f:2"}}}});
    client().write({{"m", 5, {{"c", "f:3"}}}, {"m", 5, {{"b", "f:4"}}}, {"m", 5, {{"b", "f:5"}}}});
    const Dump wanted = {{"m", {{5, {{"a f", "2"}, {"b f", "5"}, {"c f", "3"}}}}}};
    EXPECT_EQ(read(), wanted);
    ASSERT_TRUE(client().compact().ok());
    client().write({{"m", 5, {{"a", "f:9"}}}});
    const Dump newer = {{"m", {{5, {{"a f", "9"}, {"b f", "5"}, {"c f", "3"}}}}}};
    EXPECT_EQ(read(), newer);
}

TEST_P(StorageSuite, TypeConflicts) {
    client().write({{"m", 5, {{"v", "f:1"}}}});
    auto answer =
        client().write({{"m", 6, {{"v", "i:2"}, {"w", "i:1"}}}, {"m", 7, {{"v", "f:3"}}}});
    EXPECT_EQ(answer.accepted, 1u);
    ASSERT_EQ(answer.rejections.size(), 1u);
    EXPECT_EQ(answer.rejections[0].reject, uint32_t{VARVE_REJECT_TYPE_CONFLICT});
    EXPECT_EQ(answer.rejections[0].existing_type, uint32_t{VARVE_TYPE_FLOAT64});
    EXPECT_EQ(answer.rejected[VARVE_REJECT_TYPE_CONFLICT], 1u);
    // Another shard has types of its own.
    EXPECT_EQ(client().write({{"m", 1006, {{"v", "i:2"}}}}).accepted, 1u);

    WriteSettings settings;
    settings.on_type_conflict = VARVE_ON_CONFLICT_COERCE;
    answer = client().write({{"m", 8, {{"v", "i:9007199254740993"}}},
                             {"m", 9, {{"v", "i:-4"}}},
                             {"m", 10, {{"v", "u:5"}}},
                             {"m", 11, {{"v", "s:x"}}}},
                            settings);
    EXPECT_EQ(answer.accepted, 2u);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_TYPE_CONFLICT], 2u);

    settings.on_type_conflict = VARVE_ON_CONFLICT_BOTH;
    EXPECT_EQ(client().write({{"m", 5, {{"v", "s:both"}}}}, settings).accepted, 1u);
    const Dump wanted = {{"m",
                          {{5, {{"v f", "1"}, {"v s", "both"}}},
                           {7, {{"v f", "3"}}},
                           {9, {{"v f", "-4"}}},
                           {10, {{"v f", "5"}}},
                           {1006, {{"v i", "2"}}}}}};
    EXPECT_EQ(read(), wanted);
    auto request = StorageClient::schema_request();
    request.measurement = str("m");
    EXPECT_EQ(list(List::fields, request), (Texts{"v f", "v i", "v s"}));
}

TEST_P(StorageSuite, FirstRowOfABatchDecidesTheType) {
    const auto answer = client().write(
        {{"m", 1, {{"v", "i:1"}}}, {"m", 2, {{"v", "f:1"}}}, {"m", 3, {{"v", "i:2"}}}});
    EXPECT_EQ(answer.accepted, 2u);
    EXPECT_EQ(read(), (Dump{{"m", {{1, {{"v i", "1"}}}, {3, {{"v i", "2"}}}}}}));
}

// Batches promise distinct keys; one that does not keep it must not make a series twice.
TEST_P(StorageSuite, AKeyTwiceInATableIsOneSeries) {
    const BatchBuilder builder({{"m,a=1", 1, {{"v", "i:1"}}}, {"m,a=2", 2, {{"v", "i:2"}}}},
                               nullptr);
    const varve_table &table = *builder.batch().tables[0];
    ASSERT_EQ(table.key_count, 2u);
    const_cast<varve_series_key *>(table.keys)[1] = table.keys[0];
    EXPECT_EQ(client().write(builder.batch()).accepted, 2u);
    EXPECT_EQ(read(), (Dump{{"m,a=1", {{1, {{"v i", "1"}}}, {2, {{"v i", "2"}}}}}}));
    EXPECT_EQ(*client().cardinality(StorageClient::schema_request()), 1u);
}

TEST_P(StorageSuite, RowsOutsideTheShardsAreRejected) {
    const auto answer = client().write(
        {{"m", -1, {{"v", "f:1"}}}, {"m", 100000, {{"v", "f:1"}}}, {"m", 0, {{"v", "f:2"}}}});
    EXPECT_EQ(answer.accepted, 1u);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_NO_SHARD], 2u);
    const auto nothing = client().write({{"n", -1, {{"v", "f:1"}}}});
    EXPECT_TRUE(nothing.called);
    EXPECT_EQ(nothing.lsn, 0u);
    EXPECT_EQ(list(List::measurements, StorageClient::schema_request()), Texts{"m"});
}

TEST_P(StorageSuite, MaskedRowsAreSkipped) {
    const std::vector<bool> keep = {true, false, true};
    const auto answer = client().write(
        {{"m", 1, {{"v", "f:1"}}}, {"m,x=1", 2, {{"v", "f:2"}}}, {"m", 3, {{"v", "s:z"}}}}, {},
        &keep);
    EXPECT_EQ(answer.accepted, 1u);  // the third conflicts with the first
    EXPECT_EQ(read(), (Dump{{"m", {{1, {{"v f", "1"}}}}}}));
}

TEST_P(StorageSuite, Limits) {
    ASSERT_TRUE(client().open_database(1, 1, {3, 2, 0}).ok());
    auto answer = client().write({{"m,a=1", 1, {{"v", "f:1"}}},
                                  {"m,a=2", 1, {{"v", "f:1"}}},
                                  {"m,a=3", 1, {{"v", "f:1"}}},
                                  {"n,a=3", 1, {{"v", "f:1"}}},
                                  {"n,a=4", 1, {{"v", "f:1"}}},
                                  {"m,a=1", 2, {{"v", "f:1"}}}});
    EXPECT_EQ(answer.accepted, 4u);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_TAG_VALUE_LIMIT], 1u);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_SERIES_LIMIT], 1u);
    ASSERT_EQ(answer.rejections.size(), 2u);
    EXPECT_EQ(answer.rejections[0].limit, 2u);
    EXPECT_EQ(answer.rejections[1].limit, 3u);
    EXPECT_EQ(*client().cardinality(StorageClient::schema_request()), 3u);
    // A dropped shard's series make room.
    EXPECT_TRUE(client().drop_shard(1, 1, 1).status.ok());
    EXPECT_EQ(client().write({{"x", 1, {{"v", "f:1"}}}}).accepted, 1u);
}

TEST_P(StorageSuite, LimitOfSeriesPerMeasurement) {
    ASSERT_TRUE(client().open_database(1, 1, {0, 0, 2}).ok());
    client().write({{"m,a=1", 1, {{"v", "f:1"}}}});
    const auto answer = client().write({{"m,a=2", 1, {{"v", "f:1"}}},
                                        {"m,a=3", 1, {{"v", "f:1"}}},
                                        {"n,a=3", 1, {{"v", "f:1"}}},
                                        {"m,a=1", 2, {{"v", "f:1"}}}});
    EXPECT_EQ(answer.accepted, 3u);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_MEASUREMENT_LIMIT], 1u);
    ASSERT_EQ(answer.rejections.size(), 1u);
    EXPECT_EQ(answer.rejections[0].limit, 2u);
}

TEST_P(StorageSuite, IdentityColumn) {
    WriteSettings settings;
    settings.identity_column = "sequence_number";
    settings.on_type_conflict = VARVE_ON_CONFLICT_BOTH;
    client().write({{"m", 1, {{"sequence_number", "i:10"}, {"v", "f:1"}}}}, settings);
    const auto answer = client().write({{"m", 1, {{"sequence_number", "i:11"}, {"v", "f:2"}}},
                                        {"m", 1, {{"sequence_number", "i:10"}, {"v", "f:3"}}},
                                        {"m", 2, {{"sequence_number", "i:1"}, {"v", "f:4"}}},
                                        {"m", 2, {{"sequence_number", "i:2"}, {"v", "f:5"}}}},
                                       settings);
    EXPECT_EQ(answer.rejected[VARVE_REJECT_IDENTITY_CLASH], 2u);
    const Dump wanted = {{"m",
                          {{1, {{"sequence_number i", "10"}, {"v f", "3"}}},
                           {2, {{"sequence_number i", "1"}, {"v f", "4"}}}}}};
    EXPECT_EQ(read(), wanted);
}

TEST_P(StorageSuite, SnapshotsPinAPrefix) {
    client().write({{"m", 1, {{"v", "f:1"}}}});
    uint64_t lsn = 0;
    varve_snapshot *snapshot = client().open_snapshot(1, &lsn);
    const auto answer =
        client().write({{"m", 1, {{"v", "f:2"}, {"w", "f:1"}}}, {"n", 2, {{"v", "f:1"}}}});
    EXPECT_GT(answer.lsn, lsn);
    const Dump before = {{"m", {{1, {{"v f", "1"}}}}}};
    EXPECT_EQ(*client().read({}, snapshot), before);
    ASSERT_TRUE(client().compact().ok());
    EXPECT_EQ(*client().read({}, snapshot), before);
    EXPECT_EQ(*client().list(List::measurements, StorageClient::schema_request(), snapshot),
              Texts{"m"});
    client().drop_shard(1, 1, 1);
    EXPECT_EQ(*client().read({}, snapshot), before);
    client().close_snapshot(snapshot);
    EXPECT_EQ(read(), Dump());
}

TEST_P(StorageSuite, RangesAndManyBlocks) {
    std::vector<Point> points;
    Dump all;
    for (int i = 0; i < 5000; ++i) {
        const int time = 2000 + (i * 7919) % 5000;
        points.push_back({"m,h=" + std::to_string(i % 3), time, {{"v", "i:" + std::to_string(i)}}});
        all[points.back().key][time]["v i"] = std::to_string(i);
    }
    client().write(points);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(read(), all);
        for (const auto &[from, to] :
             {std::pair<int64_t, int64_t>{2500, 4000}, {6999, 7000}, {0, 2000}, {5, 5}}) {
            Dump wanted;
            for (const auto &[key, rows] : all) {
                for (auto at = rows.lower_bound(from); at != rows.end() && at->first < to; ++at) {
                    wanted[key].insert(*at);
                }
            }
            for (const bool descending : {false, true}) {
                ReadSettings settings;
                settings.from_ns = from;
                settings.to_ns = to;
                settings.descending = descending;
                EXPECT_EQ(read(settings), wanted) << from << " " << to;
            }
        }
        ASSERT_TRUE(client().compact().ok());
    }
}

TEST_P(StorageSuite, SchemaCallsWithPredicatesAndRanges) {
    client().write({{"cpu,dc=eu,host=a", 5, {{"idle", "f:1"}}},
                    {"cpu,dc=us,host=b", 1005, {{"idle", "f:2"}, {"user", "i:1"}}},
                    {"cpu", 7, {{"total", "f:3"}}},
                    {"mem\\ x,host=a", 5, {{"used", "u:1"}}}});
    auto request = StorageClient::schema_request();
    EXPECT_EQ(list(List::measurements, request), (Texts{"cpu", "mem x"}));
    EXPECT_EQ(list(List::series, request),
              (Texts{"cpu", "cpu,dc=eu,host=a", "cpu,dc=us,host=b", "mem\\ x,host=a"}));
    EXPECT_EQ(list(List::tag_keys, request), (Texts{"dc", "host"}));
    request.tag = str("host");
    EXPECT_EQ(list(List::tag_values, request), (Texts{"a", "b"}));
    request.limit = 1;
    EXPECT_EQ(list(List::tag_values, request), (Texts{"a"}));
    request.after = str("a");
    EXPECT_EQ(list(List::tag_values, request), (Texts{"b"}));
    request.after = {};
    request.limit = 0;
    request.measurement = str("cpu");
    EXPECT_EQ(list(List::fields, request), (Texts{"idle f", "total f", "user i"}));

    const varve_series_predicate absent{VARVE_SERIES_EQ, 0, str("dc"), {}, nullptr};
    const varve_series_predicate match{VARVE_SERIES_MATCH, 0, str("dc"), str("^u|^$"), nullptr};
    const varve_series_predicate not_b{VARVE_SERIES_NE, 0, str("host"), str("b"), nullptr};
    const varve_series_predicate *both[] = {&match, &not_b};
    const varve_series_predicate conjunction{VARVE_SERIES_AND, 2, {}, {}, both};
    request.series = &absent;
    EXPECT_EQ(list(List::series, request), (Texts{"cpu"}));
    request.series = &match;
    EXPECT_EQ(list(List::series, request), (Texts{"cpu", "cpu,dc=us,host=b"}));
    request.series = &conjunction;
    EXPECT_EQ(list(List::series, request), (Texts{"cpu"}));
    const varve_series_predicate broken{VARVE_SERIES_MATCH, 0, str("dc"), str("("), nullptr};
    request.series = &broken;
    EXPECT_EQ(client().list(List::series, request).code(), Code::invalid_argument);

    request.series = nullptr;
    request.has_range = 1;
    request.from_ns = 6;
    request.to_ns = 1005;
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(list(List::series, request), (Texts{"cpu"}));
        EXPECT_EQ(list(List::fields, request), (Texts{"total f"}));
        ASSERT_TRUE(client().compact().ok());
    }
    request.to_ns = 1006;
    EXPECT_EQ(*client().cardinality(request), 2u);
}

TEST_P(StorageSuite, UnknownDatabasesAndMeasurements) {
    WriteSettings settings;
    settings.db_id = 77;
    EXPECT_EQ(client().write({{"m", 1, {{"v", "f:1"}}}}, settings).status.code(), Code::not_found);
    settings.db_id = 1;
    settings.rp_id = 77;
    EXPECT_EQ(client().write({{"m", 1, {{"v", "f:1"}}}}, settings).status.code(), Code::not_found);
    EXPECT_EQ(client().write({{"m,b=1,a=2", 1, {{"v", "f:1"}}}}).status.code(),
              Code::invalid_argument);
    auto dump = client().read({}, nullptr, "nothing");
    ASSERT_TRUE(dump.ok());
    EXPECT_TRUE(dump->empty());
}

TEST_P(StorageSuite, DropDatabase) {
    client().write({{"m", 1, {{"v", "f:1"}}}});
    ASSERT_TRUE(client().compact().ok());
    client().write({{"m", 2, {{"v", "f:1"}}}});
    EXPECT_TRUE(client().drop_database(1, 1).status.ok());
    ASSERT_TRUE(client().open_database().ok());
    EXPECT_EQ(read(), Dump());
    client().write({{"m", 3, {{"v", "s:other type"}}}});
    EXPECT_TRUE(client().drop_database(1, 0).status.ok());
    EXPECT_EQ(client().write({{"m", 1, {{"v", "f:1"}}}}).status.code(), Code::not_found);
    ASSERT_TRUE(engine_->restart().ok());
    EXPECT_EQ(read(), Dump());
}

TEST_P(StorageSuite, DroppedShardsDoNotComeBack) {
    for (int round = 0; round < 3; ++round) {
        client().write({{"m", 1, {{"v", "f:1"}}}, {"m", 1001, {{"v", "f:1"}}}});
        if (round == 1) {
            ASSERT_TRUE(client().compact().ok());
        }
        EXPECT_TRUE(client().drop_shard(1, 1, 1).status.ok());
        if (!GetParam().durable) continue;
        ASSERT_TRUE(engine_->restart().ok());
        EXPECT_EQ(read(), (Dump{{"m", {{1001, {{"v f", "1"}}}}}})) << round;
    }
    client().write({{"m", 2, {{"v", "s:again"}}}});
    const Dump wanted = {{"m", {{2, {{"v s", "again"}}}, {1001, {{"v f", "1"}}}}}};
    EXPECT_EQ(read(), wanted);
    if (GetParam().durable) {
        ASSERT_TRUE(engine_->restart().ok());
        EXPECT_EQ(read(), wanted);
        ASSERT_TRUE(client().compact().ok());
        ASSERT_TRUE(engine_->restart().ok());
        EXPECT_EQ(read(), wanted);
    }
}

TEST_P(StorageSuite, RestartKeepsWhatWasAcknowledged) {
    for (const uint32_t durability :
         {VARVE_DURABILITY_ALWAYS, VARVE_DURABILITY_INTERVAL, VARVE_DURABILITY_OS}) {
        WriteSettings settings;
        settings.durability = durability;
        client().write({{"m", durability, {{"v", "f:1"}, {"s", "s:x"}}}}, settings);
    }
    const Dump before = read();
    EXPECT_EQ(before.at("m").size(), 3u);
    ASSERT_TRUE(engine_->restart().ok());
    EXPECT_EQ(read(), GetParam().durable ? before : Dump());
}

TEST_P(StorageSuite, DeletesAndRenames) {
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.from_ns = INT64_MIN;
    request.to_ns = INT64_MAX;
    request.measurement = str("m");
    if (!GetParam().deletes) {
        EXPECT_EQ(client().delete_rows(request).status.code(), Code::unsupported);
        EXPECT_EQ(client().rename(1, "m", "n").status.code(), Code::unsupported);
        return;
    }
    client().write({{"m,h=a", 1, {{"v", "f:1"}}},
                    {"m,h=a", 2, {{"v", "f:5"}, {"s", "s:x"}}},
                    {"m,h=b", 3, {{"v", "f:7"}}},
                    {"other", 1, {{"v", "f:1"}}}});
    varve_value_condition above{str("v"), VARVE_GT, VARVE_TYPE_INT64, {}, {}};
    above.constant.as_int = 4;
    request.conditions = &above;
    request.condition_count = 1;
    const varve_series_predicate host_a{VARVE_SERIES_EQ, 0, str("h"), str("a"), nullptr};
    request.series = &host_a;
    varve_snapshot *snapshot = client().open_snapshot();
    const Dump before = read();
    EXPECT_TRUE(client().delete_rows(request).status.ok());
    const Dump wanted = {{"m,h=a", {{1, {{"v f", "1"}}}}},
                         {"m,h=b", {{3, {{"v f", "7"}}}}},
                         {"other", {{1, {{"v f", "1"}}}}}};
    EXPECT_EQ(read(), wanted);
    EXPECT_EQ(*client().read({}, snapshot), before);
    client().close_snapshot(snapshot);
    EXPECT_EQ(client().rename(1, "m", "other").status.code(), Code::already_exists);
    EXPECT_EQ(client().rename(1, "nothing", "x").status.code(), Code::not_found);
    EXPECT_TRUE(client().rename(1, "m", "new name").status.ok());
    const Dump renamed = {{"new\\ name,h=a", {{1, {{"v f", "1"}}}}},
                          {"new\\ name,h=b", {{3, {{"v f", "7"}}}}},
                          {"other", {{1, {{"v f", "1"}}}}}};
    EXPECT_EQ(read(), renamed);
    request = {};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.from_ns = INT64_MIN;
    request.to_ns = INT64_MAX;
    EXPECT_TRUE(client().delete_rows(request).status.ok());
    EXPECT_EQ(read(), Dump());
    EXPECT_EQ(list(List::measurements, StorageClient::schema_request()), Texts());
    EXPECT_EQ(client().write({{"other", 1, {{"v", "s:new type"}}}}).accepted, 1u);
}

}  // namespace varve::test
