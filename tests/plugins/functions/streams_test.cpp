// Functions over streams give the same however the rows are cut; functions with several rows of a
// bucket give the same however the bucket was put together.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string_view>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/forecast/forecast_functions.hpp"
#include "functions/math/math_functions.hpp"
#include "functions/selector/selector_functions.hpp"
#include "functions/transform/transform_functions.hpp"
#include "plugins/functions/test_arena.hpp"

namespace varve::functions {
namespace {

const varve_function &find(std::string_view name) {
    for (const auto &set : {aggregate_functions(), selector_functions(), transform_functions(),
                            forecast_functions(), math_functions()}) {
        for (const varve_function *function : set) {
            if (function->name == name) return *function;
        }
    }
    throw std::logic_error(std::string(name));
}

struct Rows {
    std::vector<double> values;
    std::vector<int64_t> times;
};

Rows random_rows(std::mt19937_64 &random, size_t count) {
    Rows rows;
    int64_t time = 0;
    for (size_t row = 0; row < count; ++row) {
        time += static_cast<int64_t>(random() % 4);
        rows.times.push_back(time * 1'000'000'000);
        rows.values.push_back(static_cast<double>(random() % 64) / 4);
    }
    return rows;
}

varve_column column_of(const Rows &rows, size_t from) {
    varve_column column{};
    column.type = VARVE_TYPE_FLOAT64;
    column.values = rows.values.data() + from;
    return column;
}

using Out = std::vector<std::pair<int64_t, uint64_t>>;

std::vector<varve_argument> arguments_of(const varve_function &function) {
    for (uint32_t count = 1; count <= 3; ++count) {
        std::vector<varve_argument> arguments(count);
        arguments[0].kind = VARVE_ARGUMENT_FIELD;
        for (uint32_t i = 1; i < count; ++i) {
            arguments[i].kind = VARVE_ARGUMENT_INTEGER;
            arguments[i].value.as_int = 3;
        }
        if (function.check(arguments.data(), count, nullptr) == VARVE_OK) return arguments;
    }
    throw std::logic_error(function.name);
}

class Stream {
  public:
    explicit Stream(const varve_function &function, uint32_t descending = 0)
        : function_(function), arguments_(arguments_of(function)), state_(1024) {
        context_.struct_size = sizeof context_;
        context_.descending = descending;
        context_.interval_ns = 1'000'000'000;
        context_.bucket_of = [](void *, int64_t time, int64_t *start, int64_t *end) {
            *start = time / 1'000'000'000 * 1'000'000'000;
            *end = *start + 1'000'000'000;
        };
        EXPECT_LE(function.state_size, state_.size() * sizeof(uint64_t));
        function.init(state_.data(), arguments_.data(), static_cast<uint32_t>(arguments_.size()));
        function.stream_begin(state_.data(), &context_);
    }

    int32_t feed(const varve_column &column, const int64_t *times, size_t count) {
        std::vector<int64_t> out_times(count);
        std::vector<uint64_t> out_values(count);
        varve_stream_rows rows{out_times.data(), out_values.data(), static_cast<uint32_t>(count),
                               0};
        const int32_t code = function_.stream_rows(
            state_.data(), &column, times, static_cast<uint32_t>(count), &arena.table, &rows);
        EXPECT_LE(rows.count, count);
        for (uint32_t i = 0; i < rows.count; ++i) out.emplace_back(out_times[i], out_values[i]);
        return code;
    }

    void flush(uint32_t capacity) {
        if (function_.stream_flush == nullptr) return;
        std::vector<int64_t> times(capacity);
        std::vector<uint64_t> values(capacity);
        for (;;) {
            varve_stream_rows rows{times.data(), values.data(), capacity, 0};
            ASSERT_EQ(function_.stream_flush(state_.data(), &arena.table, &rows), VARVE_OK);
            if (rows.count == 0) return;
            for (uint32_t i = 0; i < rows.count; ++i) out.emplace_back(times[i], values[i]);
        }
    }

    TestArena arena;
    Out out;

  private:
    const varve_function &function_;
    std::vector<varve_argument> arguments_;
    std::vector<uint64_t> state_;
    varve_stream_context context_{};
};

std::vector<const varve_function *> streams() {
    std::vector<const varve_function *> out;
    for (const auto &set : {transform_functions(), forecast_functions()}) {
        out.insert(out.end(), set.begin(), set.end());
    }
    return out;
}

TEST(Streams, HoweverTheRowsAreCut) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 20; ++round) {
        const size_t count = random() % 40;
        const Rows rows = random_rows(random, count);
        for (const varve_function *function : streams()) {
            Stream whole(*function);
            ASSERT_EQ(whole.feed(column_of(rows, 0), rows.times.data(), count), VARVE_OK);
            whole.flush(1000);
            Stream cut(*function);
            for (size_t from = 0; from < count;) {
                const size_t size = std::min<size_t>(count - from, 1 + random() % 7);
                ASSERT_EQ(cut.feed(column_of(rows, from), rows.times.data() + from, size),
                          VARVE_OK);
                from += size;
            }
            cut.flush(1);
            EXPECT_EQ(cut.out, whole.out) << function->name;
        }
    }
}

TEST(Streams, PassOverNulls) {
    Rows rows;
    rows.values = {1, 100, 3, 100, 7};
    rows.times = {0, 10, 20, 30, 40};
    const uint64_t validity = 0b10101;
    Stream stream(find("difference"));
    varve_column column = column_of(rows, 0);
    column.validity = &validity;
    ASSERT_EQ(stream.feed(column, rows.times.data(), 5), VARVE_OK);
    ASSERT_EQ(stream.out.size(), 2U);
    EXPECT_EQ(stream.out[0].first, 20);
    EXPECT_EQ(std::bit_cast<double>(stream.out[0].second), 2);
    EXPECT_EQ(std::bit_cast<double>(stream.out[1].second), 4);
}

TEST(Streams, SayWhenMemoryIsGone) {
    Rows rows;
    rows.values = {1, 2, 3, 4};
    rows.times = {0, 10, 20, 30};
    for (const char *name : {"moving_average", "kaufmans_efficiency_ratio", "holt_winters"}) {
        Stream stream(find(name));
        stream.arena.left = 8;
        EXPECT_EQ(stream.feed(column_of(rows, 0), rows.times.data(), 4), VARVE_RESOURCE_EXHAUSTED)
            << name;
    }
}

// ---- several rows of a bucket

class Bucket {
  public:
    explicit Bucket(const varve_function &function)
        : function_(function), arguments_(arguments_of(function)), state_(64) {
        function.init(state_.data(), arguments_.data(), static_cast<uint32_t>(arguments_.size()));
    }
    void update(const varve_column &column, const int64_t *times, uint32_t count,
                TestArena &arena) {
        void *const states[] = {state_.data()};
        ASSERT_EQ(function_.update_runs(states, &count, 1, &column, times, &arena.table), VARVE_OK);
    }
    void merge(const Bucket &other, TestArena &arena) {
        ASSERT_EQ(function_.merge(state_.data(), other.state_.data(), &arena.table), VARVE_OK);
    }
    Out rows(TestArena &arena) {
        const varve_value *values = nullptr;
        uint64_t count = 0;
        EXPECT_EQ(function_.finish_rows(state_.data(), 0, &arena.table, &values, &count), VARVE_OK);
        Out out;
        for (uint64_t i = 0; i < count; ++i) {
            out.emplace_back(values[i].time, values[i].value.as_uint);
        }
        return out;
    }

  private:
    const varve_function &function_;
    std::vector<varve_argument> arguments_;
    std::vector<uint64_t> state_;
};

TEST(Multi, HoweverTheBucketIsPutTogether) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 100; ++round) {
        const auto count = static_cast<uint32_t>(random() % 100);
        const Rows rows = random_rows(random, count);
        const auto cut = static_cast<uint32_t>(random() % (count + 1));
        for (const char *name : {"distinct", "top", "bottom"}) {
            TestArena arena;
            Bucket whole(find(name));
            whole.update(column_of(rows, 0), rows.times.data(), count, arena);
            Bucket left(find(name));
            left.update(column_of(rows, 0), rows.times.data(), cut, arena);
            Bucket right(find(name));
            right.update(column_of(rows, cut), rows.times.data() + cut, count - cut, arena);
            right.merge(left, arena);
            EXPECT_EQ(right.rows(arena), whole.rows(arena)) << name;
        }
    }
}

TEST(Multi, DistinctKeepsLittleOfManyRows) {
    Rows rows;
    for (int row = 0; row < 100'000; ++row) {
        rows.times.push_back(row);
        rows.values.push_back(row % 5);
    }
    TestArena arena;
    Bucket bucket(find("distinct"));
    for (size_t from = 0; from < rows.times.size(); from += 1000) {
        bucket.update(column_of(rows, from), rows.times.data() + from, 1000, arena);
    }
    EXPECT_EQ(bucket.rows(arena).size(), 5U);
    EXPECT_LT(UINT64_MAX - arena.left, 10'000U);
}

TEST(Multi, ASampleIsOfTheSizeAskedFor) {
    Rows rows;
    for (int row = 0; row < 1000; ++row) {
        rows.times.push_back(row);
        rows.values.push_back(row);
    }
    TestArena arena;
    Bucket bucket(find("sample"));
    bucket.update(column_of(rows, 0), rows.times.data(), 1000, arena);
    const Out sample = bucket.rows(arena);
    ASSERT_EQ(sample.size(), 3U);
    for (const auto &[time, bits] : sample) {
        EXPECT_EQ(std::bit_cast<double>(bits), static_cast<double>(time));
    }
}

// ---- scalars

TEST(Math, TypesAndNulls) {
    const varve_function &abs = find("abs");
    const int64_t integers[] = {-3, 4, -5};
    const uint64_t validity = 0b011;
    varve_column column{};
    column.type = VARVE_TYPE_INT64;
    column.values = integers;
    column.validity = &validity;
    int64_t out[3];
    uint64_t out_validity = 0;
    ASSERT_EQ(abs.evaluate(&column, 1, 3, out, &out_validity, nullptr, nullptr), VARVE_OK);
    EXPECT_EQ(out_validity, 0b011U);
    EXPECT_EQ(out[0], 3);
    EXPECT_EQ(out[1], 4);
    EXPECT_EQ(abs.result_type(VARVE_TYPE_INT64), uint32_t{VARVE_TYPE_INT64});
    EXPECT_EQ(find("sqrt").result_type(VARVE_TYPE_INT64), uint32_t{VARVE_TYPE_FLOAT64});
    // The root of what is negative is no number, hence null.
    double roots[3];
    ASSERT_EQ(find("sqrt").evaluate(&column, 1, 3, roots, &out_validity, nullptr, nullptr),
              VARVE_OK);
    EXPECT_EQ(out_validity, 0b010U);
    EXPECT_EQ(roots[1], 2);
}

}  // namespace
}  // namespace varve::functions
