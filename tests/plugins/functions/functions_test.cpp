// Every function against a plain computation: rows in one run, in many runs, merged from parts, and
// as block statistics must all give the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include <varve/kind/storage.h>
#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/selector/selector_functions.hpp"
#include "plugins/functions/test_arena.hpp"

namespace varve::functions {
namespace {

const varve_function &find(const std::string &name) {
    for (const auto &set : {aggregate_functions(), selector_functions()}) {
        for (const varve_function *function : set) {
            if (function->name == name) return *function;
        }
    }
    throw std::logic_error(name);
}

struct Rows {
    std::vector<double> values;
    std::vector<int64_t> times;
    std::vector<uint64_t> validity;

    varve_column column() const {
        varve_column out{};
        out.type = VARVE_TYPE_FLOAT64;
        out.values = values.data();
        out.validity = validity.data();
        return out;
    }
    bool valid(size_t row) const { return (validity[row / 64] >> (row % 64) & 1) != 0; }
};

Rows random_rows(std::mt19937_64 &random) {
    Rows rows;
    const size_t count = random() % 200;
    rows.validity.resize(count / 64 + 1);
    int64_t time = -50;
    for (size_t row = 0; row < count; ++row) {
        time += static_cast<int64_t>(1 + random() % 3);
        rows.times.push_back(time);
        // Halves and quarters: sums are exact in any order.
        rows.values.push_back(static_cast<double>(static_cast<int64_t>(random() % 64) - 32) / 4);
        if (random() % 4 != 0) rows.validity[row / 64] |= uint64_t{1} << (row % 64);
    }
    return rows;
}

class State {
  public:
    State(const varve_function &function, TestArena &arena)
        : function_(function), arena_(arena), bytes_((function.state_size + 15) / 8) {
        varve_argument arguments[2]{};
        arguments[0].kind = VARVE_ARGUMENT_FIELD;
        arguments[1].kind = VARVE_ARGUMENT_INTEGER;
        arguments[1].value.as_int = 75;
        function.init(get(), arguments, 2);
    }
    void *get() { return bytes_.data(); }
    void update(const Rows &rows, const std::vector<uint32_t> &ends) {
        const std::vector<void *> states(ends.size(), get());
        const varve_column column = rows.column();
        ASSERT_EQ(
            function_.update_runs(states.data(), ends.data(), static_cast<uint32_t>(ends.size()),
                                  &column, rows.times.data(), &arena_.table),
            VARVE_OK);
    }
    varve_value finish() {
        varve_value value{};
        EXPECT_EQ(function_.finish(get(), &arena_.table, &value), VARVE_OK);
        return value;
    }

  private:
    const varve_function &function_;
    TestArena &arena_;
    std::vector<uint64_t> bytes_;
};

void expect_same(const varve_value &a, const varve_value &b, const char *name) {
    ASSERT_EQ(a.type, b.type) << name;
    EXPECT_EQ(a.value.as_uint, b.value.as_uint) << name;
    EXPECT_EQ(a.time, b.time) << name;
}

varve_block_stats stats_of(const Rows &rows) {
    varve_block_stats stats{};
    stats.present =
        VARVE_STATS_MINMAX | VARVE_STATS_EXTREME_TIMES | VARVE_STATS_SUM | VARVE_STATS_FIRSTLAST;
    for (size_t row = 0; row < rows.values.size(); ++row) {
        if (!rows.valid(row)) continue;
        const double value = rows.values[row];
        if (stats.count == 0 || value < stats.min.as_float) {
            stats.min.as_float = value;
            stats.min_time = rows.times[row];
        }
        if (stats.count == 0 || value > stats.max.as_float) {
            stats.max.as_float = value;
            stats.max_time = rows.times[row];
        }
        if (stats.count == 0) {
            stats.first.as_float = value;
            stats.first_time = rows.times[row];
        }
        stats.last.as_float = value;
        stats.last_time = rows.times[row];
        stats.sum.as_float += value;
        ++stats.count;
    }
    return stats;
}

constexpr const char *kNames[] = {"count", "sum", "mean",       "spread", "first",  "last",
                                  "min",   "max", "percentile", "median", "stddev", "mode"};

TEST(Functions, EveryWayGivesTheSame) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 300; ++round) {
        TestArena arena;
        const Rows rows = random_rows(random);
        const auto count = static_cast<uint32_t>(rows.values.size());
        for (const char *name : kNames) {
            const varve_function &function = find(name);
            State whole(function, arena);
            whole.update(rows, {count});
            const varve_value expected = whole.finish();

            const auto cut = static_cast<uint32_t>(random() % (count + 1));
            State runs(function, arena);
            runs.update(rows, {cut, count});
            expect_same(runs.finish(), expected, name);

            // Two states of one call, merged in either order.
            State left(function, arena);
            State right(function, arena);
            void *const states[] = {left.get(), right.get()};
            const uint32_t ends[] = {cut, count};
            const varve_column column = rows.column();
            ASSERT_EQ(
                function.update_runs(states, ends, 2, &column, rows.times.data(), &arena.table),
                VARVE_OK);
            const bool swap = random() % 2 == 0;
            State &into = swap ? right : left;
            ASSERT_EQ(function.merge(into.get(), swap ? left.get() : right.get(), &arena.table),
                      VARVE_OK);
            expect_same(into.finish(), expected, name);

            if (function.update_stats == nullptr) continue;
            State stats(function, arena);
            const varve_block_stats block = stats_of(rows);
            function.update_stats(stats.get(), VARVE_TYPE_FLOAT64, &block);
            expect_same(stats.finish(), expected, name);
        }
    }
}

TEST(Functions, PlainValues) {
    Rows rows;
    rows.values = {1, 2, 4, 8};
    rows.times = {0, 10, 20, 30};
    rows.validity = {15};
    const auto value = [&](const char *name) {
        TestArena arena;
        State state(find(name), arena);
        state.update(rows, {4});
        return state.finish();
    };
    EXPECT_EQ(value("count").value.as_int, 4);
    EXPECT_EQ(value("sum").value.as_float, 15);
    EXPECT_EQ(value("mean").value.as_float, 3.75);
    EXPECT_EQ(value("spread").value.as_float, 7);
    EXPECT_EQ(value("first").time, 0);
    EXPECT_EQ(value("last").value.as_float, 8);
    EXPECT_EQ(value("max").time, 30);
    EXPECT_EQ(value("percentile").value.as_float, 4);  // the 75th
}

TEST(Functions, TextsAreKeptInTheArena) {
    TestArena arena;
    State state(find("last"), arena);
    std::string text = "hello";
    const varve_str value{text.data(), 5, 0};
    varve_column column{};
    column.type = VARVE_TYPE_STRING;
    column.values = &value;
    const int64_t time = 7;
    const uint32_t end = 1;
    void *const states[] = {state.get()};
    ASSERT_EQ(find("last").update_runs(states, &end, 1, &column, &time, &arena.table), VARVE_OK);
    text = "xxxxx";
    const varve_value last = state.finish();
    EXPECT_EQ(std::string(last.text.data, last.text.size), "hello");
}

TEST(Functions, SayWhenMemoryIsGone) {
    TestArena arena;
    arena.left = 10;
    Rows rows;
    rows.values = {1, 2, 4, 8};
    rows.times = {0, 10, 20, 30};
    rows.validity = {15};
    State state(find("percentile"), arena);
    const varve_column column = rows.column();
    const uint32_t end = 4;
    void *const states[] = {state.get()};
    EXPECT_EQ(
        find("percentile").update_runs(states, &end, 1, &column, rows.times.data(), &arena.table),
        VARVE_RESOURCE_EXHAUSTED);
}

TEST(Functions, CheckTheirArguments) {
    varve_argument arguments[2]{};
    arguments[0].kind = VARVE_ARGUMENT_FIELD;
    arguments[1].kind = VARVE_ARGUMENT_STRING;
    varve_error error{};
    EXPECT_EQ(find("mean").check(arguments, 2, &error), VARVE_INVALID_ARGUMENT);
    EXPECT_STREQ(error.text, "invalid number of arguments for mean, expected 1, got 2");
    EXPECT_EQ(find("mean").check(arguments + 1, 1, &error), VARVE_INVALID_ARGUMENT);
    EXPECT_STREQ(error.text, "expected field argument in mean()");
    EXPECT_EQ(find("percentile").check(arguments, 2, &error), VARVE_INVALID_ARGUMENT);
    EXPECT_STREQ(error.text, "expected float argument in percentile()");
    EXPECT_EQ(find("count").check(arguments, 1, nullptr), VARVE_OK);
}

}  // namespace
}  // namespace varve::functions
