// A trace counts what passes, and lets it pass unchanged.
#include "query/exec/trace/trace.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/query/exec/exec_fixture.hpp"

namespace varve::query::exec {
namespace {

// Two partitions: three blocks of two series, and one block.
class FakeScan final : public Scan {
  public:
    const std::vector<Column> &columns() const override { return columns_; }
    size_t partition_count() const override { return 2; }
    Result<bool> next(size_t partition, varve_block &block) override {
        const std::vector<uint32_t> &series = series_[partition];
        if (at_[partition] == series.size()) return false;
        block = varve_block{};
        block.series = series[at_[partition]++];
        return true;
    }
    Status load(size_t, const varve_block &, const std::vector<uint32_t> &,
                varve_loaded &out) override {
        if (fails) return {Code::io_error, "broken"};
        out.row_count = 10;
        return {};
    }
    Status lookup(size_t, const std::vector<uint32_t> &series, const std::vector<int64_t> &,
                  const std::vector<uint32_t> &, varve_looked_up &out) override {
        out.row_count = static_cast<uint32_t>(series.size());
        return {};
    }
    std::string_view series_key(size_t, uint32_t series) const override {
        return series == 0 ? "zero" : "other";
    }
    std::string_view series_tag(size_t, uint32_t, uint32_t) const override { return "tag"; }

    bool fails = false;

  private:
    std::vector<Column> columns_{{0, Type::floating}};
    std::map<size_t, std::vector<uint32_t>> series_{{0, {0, 0, 1}}, {1, {0}}};
    std::map<size_t, size_t> at_;
};

class TraceTest : public testing::Test {
  protected:
    // Every look at the clock takes a nanosecond.
    std::function<int64_t()> clock_ = [this] { return now_ns_++; };
    int64_t now_ns_ = 0;
    Trace root_{"query", clock_};
};

TEST_F(TraceTest, ScansAreCounted) {
    Trace &node = root_.scan(Trace::Kind::aggregate_scan);
    const std::unique_ptr<Scan> scan = traced_scan(std::make_unique<FakeScan>(), node);
    ASSERT_EQ(scan->partition_count(), 2u);
    varve_block block;
    varve_loaded loaded{};
    size_t blocks = 0;
    for (size_t partition = 0; partition < 2; ++partition) {
        for (; *scan->next(partition, block); ++blocks) {
            // The first series' blocks are not read: statistics answer.
            if (partition == 0 && block.series == 0) continue;
            ASSERT_TRUE(scan->load(partition, block, {0}, loaded).ok());
            // For further columns.
            ASSERT_TRUE(scan->load(partition, block, {0}, loaded).ok());
            EXPECT_EQ(loaded.row_count, 10u);
        }
    }
    EXPECT_EQ(blocks, 4u);
    EXPECT_EQ(node.blocks, 4u);
    EXPECT_EQ(node.series, 3u);
    EXPECT_EQ(node.blocks_read, 2u);
    EXPECT_EQ(node.rows, 20u);
    EXPECT_GT(node.time_ns, 0);
    EXPECT_EQ(scan->series_key(0, 0), "zero");
    EXPECT_EQ(scan->series_tag(0, 0, 0), "tag");
    varve_looked_up found{};
    ASSERT_TRUE(scan->lookup(0, {0, 1}, {5, 6}, {0}, found).ok());
    EXPECT_EQ(found.row_count, 2u);
}

TEST_F(TraceTest, ErrorsPass) {
    auto fake = std::make_unique<FakeScan>();
    fake->fails = true;
    const std::unique_ptr<Scan> scan = traced_scan(std::move(fake), root_);
    varve_block block;
    ASSERT_TRUE(*scan->next(0, block));
    varve_loaded loaded{};
    EXPECT_EQ(scan->load(0, block, {0}, loaded).text(), "broken");
}

TEST_F(TraceTest, ScansOfOneKindAreOneNode) {
    Trace &rows = root_.scan(Trace::Kind::row_scan);
    Trace &survey = root_.scan(Trace::Kind::survey);
    EXPECT_NE(&rows, &survey);
    EXPECT_EQ(&root_.scan(Trace::Kind::row_scan), &rows);
    EXPECT_EQ(rows.name, "scan");
    EXPECT_EQ(survey.name, "survey");
    EXPECT_EQ(root_.children.size(), 2u);
    root_.child("aggregate");
    EXPECT_EQ(root_.children.size(), 3u);
}

TEST_F(TraceTest, SinksAreCountedAndSayWhenTheyAreFull) {
    TextSink inner;
    TracedSink sink(inner, root_);
    SeriesHead head;
    head.name = "m";
    ASSERT_TRUE(sink.begin_series(head).ok());
    const std::vector<int64_t> times{1, 2, 3};
    const std::vector<Vector> columns{numbers({4, std::nullopt, 6})};
    ASSERT_TRUE(sink.rows(times, columns, times.size()).ok());
    EXPECT_EQ(root_.series, 1u);
    EXPECT_EQ(root_.rows, 3u);
    EXPECT_EQ(inner.lines, (std::vector<std::string>{"m{}: 1 4; 2 -; 3 6;"}));
    EXPECT_FALSE(sink.series_full());
    inner.is_full = true;
    EXPECT_TRUE(sink.series_full());
}

TEST_F(TraceTest, TimersAddUp) {
    { const TraceTimer timer(root_); }
    { const TraceTimer timer(root_); }
    EXPECT_EQ(root_.time_ns, 2);
}

}  // namespace
}  // namespace varve::query::exec
