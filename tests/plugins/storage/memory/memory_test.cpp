// The memory engine against the suite of all engines.
#include "storage/memory/memory_storage.hpp"
#include "support/storage_suite.hpp"

namespace varve::test {
namespace {

const EngineFactory kMemory = {&memory::MemoryStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<memory::MemoryStorage>(host);
                               },
                               false, true};

INSTANTIATE_TEST_SUITE_P(Memory, StorageSuite, testing::Values(kMemory));

TEST(MemoryStorage, RefusesWritesBeyondSizeMax) {
    Engine engine(kMemory);
    engine.host().set("size_max", 1000);
    ASSERT_TRUE(engine.start().ok());
    Status status;
    int writes = 0;
    for (; status.ok() && writes < 1000; ++writes) {
        status = engine.client().write({{"m", writes, {{"v", "f:1"}}}}).status;
    }
    EXPECT_EQ(status.code(), Code::resource_exhausted);
    EXPECT_LT(writes, 50);
}

}  // namespace
}  // namespace varve::test
