// The data directory: its lock, its seed, its identity when that is damaged.
#include <gtest/gtest.h>

#include <vector>

#include "kernel/data_dir.hpp"
#include "support/scratch_folder.hpp"

namespace varve {
namespace {

class DataDirTest : public testing::Test {
  protected:
    Result<std::unique_ptr<DataDir>> open() { return DataDir::open(path_, env_, log_); }
    uint64_t seed() {
        auto opened = open();
        EXPECT_TRUE(opened.ok()) << opened.status().text();
        return opened.ok() ? (*opened)->hash_seed() : 0;
    }

    test::ScratchFolder folder_;
    const std::string path_ = folder_ / "a/data";
    Env &env_ = Env::posix();
    std::vector<std::string> lines_;
    Log log_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(DataDirTest, IsMadeAndKeepsItsSeed) {
    const uint64_t first = seed();
    EXPECT_NE(first, 0u);
    EXPECT_EQ(seed(), first);
    EXPECT_TRUE(lines_.empty());
    const std::string other = folder_ / "other";
    EXPECT_NE((*DataDir::open(other, env_, log_))->hash_seed(), first);
    auto opened = open();
    EXPECT_EQ((*opened)->path(), path_);
    EXPECT_EQ((*opened)->quarantine(), path_ + "/quarantine");
}

TEST_F(DataDirTest, IsLockedAgainstASecondServer) {
    auto first = open();
    ASSERT_TRUE(first.ok());
    const auto second = open();
    EXPECT_EQ(second.code(), Code::failed_precondition);
    EXPECT_EQ(second.status().text(),
              "the data directory " + path_ + " is in use by another server");
    first->reset();
    EXPECT_TRUE(open().ok());
}

TEST_F(DataDirTest, DamagedIdentityIsQuarantinedAndMadeAnew) {
    const uint64_t before = seed();
    const std::string good = *read_file(env_, path_ + "/VARVE");
    std::vector<std::string> damaged = {"", "garbage", good + "more", good.substr(0, 30)};
    std::string flipped = good;
    flipped[20] = flipped[20] == '0' ? '1' : '0';
    damaged.push_back(flipped);
    for (const std::string &content : damaged) {
        lines_.clear();
        ASSERT_TRUE(write_file_durably(env_, path_ + "/VARVE", content).ok());
        const uint64_t fresh = seed();
        EXPECT_NE(fresh, before) << content;
        ASSERT_EQ(lines_.size(), 1u) << content;
        EXPECT_NE(lines_[0].find("identity was damaged"), std::string::npos);
        EXPECT_EQ(seed(), fresh);
    }
    const auto kept = env_.list(path_ + "/quarantine");
    EXPECT_EQ(kept->size(), damaged.size());
}

TEST_F(DataDirTest, AFileInItsPlaceIsAnError) {
    ASSERT_TRUE(env_.make_directory(folder_ / "a").ok());
    ASSERT_TRUE(write_file_durably(env_, path_, "a file").ok());
    EXPECT_FALSE(open().ok());
}

}  // namespace
}  // namespace varve
