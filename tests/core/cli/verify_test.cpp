#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <varve/kind/storage.h>
#include <varve/cpp/plugin.hpp>

#include "cli/storage/verify_command.hpp"
#include "kernel/host/handle.hpp"

namespace varve::cli {
namespace {

// An engine for which a path is damaged when it ends in "bad".
class Engine final : public Plugin {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor = {sizeof(varve_descriptor),
                                                    VARVE_KIND_STORAGE,
                                                    "storage.fake",
                                                    "Fake",
                                                    "1.0.0",
                                                    "Says of files what their names say.",
                                                    nullptr,
                                                    0,
                                                    0};
        return descriptor;
    }
    explicit Engine(Host) {}
    Status start() override { return {Code::internal, "verify needs no start"}; }
    void stop() override {}

    const void *extension(std::string_view id) override {
        static varve_storage_maintenance table{};
        table.struct_size = struct_size;
        table.verify = [](varve_instance *, varve_str path, varve_sink report,
                          varve_error *error) -> int32_t {
            const std::string text(path.data, path.size);
            const bool bad = text.ends_with("bad");
            const std::string line = (bad ? "damaged: " : "well: ") + text + '\n';
            report.append(report.ctx, line.data(), line.size());
            if (!bad) return VARVE_OK;
            return guarded(error, [] { return Status(Code::data_loss, "1 file"); });
        };
        return id == VARVE_STORAGE_MAINTENANCE_ID ? &table : nullptr;
    }

    static inline uint32_t struct_size = sizeof(varve_storage_maintenance);
};

class Verify : public ::testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_);
        for (const char *name : {"good", "bad"}) std::ofstream(folder_ / name) << "x";
        static const varve_plugin_entry entry = {VARVE_ABI_TAG_VALUE, &detail::init,
                                                 &detail::deinit, &detail::FactoryOf<Engine>::get};
        ASSERT_TRUE(plugins_.add_built_in(&entry).ok());
        Engine::struct_size = sizeof(varve_storage_maintenance);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    Status verify(const std::vector<std::string> &names, const std::string &id = "storage.fake") {
        std::vector<std::string> paths;
        for (const std::string &name : names) paths.push_back((folder_ / name).string());
        return verify_paths(host_, plugins_, id, paths, report_);
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("varve-verify-" + std::to_string(::getpid()));
    check::CheckHost host_;
    HostHandle init_host_{host_.services(), "test", ""};
    PluginHost plugins_{{{"/nonexistent"}, {}, {}}, init_host_.raw(), host_.log()};
    std::ostringstream report_;
};

TEST_F(Verify, GoodFiles) {
    const Status status = verify({"good"});
    EXPECT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(report_.str(), "well: " + (folder_ / "good").string() + "\n");
}

TEST_F(Verify, DamageIsReportedAndTheRestStillRead) {
    const Status status = verify({"bad", "good"});
    EXPECT_EQ(status.code(), Code::data_loss);
    EXPECT_EQ(status.text(), (folder_ / "bad").string() + ": 1 file");
    EXPECT_EQ(report_.str(), "damaged: " + (folder_ / "bad").string() +
                                 "\nwell: " + (folder_ / "good").string() + "\n");
}

TEST_F(Verify, NothingIsReadWhenAPathIsMissing) {
    const Status status = verify({"good", "gone"});
    EXPECT_EQ(status.text(), (folder_ / "gone").string() + " does not exist");
    EXPECT_EQ(report_.str(), "");
}

TEST_F(Verify, EnginesWithoutIt) {
    EXPECT_EQ(verify({"good"}, "storage.none").text(), "there is no plugin storage.none");
    Engine::struct_size = offsetof(varve_storage_maintenance, verify);
    EXPECT_EQ(verify({"good"}).text(), "storage.fake cannot verify files");
}

}  // namespace
}  // namespace varve::cli
