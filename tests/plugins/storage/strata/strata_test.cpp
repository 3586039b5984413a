// The strata engine against the suite of all engines.
#include "storage/strata/engine/strata_storage.hpp"
#include "support/storage_suite.hpp"

namespace varve::test {
namespace {

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

INSTANTIATE_TEST_SUITE_P(Strata, StorageSuite, testing::Values(kStrata));

}  // namespace
}  // namespace varve::test
