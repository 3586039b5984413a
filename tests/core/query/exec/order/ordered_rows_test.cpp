// ORDER BY a column: nulls last, ties as they came, series by their first rows, limits at the end.
#include "query/exec/order/ordered_rows.hpp"

#include <gtest/gtest.h>

#include "core/query/exec/exec_fixture.hpp"

namespace varve::query::exec {
namespace {

using Lines = std::vector<std::string>;

plan::Select ordered_select(const plan::Order &order) {
    plan::Select select = select_of({{"v", Type::floating}, {"s", Type::string}});
    select.group_tags = {"t"};
    select.order = order;
    return select;
}

void add(OrderedRows &rows, const std::string &tag, const std::vector<int64_t> &times,
         const Numbers &values, const Texts &words) {
    SeriesHead head;
    head.name = "m";
    head.tags = {{"t", tag}};
    ASSERT_TRUE(rows.begin_series(head).ok());
    const std::vector<Vector> columns{numbers(values), texts(words)};
    ASSERT_TRUE(rows.rows(times, columns, times.size()).ok());
}

Lines sorted(const plan::Order &order) {
    const plan::Select select = ordered_select(order);
    TestBudget budget;
    OrderedRows rows(select, budget);
    add(rows, "x", {1, 2, 3, 4, 5}, {5, std::nullopt, 7, 5, std::nullopt},
        {"b", "a", std::nullopt, "", "b"});
    add(rows, "y", {1, 2}, {std::nullopt, std::nullopt}, {"c", "d"});
    add(rows, "z", {1}, {6}, {"a"});
    TextSink sink;
    EXPECT_TRUE(rows.emit_ordered(sink).ok());
    return sink.lines;
}

plan::Order by(uint32_t output, bool ascending) {
    plan::Order order;
    order.output = output;
    order.ascending = ascending;
    return order;
}

TEST(OrderedRows, NullsComeLastAndTiesAsTheyCame) {
    EXPECT_EQ(sorted(by(0, true)), (Lines{"m{t=x}: 1 5 b; 4 5 ; 3 7 -; 2 - a; 5 - b;",
                                          "m{t=z}: 1 6 a;", "m{t=y}: 1 - c; 2 - d;"}));
    EXPECT_EQ(sorted(by(0, false)), (Lines{"m{t=x}: 3 7 -; 1 5 b; 4 5 ; 2 - a; 5 - b;",
                                           "m{t=z}: 1 6 a;", "m{t=y}: 1 - c; 2 - d;"}));
}

TEST(OrderedRows, TextsAreOrderedByBytes) {
    EXPECT_EQ(sorted(by(1, true)), (Lines{"m{t=x}: 4 5 ; 2 - a; 1 5 b; 5 - b; 3 7 -;",
                                          "m{t=z}: 1 6 a;", "m{t=y}: 1 - c; 2 - d;"}));
    EXPECT_EQ(sorted(by(1, false)),
              (Lines{"m{t=y}: 2 - d; 1 - c;", "m{t=x}: 1 5 b; 5 - b; 2 - a; 4 5 ; 3 7 -;",
                     "m{t=z}: 1 6 a;"}));
}

TEST(OrderedRows, LimitsCutWhatIsSorted) {
    plan::Order order = by(0, false);
    order.limit = 2;
    order.offset = 1;
    order.series_limit = 2;
    // z and y have no second row.
    EXPECT_EQ(sorted(order), (Lines{"m{t=x}: 1 5 b; 4 5 ;"}));
    order.series_offset = 2;
    EXPECT_EQ(sorted(order), (Lines{"m{t=y}: 2 - d;"}));
    order.series_offset = 3;
    EXPECT_EQ(sorted(order), Lines{});
}

TEST(OrderedRows, WithoutRowsThereIsNothing) {
    const plan::Select select = ordered_select(by(0, true));
    TestBudget budget;
    OrderedRows rows(select, budget);
    TextSink sink;
    EXPECT_TRUE(rows.emit_ordered(sink).ok());
    EXPECT_TRUE(sink.lines.empty());
}

TEST(OrderedRows, AreChargedToTheBudget) {
    const plan::Select select = ordered_select(by(0, true));
    TestBudget budget(memory_limit(1000));
    OrderedRows rows(select, budget);
    SeriesHead head;
    ASSERT_TRUE(rows.begin_series(head).ok());
    const std::vector<int64_t> times(100);
    const std::vector<Vector> columns{numbers(Numbers(100, 1)), texts(Texts(100))};
    EXPECT_EQ(rows.rows(times, columns, times.size()).code(), Code::resource_exhausted);
}

}  // namespace
}  // namespace varve::query::exec
