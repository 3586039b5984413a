// Which subqueries may be read slice by slice, and what a slice of one is.
#include "query/exec/subquery/slices.hpp"

#include <gtest/gtest.h>

#include "core/query/exec/exec_fixture.hpp"
#include "query/exec/trace/trace.hpp"

namespace varve::query::exec {
namespace {

plan::Select rows_of(std::shared_ptr<const plan::Select> subquery) {
    plan::Select select = select_of({{"v", Type::floating}});
    select.range = {0, 1000};
    plan::Measurement measurement;
    measurement.name = "m";
    measurement.sources.emplace_back();
    measurement.sources.back().subquery = std::move(subquery);
    select.measurements = {measurement};
    return select;
}

std::shared_ptr<const plan::Select> shared(const plan::Select &select) {
    return std::make_shared<const plan::Select>(select);
}

TEST(Slices, RowsOfStorageGoRowByRow) {
    const plan::Select rows = rows_of(nullptr);
    EXPECT_TRUE(goes_row_by_row(rows));
    EXPECT_TRUE(goes_row_by_row(rows_of(shared(rows))));
}

TEST(Slices, WhatLooksAtOtherRowsDoesNot) {
    std::vector<plan::Select> others(7, rows_of(nullptr));
    others[0].aggregates.emplace_back();
    others[1].streams.emplace_back();
    others[2].limit = 1;
    others[3].offset = 1;
    others[4].series_limit = 1;
    others[5].order.emplace();
    others[6].join = std::make_shared<const plan::Join>();
    for (size_t i = 0; i < others.size(); ++i) {
        EXPECT_FALSE(goes_row_by_row(others[i])) << i;
        EXPECT_FALSE(goes_row_by_row(rows_of(shared(others[i])))) << i;
    }
}

TEST(Slices, ASliceIsCutOutOfEveryLevel) {
    plan::Select inner = rows_of(nullptr);
    inner.range = {200, 5000};
    const plan::Select cut = narrowed(rows_of(shared(inner)), {100, 400});
    EXPECT_EQ(cut.range.min_ns, 100);
    EXPECT_EQ(cut.range.max_ns, 400);
    const plan::Select &below = *cut.measurements[0].sources[0].subquery;
    EXPECT_EQ(below.range.min_ns, 200);
    EXPECT_EQ(below.range.max_ns, 400);
    EXPECT_EQ(inner.range.max_ns, 5000);
}

TEST(Slices, OperatorsThatComeBackAreOneNode) {
    const std::function<int64_t()> clock = [] { return int64_t{0}; };
    Trace root("select", clock);
    root.operation("rows", "m");
    root.operation("rows", "m");
    EXPECT_EQ(root.children.size(), 2u);
    root.comes_back = true;
    Trace &again = root.operation("rows", "m");
    EXPECT_EQ(&again, root.children[0].get());
    EXPECT_TRUE(again.comes_back);
    EXPECT_NE(&root.operation("rows", "n"), &again);
    EXPECT_NE(&root.operation("aggregate", "m"), &again);
    EXPECT_EQ(root.children.size(), 4u);
}

}  // namespace
}  // namespace varve::query::exec
