// The strata engine against the suite of all engines, and against the memory engine under random
// use.
#include <random>
#include "storage/memory/memory_storage.hpp"

#include "storage/strata/engine/strata_storage.hpp"
#include "support/storage_suite.hpp"

namespace varve::test {
namespace {

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

INSTANTIATE_TEST_SUITE_P(Strata, StorageSuite, testing::Values(kStrata));

std::vector<Point> random_points(std::mt19937_64 &random) {
    std::vector<Point> points;
    const uint64_t count = 1 + random() % (random() % 8 == 0 ? 1500 : 20);
    for (uint64_t i = 0; i < count; ++i) {
        Point point;
        point.key = "m" + std::to_string(random() % 2) + ",h=" + std::to_string(random() % 4);
        point.time = static_cast<int64_t>(random() % 3000);
        for (uint64_t f = 0; f <= random() % 3; ++f) {
            const std::string number = std::to_string(random() % 100);
            const char *types[] = {"f:", "f:", "f:", "i:", "s:", "b:1", "u:"};
            const std::string type = types[random() % 7];
            point.fields["v" + std::to_string(random() % 4)] = type == "b:1" ? type : type + number;
        }
        points.push_back(std::move(point));
    }
    return points;
}

TEST(StrataModel, BehavesLikeTheReference) {
    const char *given = std::getenv("VARVE_SEED");
    const uint64_t seed = given == nullptr ? std::random_device{}() : std::stoull(given);
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int run = 0; run < 4; ++run) {
        Engine reference(kMemory);
        Engine engine(kStrata);
        ASSERT_TRUE(reference.start().ok());
        ASSERT_TRUE(engine.start().ok());
        for (int step = 0; step < 60; ++step) {
            switch (random() % 12) {
                case 0:
                    ASSERT_TRUE(engine.client().compact().ok());
                    break;
                case 1:
                    ASSERT_TRUE(engine.restart().ok());
                    break;
                case 2:
                    if (random() % 3 != 0) break;
                    for (Engine *one : {&reference, &engine}) {
                        ASSERT_TRUE(one->client().drop_shard(1, 1, 2).status.ok());
                    }
                    break;
                default: {
                    WriteSettings settings;
                    settings.on_type_conflict = static_cast<uint32_t>(random() % 3);
                    settings.durability = 1 + static_cast<uint32_t>(random() % 3);
                    const auto points = random_points(random);
                    const auto wanted = reference.client().write(points, settings);
                    const auto got = engine.client().write(points, settings);
                    ASSERT_TRUE(got.status.ok()) << got.status.text();
                    ASSERT_EQ(got.accepted, wanted.accepted) << "step " << step;
                    ASSERT_EQ(got.rejected, wanted.rejected);
                }
            }
            if (random() % 3 != 0) continue;
            ReadSettings settings;
            settings.descending = random() % 2 == 0;
            settings.from_ns = static_cast<int64_t>(random() % 1500);
            settings.to_ns = settings.from_ns + static_cast<int64_t>(random() % 3000);
            auto wanted = reference.client().read(settings);
            auto got = engine.client().read(settings);
            ASSERT_TRUE(got.ok()) << got.status().text();
            ASSERT_TRUE(*got == *wanted) << "step " << step;
            auto request = StorageClient::schema_request();
            request.has_range = random() % 2;
            request.from_ns = settings.from_ns;
            request.to_ns = settings.to_ns;
            for (const List what : {List::measurements, List::fields, List::series}) {
                ASSERT_EQ(*engine.client().list(what, request),
                          *reference.client().list(what, request))
                    << "step " << step;
            }
        }
    }
}

}  // namespace
}  // namespace varve::test
