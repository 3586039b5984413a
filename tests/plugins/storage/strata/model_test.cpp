// The strata engine and the memory engine side by side under random use: after every step both
// answer every question alike.
//
//   VARVE_SEED=…         repeats a run
//   VARVE_MODEL_RUNS=…   how many runs, 4 if not given
#include <random>

#include <gtest/gtest.h>

#include "random_world.hpp"
#include "storage/memory/memory_storage.hpp"
#include "storage/strata/engine/strata_storage.hpp"
#include "support/sim_env.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

using List = StorageClient::List;

const EngineFactory kMemory = {&memory::MemoryStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<memory::MemoryStorage>(host);
                               },
                               false, true};
const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

constexpr int kSteps = 50;

std::string rejections_text(const WriteAnswer &answer) {
    std::string text;
    for (const varve_rejection &one : answer.rejections) {
        text += "table " + std::to_string(one.table) + " row " + std::to_string(one.row) +
                " column " + std::to_string(one.column) + " existing type " +
                std::to_string(one.existing_type) + "\n";
    }
    return text;
}

class Twins {
  public:
    explicit Twins(uint64_t seed)
        : random_(seed),
          env_(seed),
          with_parts_(seed % 4 != 0),
          reference_(kMemory),
          engine_(kStrata, env_, "/disk") {}

    void run() {
        ASSERT_TRUE(reference_.start().ok());
        ASSERT_TRUE(reference_.client().open_database(1, 2).ok());
        start();
        for (step_ = 0; step_ < kSteps && !testing::Test::HasFailure(); ++step_) {
            history_ += std::to_string(step_) + " " + do_something() + "\n";
            SCOPED_TRACE(history_);
            if (testing::Test::HasFailure()) ADD_FAILURE() << "in the last step";
            compare_schema();
            compare_rows();
            if (step_ % 16 == 15) compare_everything();
        }
        if (testing::Test::HasFailure()) return;
        release_snapshots();
        EXPECT_TRUE(engine_.client().compact().ok());
        compare_everything();
        EXPECT_TRUE(engine_.client().scrub().ok());
        engine_.stop();
        forgets_fields_ = forgets_fields_ || deletes_parts_;
        start();
        compare_everything();
        compare_schema();
        EXPECT_EQ(engine_.host().metric("varve_storage_quarantined_total"), 0)
            << testing::PrintToString(engine_.host().log_lines());
    }

  private:
    uint64_t pick(uint64_t count) { return random_() % count; }
    bool chance(uint64_t one_in) { return pick(one_in) == 0; }

    void start() {
        const Status status = engine_.start();
        ASSERT_TRUE(status.ok()) << status.text();
        ASSERT_TRUE(engine_.client().open_database(1, 2).ok());
    }

    std::string do_something() {
        const uint64_t dice = pick(100);
        if (dice < 51) return write(random_points(random_), "write");
        if (dice < 54) return write(long_series(random_), "long series");
        if (dice < 56) return write(short_series(random_), "short series");
        if (dice < 68) return with_parts_ ? delete_some() : drop_measurement();
        if (dice < 72) return drop_measurement();
        if (dice < 76) return rename();
        if (dice < 79) return drop_shard();
        if (dice < 85) return compact();
        if (dice < 87) return scrub();
        if (dice < 89) return rebuild_index();
        if (dice < 94) return restart();
        return snapshot();
    }

    std::string write(const std::vector<Point> &points, const std::string &what) {
        WriteSettings settings;
        settings.on_type_conflict =
            forgets_fields_ ? uint32_t{VARVE_ON_CONFLICT_BOTH} : static_cast<uint32_t>(pick(3));
        settings.durability = 1 + static_cast<uint32_t>(pick(3));
        settings.rp_id = chance(5) ? 2 : 1;
        if (settings.rp_id == 2) settings.shards = {{11, 0, 2500}, {12, 2500, 100000}};
        auto got = engine_.client().write(points, settings);
        while (got.status.code() == Code::unavailable) {  // flushes lag behind
            EXPECT_TRUE(engine_.client().compact().ok());
            got = engine_.client().write(points, settings);
        }
        const auto wanted = reference_.client().write(points, settings);
        EXPECT_TRUE(got.status.ok()) << got.status.text();
        EXPECT_EQ(got.accepted, wanted.accepted);
        EXPECT_EQ(got.rejected, wanted.rejected);
        EXPECT_EQ(rejections_text(got), rejections_text(wanted))
            << "on conflict " << settings.on_type_conflict;
        return what + " of " + std::to_string(points.size()) + " rows, policy " +
               std::to_string(settings.rp_id);
    }

    void remove(const varve_delete_request &request) {
        const auto got = engine_.client().delete_rows(request);
        EXPECT_TRUE(got.status.ok()) << got.status.text();
        EXPECT_TRUE(reference_.client().delete_rows(request).status.ok());
    }

    varve_delete_request delete_request() {
        varve_delete_request request{};
        request.struct_size = sizeof request;
        request.db_id = 1;
        request.rp_id = chance(3) ? 1 + pick(2) : 0;
        request.from_ns = INT64_MIN;
        request.to_ns = INT64_MAX;
        request.durability = static_cast<uint32_t>(pick(4));
        return request;
    }

    std::string delete_some() {
        varve_delete_request request = delete_request();
        std::string what = "delete";
        if (!chance(4)) request.measurement = str(name());
        if (!chance(4)) {
            request.from_ns = static_cast<int64_t>(pick(4000));
            request.to_ns = request.from_ns + static_cast<int64_t>(pick(chance(2) ? 40 : 3000));
            what +=
                " from " + std::to_string(request.from_ns) + " to " + std::to_string(request.to_ns);
        }
        const RandomPredicate predicate(random_);
        if (chance(2)) {
            request.series = predicate.get();
            what += ", some series";
        }
        std::vector<varve_value_condition> conditions;
        if (chance(2)) {
            for (uint64_t left = 1 + pick(2); left > 0; --left) {
                conditions.push_back(random_condition(random_));
                const auto &last = conditions.back();
                what += ", " + std::string(view(last.column)) + " op " + std::to_string(last.op) +
                        " type " + std::to_string(last.type);
            }
        }
        request.conditions = conditions.data();
        request.condition_count = static_cast<uint32_t>(conditions.size());
        remove(request);
        deletes_parts_ = true;
        return what + " of '" + std::string(view(request.measurement)) + "' in policy " +
               std::to_string(request.rp_id);
    }

    std::string drop_measurement() {
        varve_delete_request request = delete_request();
        request.rp_id = 0;
        request.measurement = str(name());
        remove(request);
        // Another type than before, at once.
        Point point{std::string(view(request.measurement)) + ",h=1", 1500, {}};
        point.fields["v0"] = random_value(random_);
        return "drop measurement " + point.key + ", then " + write({point}, point.fields["v0"]);
    }

    std::string rename() {
        const std::string from = name();
        const std::string to = chance(3) ? name() : "renamed" + std::to_string(pick(3));
        const auto wanted = reference_.client().rename(1, from, to);
        const auto got = engine_.client().rename(1, from, to);
        EXPECT_EQ(got.status.code(), wanted.status.code()) << got.status.text();
        forgets_fields_ = forgets_fields_ || deletes_parts_;  // rows are copied, not fields
        return "rename " + from + " to " + to;
    }

    std::string drop_shard() {
        const uint64_t rp_id = 1 + pick(2);
        const uint64_t shard = rp_id == 1 ? 1 + pick(3) : 11 + pick(2);
        EXPECT_TRUE(reference_.client().drop_shard(1, rp_id, shard).status.ok());
        EXPECT_TRUE(engine_.client().drop_shard(1, rp_id, shard).status.ok());
        return "drop shard " + std::to_string(shard);
    }

    std::string compact() {
        const bool wait = chance(2);
        const Status status = engine_.client().compact(wait);
        EXPECT_TRUE(status.ok()) << status.text();
        return wait ? "compact" : "compact in the background";
    }

    std::string scrub() {
        const Status status = engine_.client().scrub();
        EXPECT_TRUE(status.ok()) << status.text();
        return "scrub";
    }

    std::string rebuild_index() {
        const Status status = engine_.client().rebuild_index();
        EXPECT_TRUE(status.ok()) << status.text();
        return "rebuild the index";
    }

    std::string restart() {
        release_snapshots();
        const bool clean = chance(2);
        forgets_fields_ = forgets_fields_ || deletes_parts_;
        if (!clean) env_.fail_at(1, Fault::power);
        engine_.stop();
        if (!clean) env_.end_process();
        start();
        return clean ? "restart" : "kill";
    }

    // Takes a snapshot in both, or compares the one that was taken.
    std::string snapshot() {
        if (pinned_ == nullptr) {
            pinned_ = engine_.client().open_snapshot();
            pinned_reference_ = reference_.client().open_snapshot();
            return "open a snapshot";
        }
        const auto got = engine_.client().read({}, pinned_);
        const auto wanted = reference_.client().read({}, pinned_reference_);
        EXPECT_TRUE(got.ok()) << got.status().text();
        if (got.ok()) {
            EXPECT_EQ(difference(*got, *wanted), "") << "in a snapshot";
        }
        for (const List what : {List::measurements, List::tag_keys, List::series}) {
            const auto request = StorageClient::schema_request();
            EXPECT_EQ(*engine_.client().list(what, request, pinned_),
                      *reference_.client().list(what, request, pinned_reference_));
        }
        release_snapshots();
        return "close a snapshot";
    }

    void release_snapshots() {
        if (pinned_ == nullptr) return;
        engine_.client().close_snapshot(pinned_);
        reference_.client().close_snapshot(pinned_reference_);
        pinned_ = nullptr;
    }

    const char *name() {
        static const char *const names[] = {"m0", "m1", "m2", "short", "renamed0", "renamed1"};
        return names[pick(6)];
    }

    void compare_list(List what, const varve_schema_request &request) {
        const auto got = engine_.client().list(what, request);
        const auto wanted = reference_.client().list(what, request);
        ASSERT_EQ(got.code(), wanted.code()) << got.status().text();
        if (!got.ok() || *got == *wanted) return;
        ADD_FAILURE() << "list " << static_cast<int>(what) << " of '" << view(request.measurement)
                      << "', tag '" << view(request.tag) << "', policy " << request.rp_id
                      << ", range " << request.has_range << " " << request.from_ns << " to "
                      << request.to_ns << ", predicate " << (request.series != nullptr) << ": "
                      << got->size() << " entries instead of " << wanted->size() << ": "
                      << testing::PrintToString(*got).substr(0, 500) << " instead of "
                      << testing::PrintToString(*wanted).substr(0, 500);
    }

    void compare_schema() {
        static const char *const tags[] = {"h", "dc", "id", "absent"};
        const RandomPredicate predicate(random_);
        for (int round = 0; round < 2; ++round) {
            auto request = StorageClient::schema_request(1, chance(2) ? 0 : 1 + pick(2));
            if (round == 1) {
                if (chance(2)) request.measurement = str(name());
                if (chance(2)) request.series = predicate.get();
                if (chance(2)) {
                    request.has_range = 1;
                    request.from_ns = static_cast<int64_t>(pick(4000));
                    request.to_ns =
                        request.from_ns + static_cast<int64_t>(pick(chance(2) ? 3 : 4000));
                }
                if (chance(3)) request.limit = 1 + pick(5);
                if (chance(3)) request.after = str(chance(2) ? "m0,h=1" : "1");
            }
            for (const List what : {List::measurements, List::tag_keys, List::series}) {
                compare_list(what, request);
            }
            auto fields = request;
            if (forgets_fields_ && request.has_range == 0) {
                fields.has_range = 1;
                fields.from_ns = INT64_MIN;
                fields.to_ns = INT64_MAX;
            }
            compare_list(List::fields, fields);
            request.tag = str(tags[pick(4)]);
            compare_list(List::tag_values, request);
            request.tag = {};
            request.limit = 0;
            request.after = {};
            const auto count = engine_.client().cardinality(request);
            ASSERT_TRUE(count.ok()) << count.status().text();
            EXPECT_EQ(*count, *reference_.client().cardinality(request));
        }
    }

    void compare_rows() {
        const RandomPredicate predicate(random_);
        ReadSettings settings;
        settings.rp_id = chance(4) ? 2 : 1;
        settings.descending = chance(2);
        settings.partitions = 1 + static_cast<uint32_t>(pick(4));
        if (!chance(3)) {
            settings.from_ns = static_cast<int64_t>(pick(chance(4) ? 20000 : 3000));
            settings.to_ns = settings.from_ns + static_cast<int64_t>(pick(3000));
        }
        if (chance(2)) settings.series = predicate.get();
        const auto wanted = reference_.client().read(settings);
        // A limit counts rows before the conditions are applied, so it is asked for alone.
        if (chance(3)) settings.limit_per_series = 1 + pick(2000);
        for (uint64_t left = settings.limit_per_series != 0 ? 0 : pick(3); left > 0; --left) {
            settings.conditions.push_back(random_condition(random_));
        }
        const auto got = engine_.client().read(settings);
        ASSERT_TRUE(got.ok()) << got.status().text();
        compare_part(*got, *wanted, settings);
    }

    // `wanted` knows of no limits and conditions; with them `got` may lack what they leave out.
    static void compare_part(const Dump &got, const Dump &wanted, const ReadSettings &settings) {
        const uint64_t limit =
            settings.limit_per_series == 0 ? UINT64_MAX : settings.limit_per_series;
        Dump expected;
        for (const auto &[key, rows] : wanted) {
            const auto found = got.find(key);
            uint64_t count = 0;
            const auto note = [&](int64_t time, const auto &fields) {
                const bool there = found != got.end() && found->second.count(time) != 0;
                const bool must = count < limit && meets(fields, settings.conditions);
                if (must) ++count;
                if (there || must) expected[key][time] = fields;
            };
            if (settings.descending) {
                for (auto at = rows.rbegin(); at != rows.rend(); ++at) note(at->first, at->second);
            } else {
                for (const auto &[time, fields] : rows) note(time, fields);
            }
        }
        EXPECT_EQ(difference(got, expected), "")
            << "policy " << settings.rp_id << " from " << settings.from_ns << " to "
            << settings.to_ns << ", descending " << settings.descending << ", limit "
            << settings.limit_per_series << ", conditions " << settings.conditions.size();
    }

    void compare_everything() {
        for (const uint64_t rp_id : {1, 2}) {
            ReadSettings settings;
            settings.rp_id = rp_id;
            settings.descending = chance(2);
            const auto got = engine_.client().read(settings);
            ASSERT_TRUE(got.ok()) << got.status().text();
            EXPECT_EQ(difference(*got, *reference_.client().read(settings)), "");
        }
    }

    std::mt19937_64 random_;
    SimEnv env_;
    bool with_parts_;  // deletes of some rows, too
    Engine reference_;
    Engine engine_;
    varve_snapshot *pinned_ = nullptr;
    varve_snapshot *pinned_reference_ = nullptr;
    int step_ = 0;
    // After a delete of some rows and a restart or rename, a field that has lost its last row may
    // be forgotten, which the reference never does. From then on only what rows have is compared.
    bool deletes_parts_ = false;
    bool forgets_fields_ = false;
    std::string history_;
};

TEST(StrataModel, BehavesLikeTheReference) {
    const char *given = std::getenv("VARVE_SEED");
    const char *runs = std::getenv("VARVE_MODEL_RUNS");
    const uint64_t first = given == nullptr ? std::random_device{}() : std::stoull(given);
    const uint64_t count = runs == nullptr ? 4 : std::stoull(runs);
    for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
        std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
        SCOPED_TRACE("VARVE_SEED=" + std::to_string(seed));
        Twins(seed).run();
    }
}

}  // namespace
}  // namespace varve::test
