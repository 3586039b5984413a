// Rows of a subquery come back from its table as they went in: order, layers of equal times,
// blocks, ranges, single rows by time.
#include "query/exec/subquery/row_table.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "core/query/exec/exec_fixture.hpp"
#include "query/exec/subquery/table_scan.hpp"

namespace varve::query::exec {
namespace {

plan::Select select_by_host(bool ascending) {
    plan::Select select = select_of({{"v", Type::floating}, {"s", Type::string}});
    select.group_tags = {"host"};
    select.ascending = ascending;
    return select;
}

SeriesHead head_of(const std::string &host) {
    SeriesHead head;
    head.name = "m";
    head.tags = {{"host", host}};
    return head;
}

class Table {
  public:
    explicit Table(bool ascending, const Limits &limits = {})
        : select_(select_by_host(ascending)),
          budget_(limits),
          table_(std::make_shared<RowTable>(select_, budget_)) {}

    void begin(const std::string &host) { ASSERT_TRUE(table_->begin_series(head_of(host)).ok()); }
    Status add(const std::vector<int64_t> &times, const Numbers &values, const Texts &words) {
        const std::vector<Vector> columns{numbers(values), texts(words)};
        return table_->rows(times, columns, times.size());
    }
    Status add(const std::vector<int64_t> &times, const Numbers &values) {
        return add(times, values, Texts(times.size()));
    }
    RowTable &rows() { return *table_; }
    TestBudget &budget() { return budget_; }
    TableScan scan(int64_t from, int64_t to, bool descending = false, uint32_t partitions = 1) {
        ScanSpec spec;
        spec.from_ns = from;
        spec.to_ns = to;
        spec.descending = descending;
        spec.partitions = partitions;
        spec.fields = {"v", "s", "missing", "host"};
        spec.tag_keys = {"host", "region"};
        return {table_, std::move(spec)};
    }

  private:
    plan::Select select_;
    TestBudget budget_;
    std::shared_ptr<RowTable> table_;
};

std::string text_of(const std::vector<int64_t> &times, const Vector &values) {
    std::string out;
    for (size_t row = 0; row < times.size(); ++row) {
        out += std::to_string(times[row]) + "=" +
               std::to_string(static_cast<int64_t>(values.number(row))) + " ";
    }
    return out;
}

// Each series' rows, as held: "host: time=value …".
std::vector<std::string> layers(const RowTable &table) {
    std::vector<std::string> out;
    std::vector<std::pair<std::string, std::string>> by_key;
    for (const RowTable::Series &series : table.series()) {
        std::string text = series.tags[0] + ": ";
        for (const RowTable::Block &block : series.blocks) {
            text += text_of(block.times, block.columns[0]);
        }
        by_key.emplace_back(series.key, text);
    }
    std::sort(by_key.begin(), by_key.end());
    for (auto &[key, text] : by_key) out.push_back(std::move(text));
    return out;
}

using Lines = std::vector<std::string>;

TEST(RowTable, RowsOfOneTimeLieInLayers) {
    Table table(true);
    table.begin("a");
    ASSERT_TRUE(table.add({1, 1, 1, 2}, {10, 11, 12, 20}).ok());
    // A time goes on from one push to the next.
    ASSERT_TRUE(table.add({2, 3}, {21, 30}).ok());
    table.begin("b");
    ASSERT_TRUE(table.add({3, 3}, {40, 41}).ok());
    table.rows().finish();
    EXPECT_EQ(layers(table.rows()),
              (Lines{"a: 1=10 2=20 3=30 ", "a: 1=11 2=21 ", "a: 1=12 ", "b: 3=40 ", "b: 3=41 "}));
}

TEST(RowTable, DescendingRowsAreTurnedRound) {
    Table table(false);
    table.begin("b");
    ASSERT_TRUE(table.add({3, 3, 2, 1, 1}, {41, 40, 30, 11, 10}).ok());
    table.begin("a");
    ASSERT_TRUE(table.add({5, 4}, {2, 1}).ok());
    table.rows().finish();
    // Keys: groups come as they came; of one time the row that came last has the first key.
    EXPECT_EQ(layers(table.rows()), (Lines{"a: 4=1 5=2 ", "b: 1=10 3=40 ", "b: 1=11 2=30 3=41 "}));
}

// Layers, one behind the other, are the rows as they came; groups stand in the order of their keys.
TEST(RowTable, RowsOfGroupsKeepTheirOrder) {
    plan::Select select = select_by_host(false);
    static const varve_function selector{};
    select.aggregates.push_back({&selector, 0, {}, Type::floating});
    ASSERT_TRUE(comes_by_group(select));
    TestBudget budget{Limits{}};
    RowTable table(select, budget);
    const Texts words(4);
    ASSERT_TRUE(table.begin_series(head_of("b")).ok());
    ASSERT_TRUE(table
                    .rows(std::vector<int64_t>{2, 5, 5, 3},
                          std::vector<Vector>{numbers({20, 50, 51, 30}), texts(words)}, 4)
                    .ok());
    ASSERT_TRUE(table.begin_series(head_of("a")).ok());
    ASSERT_TRUE(
        table.rows(std::vector<int64_t>{9}, std::vector<Vector>{numbers({90}), texts({{}})}, 1)
            .ok());
    table.finish();
    EXPECT_EQ(layers(table), (Lines{"a: 9=90 ", "b: 2=20 5=50 ", "b: 5=51 ", "b: 3=30 "}));
}

TEST(RowTable, FindsColumns) {
    Table table(true);
    EXPECT_EQ(table.rows().columns_of("s"), std::vector<int>{1});
    EXPECT_TRUE(table.rows().columns_of("host").empty());
    EXPECT_EQ(table.rows().type_of(1), Type::string);
}

TEST(RowTable, IsChargedUntilItIsGone) {
    {
        Table table(true, memory_limit(10'000));
        table.begin("a");
        std::vector<int64_t> times(200);
        std::iota(times.begin(), times.end(), 0);
        const Numbers values(200, 1);
        ASSERT_TRUE(table.add(times, values).ok());
        const Status full = table.add(times, values);
        EXPECT_EQ(full.code(), Code::resource_exhausted);
        EXPECT_NE(full.text().find("query.memory"), std::string::npos) << full.text();
    }
    const plan::Select select = select_by_host(true);
    TestBudget budget(memory_limit(10'000));
    for (int round = 0; round < 5; ++round) {
        RowTable table(select, budget);
        ASSERT_TRUE(table.begin_series(head_of("a")).ok());
        const std::vector<int64_t> times(150);
        const std::vector<Vector> columns{numbers(Numbers(150, 1)), texts(Texts(150))};
        EXPECT_TRUE(table.rows(times, columns, times.size()).ok()) << round;
    }
}

// All blocks of a scan: "key tags: times".
Lines read(TableScan &scan, const std::vector<uint32_t> &positions = {0}) {
    Lines out;
    for (size_t partition = 0; partition < scan.partition_count(); ++partition) {
        varve_block block;
        for (;;) {
            const Result<bool> more = scan.next(partition, block);
            EXPECT_TRUE(more.ok());
            if (!more.ok() || !*more) break;
            varve_loaded loaded;
            EXPECT_TRUE(scan.load(partition, block, positions, loaded).ok());
            std::string line(scan.series_tag(partition, block.series, 0));
            line += std::string(scan.series_tag(partition, block.series, 1)) + ":";
            const auto *values = static_cast<const double *>(loaded.columns[0].values);
            for (uint32_t row = 0; row < loaded.row_count; ++row) {
                line += " " + std::to_string(loaded.times[row]) + "=" +
                        std::to_string(static_cast<int64_t>(values[row]));
            }
            out.push_back(std::move(line));
        }
    }
    return out;
}

TEST(TableScan, ReadsARange) {
    Table table(true);
    table.begin("a");
    ASSERT_TRUE(table.add({1, 2, 3, 4}, {1, 2, 3, 4}).ok());
    table.begin("b");
    ASSERT_TRUE(table.add({10, 20}, {5, 6}).ok());
    table.rows().finish();
    TableScan part = table.scan(2, 4);
    EXPECT_EQ(read(part), (Lines{"a: 2=2 3=3"}));
    TableScan all = table.scan(kTimeMin, kTimeMax, false, 8);
    EXPECT_EQ(all.partition_count(), 2u);
    EXPECT_EQ(read(all), (Lines{"a: 1=1 2=2 3=3 4=4", "b: 10=5 20=6"}));
    TableScan none = table.scan(5, 10);
    EXPECT_EQ(read(none), Lines{});
}

TEST(TableScan, ReadsFieldsTagsAndWhatIsMissing) {
    Table table(true);
    table.begin("web1");
    ASSERT_TRUE(table.add({7}, {std::nullopt}, {"word"}).ok());
    table.rows().finish();
    TableScan scan = table.scan(kTimeMin, kTimeMax);
    ASSERT_EQ(scan.columns().size(), 3u);
    EXPECT_EQ(scan.columns()[2].field, 3u);  // host, read as a field
    varve_block block;
    ASSERT_TRUE(*scan.next(0, block));
    varve_loaded loaded;
    ASSERT_TRUE(scan.load(0, block, {0, 1, 2}, loaded).ok());
    EXPECT_EQ(loaded.columns[0].validity[0] & 1, 0u);
    const auto text = [&](int column) {
        const auto *value = static_cast<const varve_str *>(loaded.columns[column].values);
        return std::string(value->data, value->size);
    };
    EXPECT_EQ(text(1), "word");
    EXPECT_EQ(text(2), "web1");
}

TEST(TableScan, ManyRowsAreSeveralBlocks) {
    constexpr int64_t kRows = 2500;
    for (const bool ascending : {true, false}) {
        Table table(ascending);
        table.begin("a");
        std::vector<int64_t> times(kRows);
        std::iota(times.begin(), times.end(), 0);
        if (!ascending) std::reverse(times.begin(), times.end());
        ASSERT_TRUE(table.add(times, Numbers(times.begin(), times.end())).ok());
        table.rows().finish();
        TableScan scan = table.scan(kTimeMin, kTimeMax, !ascending);
        varve_block block;
        std::vector<int64_t> seen;
        size_t blocks = 0;
        for (; *scan.next(0, block); ++blocks) {
            EXPECT_LE(block.rows, static_cast<uint32_t>(VARVE_BLOCK_ROWS_MAX));
            varve_loaded loaded;
            ASSERT_TRUE(scan.load(0, block, {0}, loaded).ok());
            ASSERT_TRUE(std::is_sorted(loaded.times, loaded.times + loaded.row_count));
            EXPECT_EQ(block.t_min, loaded.times[0]);
            EXPECT_EQ(block.t_max, loaded.times[loaded.row_count - 1]);
            seen.insert(ascending ? seen.end() : seen.begin(), loaded.times,
                        loaded.times + loaded.row_count);
        }
        std::sort(times.begin(), times.end());
        EXPECT_EQ(seen, times);
        EXPECT_EQ(blocks, 3u);
    }
}

TEST(TableScan, LooksRowsUp) {
    Table table(true);
    table.begin("a");
    ASSERT_TRUE(table.add({1, 1, 3}, {10, 11, 30}).ok());
    std::vector<int64_t> times(2000);
    std::iota(times.begin(), times.end(), 4);
    ASSERT_TRUE(table.add(times, Numbers(times.begin(), times.end())).ok());
    table.rows().finish();
    TableScan scan = table.scan(kTimeMin, kTimeMax);
    const std::vector<uint32_t> series{0, 1, 0, 0, 0, 1};
    varve_looked_up found;
    ASSERT_TRUE(scan.lookup(0, series, {1, 1, 2, 2003, 9000, 3}, {0}, found).ok());
    ASSERT_EQ(found.row_count, 6u);
    const varve_column &column = found.columns[0];
    EXPECT_EQ(column.validity[0] & 63, 0b001011u);
    const auto *values = static_cast<const double *>(column.values);
    EXPECT_EQ(values[0], 10);
    EXPECT_EQ(values[1], 11);
    EXPECT_EQ(values[3], 2003);
}

}  // namespace
}  // namespace varve::query::exec
