// The one way rows enter, from the request to storage, with the words the sender gets.
#include <atomic>
#include <mutex>
#include <thread>

#include "core/write/write_fixture.hpp"
#include "support/memory_users.hpp"

namespace varve::test {
namespace {

class WritePathTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
    }
    void expect(const Answer &answer, Code code, const std::string &error, uint64_t accepted = 0,
                uint64_t dropped = 0) {
        EXPECT_EQ(answer.code, code);
        EXPECT_EQ(answer.error, error);
        EXPECT_EQ(answer.accepted, accepted);
        EXPECT_EQ(answer.dropped, dropped);
    }
};

TEST_F(WritePathTest, StoresRowsAndCountsThem) {
    const Answer answer = write("cpu,host=a v=1,w=2i 10\ncpu,host=b v=3 20\n");
    expect(answer, Code::ok, "", 2);
    EXPECT_NE(answer.lsn, 0u);
    EXPECT_EQ(stored(), (Dump{{"cpu,host=a", {{10, {{"v f", "1"}, {"w i", "2"}}}}},
                              {"cpu,host=b", {{20, {{"v f", "3"}}}}}}));
    EXPECT_EQ(counted("varve_write_rows_total"), 2);
    EXPECT_EQ(counted("varve_write_values_total"), 3);
    EXPECT_GT(write("cpu v=1 30").lsn, answer.lsn);
}

TEST_F(WritePathTest, UnknownTargetsStoreNothing) {
    expect(write("m v=1 1", ""), Code::invalid_argument, "database is required");
    expect(write("m v=1 1", "none"), Code::not_found, "database not found: \"none\"");
    expect(write("m v=1 1", "d", "none"), Code::failed_precondition,
           "retention policy not found: none");
    EXPECT_EQ(path_->check(request_for("none")).code(), Code::not_found);
    EXPECT_TRUE(path_->check(request_for("d", "autogen")).ok());
    EXPECT_EQ(catalog_.databases()->size(), 1u);
}

TEST_F(WritePathTest, AClientNeedsThePrivilegeToWrite) {
    MemoryUsers users(catalog_);
    auth::Accounts accounts(users, Env::posix(), {true, {8, 1}});
    ASSERT_TRUE(accounts.create_user("bob", "pw", false).ok());
    WritePath::Options options;
    options.accounts = &accounts;
    make_path(options);
    varve_write_request request = request_for("d");
    const auto write_as = [&](std::string_view name) {
        request.principal = {name.data(), static_cast<uint32_t>(name.size()), 0};
        return submit(batch_of("m v=1 1"), request);
    };
    expect(write_as(""), Code::permission_denied, "user is required to write to database \"d\"");
    expect(write_as("bob"), Code::permission_denied,
           "\"bob\" user is not authorized to write to database \"d\"");
    EXPECT_EQ(path_->check(request).code(), Code::permission_denied);
    ASSERT_TRUE(users.set_privilege("bob", "d", Privilege::read).ok());
    EXPECT_EQ(write_as("bob").code, Code::permission_denied);
    ASSERT_TRUE(users.set_privilege("bob", "d", Privilege::write).ok());
    expect(write_as("bob"), Code::ok, "", 1);
    // No principal at all: the input itself.
    expect(submit(batch_of("m v=1 1"), request_for("d")), Code::ok, "", 1);
    // A missing database is told first; permission does not make one.
    request = request_for("none");
    request.create_database = 1;
    expect(write_as("bob"), Code::permission_denied,
           "\"bob\" user is not authorized to write to database \"none\"");
    EXPECT_EQ(catalog_.databases()->size(), 1u);
}

TEST_F(WritePathTest, MakesWhatAnInputAsksFor) {
    varve_write_request request = request_for("made", "week");
    request.create_database = 1;
    expect(submit(batch_of("m v=1 1"), request), Code::ok, "", 1);
    const Database made = *catalog_.database("made");
    EXPECT_EQ(made.default_policy, "autogen");
    ASSERT_NE(made.policy("week"), nullptr);
    EXPECT_EQ(stored(made.id, made.policy("week")->id).size(), 1u);
    request = request_for("");
    request.create_database = 1;
    expect(submit(batch_of("m v=1 1"), request), Code::invalid_argument, "database is required");
    request = request_for("a/b");
    request.create_database = 1;
    expect(submit(batch_of("m v=1 1"), request), Code::invalid_argument, "invalid name");
}

TEST_F(WritePathTest, RoutesRowsToTheirShardGroups) {
    std::string lines;
    constexpr int kWeeks = 40;
    for (int week = kWeeks; week-- > 0;) {
        for (int row = 0; row < 3; ++row) {
            lines += "m v=1 " + std::to_string(week * 7 * kDayNs + row) + '\n';
        }
    }
    lines += "m v=1 -9223372036854775806\nm v=1 9223372036854775806\n";
    expect(write(lines), Code::ok, "", kWeeks * 3 + 2);
    EXPECT_EQ(stored().at("m").size(), kWeeks * 3u + 2);
    const Database database = *catalog_.database("d");
    const auto groups = catalog_.shard_groups(database.id, database.policies[0].id);
    // Weeks begin on Mondays, the epoch was a Thursday: each of these lies in a group of its own.
    EXPECT_EQ(groups->size(), kWeeks + 2u);
    expect(write(lines), Code::ok, "", kWeeks * 3 + 2);
    EXPECT_EQ(catalog_.shard_groups(database.id, database.policies[0].id)->size(), kWeeks + 2u);
}

TEST_F(WritePathTest, TagsAndFieldsNamedTime) {
    expect(write("m,time=1 v=1 1\nm v=2 2\nm,time=2 v=1 3"), Code::ok,
           "partial write: invalid tag key: input tag \"time\" on measurement \"m\" is invalid "
           "dropped=2",
           1, 2);
    expect(write("n time=1 1"), Code::ok,
           "partial write: invalid field name: input field \"time\" on measurement \"n\" is "
           "invalid dropped=1",
           0, 1);
    expect(write("m,a=x\\,time\\=1,xtime=1 v=1 5"), Code::ok, "", 1);  // only looks like one
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "invalid_tag_key"}}), 2);
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "invalid_field_name"}}), 1);
    const std::vector<RejectedRow> last = rejects_.last();
    ASSERT_EQ(last.size(), 3u);
    EXPECT_EQ(last[0].database, "d");
    EXPECT_EQ(last[0].row, "n 1");
    EXPECT_EQ(last[2].row, "m,time=1 1");
    EXPECT_EQ(last[0].error,
              "invalid field name: input field \"time\" on measurement \"n\" is invalid");
}

TEST_F(WritePathTest, RowsOlderThanThePolicyKeeps) {
    RetentionPolicySpec spec;
    spec.name = "day";
    spec.duration_ns = kDayNs;
    ASSERT_TRUE(catalog_.create_retention_policy("d", spec).ok());
    const std::string now = std::to_string(Env::posix().now_ns());
    expect(write("m v=1 1\nm v=2 " + now + "\nm v=3 2", "d", "day"), Code::ok,
           "partial write: points beyond retention policy dropped=2", 1, 2);
    const Answer none = write("m v=1 1", "d", "day");
    expect(none, Code::ok, "partial write: points beyond retention policy dropped=1", 0, 1);
    EXPECT_EQ(none.lsn, 0u);  // storage never saw it
    const Database database = *catalog_.database("d");
    EXPECT_EQ(catalog_.shard_groups(database.id, database.policy("day")->id)->size(), 1u);
}

TEST_F(WritePathTest, TypeConflictsInInfluxDbsWords) {
    ASSERT_EQ(write("m v=1 1").accepted, 1u);
    expect(write("m v=1i 2\nm w=1i 3\nm v=true 4\nm v=\"x\" 5"), Code::ok,
           "partial write: field type conflict: input field \"v\" on measurement \"m\" is type "
           "integer, already exists as type float dropped=3",
           1, 3);
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "type_conflict"}}), 3);
    EXPECT_EQ(rejects_.last().size(), 3u);
}

TEST_F(WritePathTest, LimitsOfSeriesAndTagValues) {
    WritePath::Options options;
    options.limits.tag_values_max = 2;
    make_path(options);
    ASSERT_TRUE(catalog_.create_database("limited", std::nullopt).ok());
    expect(write("m,a=1,host=x v=1 1\nm,a=1,host=y v=1 1\nm,a=1,host=z v=1 1", "limited"), Code::ok,
           "partial write: max-values-per-tag limit exceeded (2/2): measurement=\"m\" tag=\"host\" "
           "value=\"z\" dropped=1",
           2, 1);
    options.limits.tag_values_max = 0;
    options.limits.series_max = 1;
    make_path(options);
    ASSERT_TRUE(catalog_.create_database("few", std::nullopt).ok());
    expect(write("m v=1 1\nn v=1 1", "few"), Code::ok,
           "partial write: max-series-per-database limit exceeded: (1) dropped=1", 1, 1);
}

TEST_F(WritePathTest, BadLinesAreRecordedWithoutABatch) {
    const varve_bad_row bad[] = {{str("m v="), str("missing field value")},
                                 {str("m v=1 99999999999999999999"), str("time outside range")}};
    varve_write_request request = request_for("d");
    request.bad_rows = bad;
    request.bad_row_count = 2;
    request.bad_rows_unlisted = 5;
    expect(submit(nullptr, request), Code::ok, "");
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "parse"}}), 6);
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "time_out_of_range"}}), 1);
    ASSERT_EQ(rejects_.last().size(), 2u);
    EXPECT_EQ(rejects_.last()[1].row, "m v=");
    EXPECT_EQ(rejects_.last()[1].error, "missing field value");
}

// Wherever the tag stands in the key.
TEST_F(WritePathTest, ATagNamedTimeIsFound) {
    for (size_t before = 1; before <= 70; ++before) {
        for (const size_t behind : {size_t{0}, size_t{1}, size_t{2}, size_t{40}}) {
            const std::string start = std::string(before, 'm');
            const std::string end = behind == 0 ? std::string() : ",u=" + std::string(behind, 'x');
            const Answer bad = write(start + ",time=1" + end + " v=1 1");
            EXPECT_EQ(bad.dropped, 1u) << before << ' ' << behind;
            const Answer good = write(start + ",timf=1" + end + " v=1 1");
            EXPECT_EQ(good.dropped, 0u) << before << ' ' << behind;
        }
    }
}

TEST_F(WritePathTest, OnlyTheLastRejectsAreKept) {
    for (int i = 0; i < 15; ++i) write("m,time=x v=1 " + std::to_string(i));
    const std::vector<RejectedRow> last = rejects_.last();
    ASSERT_EQ(last.size(), 10u);
    EXPECT_EQ(last.front().row, "m,time=x 14");
    EXPECT_EQ(last.back().row, "m,time=x 5");
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "invalid_tag_key"}}), 15);
    rejects_.add({0, "d", "parse", std::string(5000, 'e'), std::string(5000, 'r')});
    EXPECT_EQ(rejects_.last().front().error.size(), kRejectTextMax);
    EXPECT_EQ(rejects_.last().front().row.size(), kRejectTextMax);
}

TEST_F(WritePathTest, StorageIsToldOfTheCatalogsDatabases) {
    make_path({});
    ASSERT_TRUE(path_->open_databases().ok());
    EXPECT_EQ(path_->hash_seed(), 0x5eedu);
    EXPECT_FALSE(path_->unsigned_enabled());
    EXPECT_TRUE(stored().empty());
}

// The memory engine behind a table that notes what it was asked.
class WriteOptionsTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        real_ = &engine_.client().table();
        table_ = *real_;
        table_.write = [](varve_instance *self, const varve_batch *batch,
                          const varve_write_opts *opts, varve_write_done done, void *ctx,
                          varve_error *error) {
            last_ = *opts;
            return real_->write(self, batch, opts, done, ctx, error);
        };
        table_.database_open = [](varve_instance *self, const varve_database_spec *spec,
                                  varve_error *error) {
            names_.push_back(std::string(view(spec->db_name)));
            return real_->database_open(self, spec, error);
        };
        names_.clear();
        WritePath::Options options;
        options.hash_seed = 0x5eed;
        options.durability = {VARVE_DURABILITY_ALWAYS, 0};
        path_ = std::make_unique<WritePath>(options, catalog_,
                                            StorageHandle{engine_.client().instance(), &table_},
                                            Env::posix(), rejects_, publisher_, metrics_);
    }

    inline static const varve_storage *real_ = nullptr;
    inline static varve_write_opts last_{};
    inline static std::vector<std::string> names_;
    varve_storage table_{};
};

TEST_F(WriteOptionsTest, DurabilityOfTheInputThenTheDatabaseThenTheServer) {
    ASSERT_TRUE(catalog_.create_database("plain", std::nullopt).ok());
    RetentionPolicySpec own;
    own.database_durability = "interval=20ms";
    ASSERT_TRUE(catalog_.create_database("own", own).ok());
    ASSERT_EQ(write("m v=1 1", "plain").code, Code::ok);
    EXPECT_EQ(last_.durability, uint32_t{VARVE_DURABILITY_ALWAYS});
    ASSERT_EQ(write("m v=1 1", "own").code, Code::ok);
    EXPECT_EQ(last_.durability, uint32_t{VARVE_DURABILITY_INTERVAL});
    EXPECT_EQ(last_.interval_ns, 20'000'000);
    varve_write_request request = request_for("own");
    request.durability = VARVE_DURABILITY_OS;
    ASSERT_EQ(submit(batch_of("m v=1 1"), request).code, Code::ok);
    EXPECT_EQ(last_.durability, uint32_t{VARVE_DURABILITY_OS});
}

TEST_F(WriteOptionsTest, StorageHearsOfARename) {
    ASSERT_TRUE(catalog_.create_database("a", std::nullopt).ok());
    ASSERT_EQ(write("m v=1 1", "a").code, Code::ok);
    ASSERT_EQ(write("m v=1 2", "a").code, Code::ok);
    ASSERT_TRUE(catalog_.rename_database("a", "b", {}).ok());
    EXPECT_EQ(write("m v=1 3", "a").code, Code::not_found);
    ASSERT_EQ(write("m v=1 4", "b").code, Code::ok);
    ASSERT_EQ(write("m v=1 5", "b").code, Code::ok);
    EXPECT_EQ(names_, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(stored("b").at("m").size(), 4u);
}

TEST_F(WritePathTest, BatchesAreReleasedOnceEverywhere) {
    static std::atomic<int> released;
    released = 0;
    const auto counting = [](const std::string &lines) {
        auto body = std::make_shared<std::string>(lines);
        auto parsed = line_protocol::parse(*body, {});
        parsed.batch.on_release([body] { ++released; });
        return parsed.batch.finish(0x5eed, 1);
    };
    submit(counting("m v=1 1"), request_for("d"));
    submit(counting("m v=1 1"), request_for("none"));
    submit(counting("m,time=1 v=1 1"), request_for("d"));
    EXPECT_EQ(released, 3);
}

// Several senders, several databases made on the way, a subscriber behind them.
TEST_F(WritePathTest, ManySendersOneOrder) {
    constexpr int kSenders = 4;
    constexpr int kWrites = 100;
    std::mutex mutex;
    std::vector<uint64_t> seen;
    publisher_.subscribe("listener", 10'000, [&](const Published &published) {
        const std::scoped_lock lock(mutex);
        seen.push_back(published.lsn);
        return Status();
    });
    std::vector<std::thread> senders;
    std::atomic<uint64_t> accepted{0};
    for (int sender = 0; sender < kSenders; ++sender) {
        senders.emplace_back([&, sender] {
            for (int i = 0; i < kWrites; ++i) {
                const std::string name = "db" + std::to_string(i % 3);
                varve_write_request request = request_for(name);
                request.create_database = 1;
                const std::string row =
                    "m,s=" + std::to_string(sender) + " v=1 " + std::to_string(i * kDayNs);
                accepted += submit(batch_of(row), request).accepted;
            }
        });
    }
    for (std::thread &sender : senders) sender.join();
    EXPECT_EQ(accepted, uint64_t{kSenders} * kWrites);
    publisher_.stop(60'000'000'000);
    ASSERT_EQ(seen.size(), size_t{kSenders} * kWrites);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    size_t rows = 0;
    for (const char *name : {"db0", "db1", "db2"}) {
        for (const auto &[key, times] : stored(name)) rows += times.size();
    }
    EXPECT_EQ(rows, size_t{kSenders} * kWrites);
}

}  // namespace
}  // namespace varve::test
