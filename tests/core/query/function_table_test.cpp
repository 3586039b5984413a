// What a table of functions takes in: each name once, tables long enough for their kind.
#include "query/function_table.hpp"

#include <gtest/gtest.h>

namespace varve::query {
namespace {

varve_function function_of(uint32_t kind, uint32_t flags = 0) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = kind;
    function.name = "f";
    function.flags = flags;
    return function;
}

TEST(FunctionTable, TakesANameOnce) {
    FunctionTable table;
    const varve_function function = function_of(VARVE_FUNCTION_AGGREGATE);
    ASSERT_TRUE(table.add(function).ok());
    EXPECT_EQ(table.find("f"), &function);
    EXPECT_EQ(table.find("g"), nullptr);
    EXPECT_EQ(table.add(function).text(), "function f is offered twice");
}

TEST(FunctionTable, LanguagesHaveTheirOwnNames) {
    FunctionTable table;
    const varve_function influxql = function_of(VARVE_FUNCTION_AGGREGATE);
    varve_function other = influxql;
    other.language = "other";
    ASSERT_TRUE(table.add(other).ok());
    EXPECT_EQ(table.find("f"), nullptr);
    ASSERT_TRUE(table.add(influxql).ok());
    EXPECT_EQ(table.find("f"), &influxql);
    EXPECT_EQ(table.find("other", "f"), &other);
    EXPECT_EQ(table.find("another", "f"), nullptr);
    EXPECT_EQ(table.add(other).text(), "function f is offered twice");
    // A table that ends before the language is InfluxQL's.
    other.struct_size = offsetof(varve_function, language);
    EXPECT_EQ(table.add(other).text(), "function f is offered twice");
}

TEST(FunctionTable, TablesThatEndEarlyHaveNoExtraColumns) {
    FunctionTable table;
    varve_function function = function_of(VARVE_FUNCTION_MULTI);
    function.extra_column_count = 7;  // behind the table's end
    function.struct_size = offsetof(varve_function, extra_columns);
    EXPECT_TRUE(extra_columns(function).empty());
    EXPECT_TRUE(table.add(function).ok());
    function.struct_size -= 1;
    EXPECT_EQ(table.add(function).text(),
              "function f was built against an SDK that lacks its kind");
}

TEST(FunctionTable, ExtraColumnsStandAlone) {
    FunctionTable table;
    const varve_function_column columns[] = {{"count", VARVE_TYPE_INT64, 0}};
    for (const uint32_t kind : {VARVE_FUNCTION_MULTI, VARVE_FUNCTION_AGGREGATE}) {
        varve_function function = function_of(kind);
        function.extra_columns = columns;
        function.extra_column_count = 1;
        EXPECT_EQ(table.add(function).text(), "function f has extra columns, but is not alone");
    }
    varve_function function = function_of(VARVE_FUNCTION_MULTI, VARVE_FUNCTION_ALONE);
    function.extra_columns = columns;
    function.extra_column_count = 1;
    ASSERT_TRUE(table.add(function).ok());
    EXPECT_STREQ(extra_columns(function)[0].name, "count");
}

}  // namespace
}  // namespace varve::query
