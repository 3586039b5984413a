// The real Env: what files keep, what is made, and which error says what.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/env.hpp"
#include "support/scratch_folder.hpp"

namespace varve {
namespace {

class EnvTest : public testing::Test {
  protected:
    void write(const std::string &path, std::string_view text) {
        auto file = env_.open(path, VARVE_FILE_WRITE | VARVE_FILE_CREATE);
        ASSERT_TRUE(file.ok()) << file.status().text();
        const varve_bytes part{text.data(), text.size()};
        ASSERT_TRUE((*file)->write_at(0, {&part, 1}).ok());
    }

    Env &env_ = Env::posix();
    test::ScratchFolder folder_;
    const std::string path_ = folder_ / "file";
};

TEST_F(EnvTest, WritesPartsAndReadsThemBack) {
    auto file = env_.open(path_, VARVE_FILE_WRITE | VARVE_FILE_CREATE);
    ASSERT_TRUE(file.ok());
    const std::string long_text(100'000, 'x');
    const varve_bytes parts[] = {{"ab", 2}, {nullptr, 0}, {long_text.data(), long_text.size()}};
    ASSERT_TRUE((*file)->write_at(3, parts).ok());
    EXPECT_EQ(*(*file)->size(), 100'005u);
    char head[6];
    EXPECT_EQ(*(*file)->read_at(0, head, sizeof head), 6u);
    EXPECT_EQ(std::string_view(head, 6), std::string_view("\0\0\0abx", 6));
    EXPECT_EQ(*(*file)->read_at(100'004, head, sizeof head), 1u);  // short only at the end
    EXPECT_EQ(*(*file)->read_at(200'000, head, sizeof head), 0u);
    EXPECT_TRUE((*file)->sync().ok());
}

TEST_F(EnvTest, MoreThan1024PartsAreWrittenWhole) {
    auto file = env_.open(path_, VARVE_FILE_WRITE | VARVE_FILE_CREATE);
    ASSERT_TRUE(file.ok());
    const std::vector<varve_bytes> parts(3000, varve_bytes{"abc", 3});
    ASSERT_TRUE((*file)->write_at(0, parts).ok());
    const auto content = read_file(env_, path_);
    ASSERT_EQ(content->size(), 9000u);
    for (size_t i = 0; i < content->size(); i += 3) ASSERT_EQ(content->substr(i, 3), "abc");
}

TEST_F(EnvTest, TruncatesAllocatesAndMaps) {
    write(path_, "0123456789");
    auto file = env_.open(path_, VARVE_FILE_WRITE);
    ASSERT_TRUE((*file)->truncate(4).ok());
    EXPECT_EQ(*read_file(env_, path_), "0123");
    ASSERT_TRUE((*file)->allocate(6).ok());
    EXPECT_EQ(*read_file(env_, path_), std::string("0123\0\0", 6));
    ASSERT_TRUE((*file)->allocate(2).ok());  // never makes it shorter
    EXPECT_EQ(*(*file)->size(), 6u);
    auto mapped = (*file)->map(4);
    ASSERT_TRUE(mapped.ok());
    file = Status(Code::internal, "closed");
    const auto bytes = (*mapped)->bytes();
    EXPECT_EQ(std::string_view(bytes.data(), bytes.size()), "0123");
    EXPECT_TRUE((*env_.open(path_, VARVE_FILE_READ))->map(0).ok());
}

TEST_F(EnvTest, OpenFlags) {
    EXPECT_EQ(env_.open(path_, VARVE_FILE_READ).code(), Code::not_found);
    write(path_, "text");
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0137, 0u);  // 0640 less the process's mask
    const auto taken =
        env_.open(path_, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_EXCLUSIVE);
    EXPECT_EQ(taken.code(), Code::already_exists);
    EXPECT_EQ(taken.status().text(), "open " + path_ + ": File exists");
    ASSERT_TRUE(env_.open(path_, VARVE_FILE_WRITE | VARVE_FILE_TRUNCATE).ok());
    EXPECT_EQ(*read_file(env_, path_), "");
    const varve_bytes part{"x", 1};
    auto read_only = env_.open(path_, VARVE_FILE_READ);
    EXPECT_FALSE((*read_only)->write_at(0, {&part, 1}).ok());
}

TEST_F(EnvTest, NamesOfFilesAndFolders) {
    ASSERT_TRUE(env_.make_directory(folder_ / "a/b/c").ok());
    EXPECT_TRUE(env_.make_directory(folder_ / "a/b/c").ok());
    write(path_, "text");
    EXPECT_EQ(env_.make_directory(path_).code(), Code::already_exists);
    EXPECT_EQ(env_.make_directory(path_ + "/below").code(), Code::not_found);
    auto names = env_.list(folder_.path());
    ASSERT_TRUE(names.ok());
    std::sort(names->begin(), names->end());
    EXPECT_EQ(*names, (std::vector<std::string>{"a/", "file"}));
    EXPECT_EQ(env_.list(folder_ / "nothing").code(), Code::not_found);

    ASSERT_TRUE(env_.link(path_, folder_ / "second").ok());
    EXPECT_EQ(env_.link(path_, folder_ / "second").code(), Code::already_exists);
    ASSERT_TRUE(env_.rename(folder_ / "second", folder_ / "a/third").ok());
    EXPECT_EQ(*read_file(env_, folder_ / "a/third"), "text");
    EXPECT_EQ(env_.rename(folder_ / "second", path_).code(), Code::not_found);
    EXPECT_TRUE(env_.remove(path_).ok());
    EXPECT_EQ(env_.remove(path_).code(), Code::not_found);
    EXPECT_FALSE(env_.remove(folder_ / "a").ok());  // not empty
    EXPECT_TRUE(env_.remove(folder_ / "a/b/c").ok());
    EXPECT_TRUE(env_.sync_directory(folder_ / "a").ok());
    EXPECT_EQ(env_.sync_directory(folder_ / "nothing").code(), Code::not_found);
    EXPECT_GT(*env_.free_space(folder_.path()), 0u);
    EXPECT_EQ(env_.free_space(folder_ / "nothing").code(), Code::not_found);
}

TEST_F(EnvTest, ReadsAndReplacesWholeFiles) {
    EXPECT_EQ(read_file(env_, path_).code(), Code::not_found);
    ASSERT_TRUE(write_file_durably(env_, path_, "the first, longer content").ok());
    ASSERT_TRUE(write_file_durably(env_, path_, std::string_view("a\0b", 3)).ok());
    EXPECT_EQ(*read_file(env_, path_), std::string("a\0b", 3));
    EXPECT_EQ(env_.list(folder_.path())->size(), 1u);  // no temporary is left
    const std::string missing = folder_ / "missing/file";
    EXPECT_EQ(write_file_durably(env_, missing, "x").code(), Code::not_found);
}

TEST_F(EnvTest, ClocksAndRandomNumbers) {
    const int64_t before = env_.monotonic_ns();
    EXPECT_LE(before, env_.monotonic_ns());
    EXPECT_GT(env_.now_ns(), int64_t{1'600'000'000} * 1'000'000'000);
    std::string first(64, '\0');
    std::string second(64, '\0');
    env_.random(first.data(), first.size());
    env_.random(second.data(), second.size());
    EXPECT_NE(first, second);
}

}  // namespace
}  // namespace varve
