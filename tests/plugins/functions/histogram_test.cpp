// histogram against counting by hand, however the rows are cut and merged.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "functions/aggregate/aggregate_functions.hpp"
#include "plugins/functions/test_arena.hpp"

namespace varve::functions {
namespace {

class State {
  public:
    State(TestArena &arena, double width, double offset) : arena_(arena) {
        varve_argument arguments[3]{};
        arguments[0].kind = VARVE_ARGUMENT_FIELD;
        arguments[1].kind = VARVE_ARGUMENT_FLOAT;
        arguments[1].value.as_float = width;
        arguments[2].kind = VARVE_ARGUMENT_FLOAT;
        arguments[2].value.as_float = offset;
        function_.init(bytes_.data(), arguments, 3);
    }
    int32_t update(const double *begin, const double *end) {
        varve_column column{};
        column.type = VARVE_TYPE_FLOAT64;
        column.values = begin;
        const auto count = static_cast<uint32_t>(end - begin);
        const std::vector<int64_t> times(count);
        void *const states[] = {bytes_.data()};
        return function_.update_runs(states, &count, 1, &column, times.data(), &arena_.table);
    }
    void merge_with(const State &other) {
        ASSERT_EQ(function_.merge(bytes_.data(), other.bytes_.data(), &arena_.table), VARVE_OK);
    }
    std::vector<std::pair<double, int64_t>> rows() {
        const varve_value *rows = nullptr;
        uint64_t count = 0;
        EXPECT_EQ(function_.finish_rows(bytes_.data(), 0, &arena_.table, &rows, &count), VARVE_OK);
        std::vector<std::pair<double, int64_t>> out;
        for (uint64_t i = 0; i < count; ++i, rows += 2) {
            EXPECT_EQ(rows[0].type, VARVE_TYPE_FLOAT64);
            EXPECT_EQ(rows[1].type, VARVE_TYPE_INT64);
            out.emplace_back(rows[0].value.as_float, rows[1].value.as_int);
        }
        return out;
    }

  private:
    const varve_function &function_ = histogram_function();
    TestArena &arena_;
    std::vector<uint64_t> bytes_ = std::vector<uint64_t>(function_.state_size / 8 + 1);
};

using Classes = std::vector<std::pair<double, int64_t>>;

Classes of(const std::vector<double> &values, double width, double offset) {
    TestArena arena;
    State state(arena, width, offset);
    EXPECT_EQ(state.update(values.data(), values.data() + values.size()), VARVE_OK);
    return state.rows();
}

TEST(Histogram, CountsClasses) {
    EXPECT_EQ(of({}, 10, 0), Classes{});
    EXPECT_EQ(of({-0.0, 9.9, 10, 31, -1}, 10, 0), (Classes{{-10, 1}, {0, 2}, {10, 1}, {30, 1}}));
    EXPECT_EQ(of({4.9, 5, 14.9, 15}, 10, 5), (Classes{{-5, 1}, {5, 2}, {15, 1}}));
    // Where no class can be told there is none.
    EXPECT_EQ(of({1, NAN, 1e308}, 0.1, 0), (Classes{{1, 1}}));
}

TEST(Histogram, ValuesLieBetweenTheirBoundsAndMergesCountAll) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 50; ++round) {
        const double width = std::uniform_real_distribution<double>(0.01, 3)(random);
        const double offset = std::uniform_real_distribution<double>(-3, 3)(random);
        std::vector<double> values(random() % 3000);
        for (double &value : values) {
            value = std::uniform_real_distribution<double>(-20, 20)(random);
            // Right on a bound.
            if (random() % 3 == 0) value = offset + std::floor(value) * width;
        }
        const Classes whole = of(values, width, offset);
        for (const auto &[bound, count] : whole) {
            const double number = std::round((bound - offset) / width);
            const double next = offset + (number + 1) * width;
            EXPECT_EQ(count, std::count_if(values.begin(), values.end(), [&](double value) {
                          return value >= bound && value < next;
                      }));
        }
        TestArena arena;
        State left(arena, width, offset);
        State right(arena, width, offset);
        const double *const cut = values.data() + random() % (values.size() + 1);
        ASSERT_EQ(left.update(values.data(), cut), VARVE_OK);
        ASSERT_EQ(right.update(cut, values.data() + values.size()), VARVE_OK);
        left.merge_with(right);
        EXPECT_EQ(left.rows(), whole);
    }
}

TEST(Histogram, SaysWhenMemoryIsGone) {
    TestArena arena;
    arena.left = 1000;
    State state(arena, 1, 0);
    std::vector<double> values(1000);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    EXPECT_EQ(state.update(values.data(), values.data() + values.size()), VARVE_RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace varve::functions
