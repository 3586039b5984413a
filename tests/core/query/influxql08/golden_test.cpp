// Golden files of InfluxDB 0.8's language: "+ line protocol" (seconds) or "* line protocol"
// (nanoseconds) fills database d, "> query" is asked, with its times in seconds, and "= answer" is
// what comes back, byte for byte; "! line" is a line of an error. "@ chunk size" cuts answers into
// chunks from then on. "~ seconds" sets the clock, then continuous queries that are due run. Each
// file starts from nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/auth/clock_env.hpp"
#include "query/continuous/rollups_08.hpp"
#include "support/query_bench.hpp"

namespace varve::query {
namespace {

// Reads in several parts, one after the other.
class PartsRunner final : public TaskRunner {
  public:
    void run_all(std::span<const std::function<void()>> jobs) override {
        for (const auto &job : jobs) job();
    }
    unsigned parallelism() const override { return 3; }
};

class GoldenFile {
  public:
    GoldenFile(std::filesystem::path path, TaskRunner *tasks)
        : path_(std::move(path)), bench_({}, tasks) {
        bench_.use_influxql08();
        ask_.language = "influxql08";
    }

    size_t run() {
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line);) take(line);
        check();
        return cases_;
    }

  private:
    void take(const std::string &line) {
        const std::string rest = line.size() > 2 ? line.substr(2) : std::string();
        if (line.starts_with("+ ") || line.starts_with("* ")) {
            check();
            bench_.write_precision_ns = line[0] == '+' ? 1'000'000'000 : 1;
            bench_.write(rest + "\n", "d");
        } else if (line.starts_with("~ ")) {
            check();
            bench_.now_ns = std::stoll(rest) * 1'000'000'000;
            env_.time_ns = bench_.now_ns;
            rollups_.run_due();
        } else if (line.starts_with("> ")) {
            check();
            query_ = rest;
        } else if (line.starts_with("@ ")) {
            check();
            ask_.chunk_size = std::stoull(rest);
        } else if (line.starts_with("= ") || line.starts_with("!")) {
            if (!expected_.empty()) expected_ += '\n';
            expected_ += rest;
            is_error_ = line[0] == '!';
        }
    }

    void check() {
        if (query_.empty()) return;
        EXPECT_EQ(bench_.ask(query_, ask_), expected_) << path_ << ": " << query_;
        EXPECT_EQ(bench_.code, is_error_ ? VARVE_INVALID_ARGUMENT : VARVE_OK) << query_;
        EXPECT_TRUE(bench_.ended_well) << query_;
        ++cases_;
        query_.clear();
        expected_.clear();
        is_error_ = false;
    }

    const std::filesystem::path path_;
    test::QueryBench bench_;
    SingleNodeOwnership owner_;
    test::ClockEnv env_;
    Log log_{[](std::string_view line) { ADD_FAILURE() << line; }};
    SelfMetrics metrics_;
    Rollups08 rollups_{bench_.catalog(),
                       owner_,
                       [this](const auto &rollup, const std::string &database, const auto &range,
                              const auto &is_cancelled) {
                           return bench_.engine().write_rollup_08(rollup, database, range,
                                                                  is_cancelled);
                       },
                       env_,
                       log_,
                       metrics_,
                       false};
    test::QueryBench::Ask ask_;
    std::string query_;
    std::string expected_;
    bool is_error_ = false;
    size_t cases_ = 0;
};

size_t run_folder(const std::string &name, TaskRunner *tasks = nullptr) {
    size_t cases = 0;
    const std::filesystem::path folder =
        std::filesystem::path(VARVE_SOURCE_DIR) / "tests/golden/influxql08" / name;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        cases += GoldenFile(entry.path(), tasks).run();
    }
    return cases;
}

TEST(Influxql08Golden, Select) {
    EXPECT_GT(run_folder("select"), 100U);
}
TEST(Influxql08Golden, SelectInParts) {
    PartsRunner parts;
    EXPECT_GT(run_folder("select", &parts), 100U);
}
TEST(Influxql08Golden, Errors) {
    EXPECT_GT(run_folder("errors"), 30U);
}
TEST(Influxql08Golden, Statements) {
    EXPECT_GT(run_folder("statements"), 10U);
}

TEST(Influxql08Golden, Continuous) {
    EXPECT_GT(run_folder("continuous"), 10U);
}

}  // namespace
}  // namespace varve::query
