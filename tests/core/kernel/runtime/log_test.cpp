// Log lines, their quoting, levels and formats.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "kernel/log.hpp"

namespace varve {
namespace {

class LogTest : public testing::Test {
  protected:
    // The last line behind its time, whose form is checked.
    std::string last(std::string_view opening, size_t stamp_size = 27) {
        const std::string line = lines_.back();
        EXPECT_TRUE(line.starts_with(opening)) << line;
        const std::string stamp = line.substr(opening.size(), stamp_size);
        const std::string form = "dddd-dd-ddTdd:dd:dd.ddddddZ";
        for (size_t i = 0; i < form.size(); ++i) {
            const bool fine = form[i] == 'd' ? isdigit(stamp[i]) != 0 : stamp[i] == form[i];
            EXPECT_TRUE(fine) << stamp;
        }
        return line.substr(opening.size() + stamp_size);
    }

    std::vector<std::string> lines_;
    Log log_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LogTest, Logfmt) {
    log_.info("listening", {{"http", "0.0.0.0:8086"}, {"empty", ""}});
    EXPECT_EQ(last("ts="), " lvl=info msg=listening http=0.0.0.0:8086 empty=\"\"\n");
    log_.warning("two words", {{"q", "a\"b\\c"}, {"lines", "x\ny"}, {"e", "a=b"}, {"u", "grün"}});
    EXPECT_EQ(last("ts="),
              " lvl=warning msg=\"two words\" q=\"a\\\"b\\\\c\" lines=\"x\\ny\""
              " e=\"a=b\" u=grün\n");
    log_.error("tab", {{"t", "a\tb"}});
    EXPECT_EQ(last("ts="), " lvl=error msg=tab t=\"a\\u0009b\"\n");
}

TEST_F(LogTest, Json) {
    log_.set_format(LogFormat::json);
    log_.info("listening", {{"a key", "a \"b\"\n"}});
    EXPECT_EQ(last("{\"ts\":\""),
              "\",\"lvl\":\"info\",\"msg\":\"listening\",\"a key\":\"a \\\"b\\\"\\n\"}\n");
}

TEST_F(LogTest, LevelsFilter) {
    log_.debug("not seen");
    EXPECT_TRUE(lines_.empty());
    EXPECT_FALSE(log_.enabled(VARVE_LOG_DEBUG));
    log_.set_level(VARVE_LOG_DEBUG);
    log_.debug("seen");
    EXPECT_EQ(lines_.size(), 1u);
    log_.set_level(VARVE_LOG_ERROR);
    log_.warning("not seen");
    log_.error("seen");
    EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(LogTest, NamesOfLevelsAndFormats) {
    EXPECT_EQ(*Log::parse_level("error"), static_cast<uint32_t>(VARVE_LOG_ERROR));
    EXPECT_EQ(*Log::parse_level("warn"), *Log::parse_level("warning"));
    EXPECT_EQ(*Log::parse_level("debug"), static_cast<uint32_t>(VARVE_LOG_DEBUG));
    EXPECT_EQ(Log::parse_level("loud").status().text(),
              "log level \"loud\" is none of error, warning, info, debug");
    EXPECT_EQ(*Log::parse_format("json"), LogFormat::json);
    EXPECT_EQ(Log::parse_format("xml").status().text(),
              "log format \"xml\" is none of logfmt, json");
}

TEST_F(LogTest, LinesOfSeveralThreadsStayWhole) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int k = 0; k < 100; ++k) log_.info("one", {{"k", std::to_string(k)}});
        });
    }
    for (std::thread &thread : threads) thread.join();
    ASSERT_EQ(lines_.size(), 400u);
    for (const std::string &line : lines_) EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace varve
