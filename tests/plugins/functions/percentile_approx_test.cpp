// percentile_approx against sorted values: how far its answer's rank is from the rank asked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/aggregate/t_digest.hpp"
#include "plugins/functions/test_arena.hpp"

namespace varve::functions {
namespace {

using Values = std::vector<double>;
using Make = std::function<Values(std::mt19937_64 &, size_t)>;

template <typename Distribution>
Make from(Distribution distribution) {
    return [distribution](std::mt19937_64 &random, size_t count) mutable {
        Values out(count);
        for (double &value : out) value = static_cast<double>(distribution(random));
        return out;
    };
}

Make in_order(const Make &make, bool ascending) {
    return [=](std::mt19937_64 &random, size_t count) {
        Values out = make(random, count);
        std::sort(out.begin(), out.end());
        if (!ascending) std::reverse(out.begin(), out.end());
        return out;
    };
}

const std::map<std::string, Make> &distributions() {
    static const Make uniform = from(std::uniform_real_distribution<double>(-5, 5));
    static const std::map<std::string, Make> all{
        {"uniform", uniform},
        {"normal", from(std::normal_distribution<double>(100, 15))},
        {"lognormal", from(std::lognormal_distribution<double>(0, 2))},
        {"sorted", in_order(uniform, true)},
        {"reversed", in_order(uniform, false)},
        {"few values", from(std::uniform_int_distribution<int>(0, 6))},
        {"one value", from(std::uniform_int_distribution<int>(3, 3))}};
    return all;
}

// Of all rows, how many lie between the rank of the value and the one asked for. A value that comes
// often has many ranks.
double rank_error(const Values &sorted, double value, double q) {
    const auto size = static_cast<double>(sorted.size());
    const auto below = std::lower_bound(sorted.begin(), sorted.end(), value);
    const auto up_to = std::upper_bound(sorted.begin(), sorted.end(), value);
    const double low = static_cast<double>(below - sorted.begin()) / size;
    const double high = static_cast<double>(up_to - sorted.begin()) / size;
    return std::max({0.0, low - q, q - high});
}

// As documented: of all rows, and of single ones half a row on each side.
double allowed_error(double q, double compression, size_t rows) {
    const double step = M_PI / compression;
    return 2 * step * std::sqrt(q * (1 - q)) + step * step / 2 + 1 / static_cast<double>(rows);
}

class Digest {
  public:
    Digest(TestArena &arena, double compression) : arena_(arena) {
        digest_.compression = compression;
    }
    void add_all(const double *begin, const double *end) {
        for (; begin != end; ++begin) {
            ASSERT_TRUE(add(digest_, {*begin, 1}, &arena_.table));
            ASSERT_LE(digest_.count, capacity_max(digest_.compression));
        }
    }
    void merge_with(const Digest &other) {
        ASSERT_TRUE(merge(digest_, other.digest_, &arena_.table));
    }
    double at(double q) { return quantile(digest_, q); }
    const TDigest &digest() const { return digest_; }

  private:
    TestArena &arena_;
    TDigest digest_{};
};

constexpr double kQuantiles[] = {0,   0.001, 0.01, 0.05, 0.1,  0.25,  0.5,
                                 0.6, 0.75,  0.9,  0.95, 0.99, 0.999, 1};

void expect_bounds(Digest &digest, const Values &sorted, double compression) {
    double before = digest.at(0);
    for (const double q : kQuantiles) {
        const double value = digest.at(q);
        EXPECT_LE(rank_error(sorted, value, q), allowed_error(q, compression, sorted.size()))
            << "quantile " << q << " of " << sorted.size() << " rows: " << value;
        EXPECT_GE(value, before) << "quantile " << q;
        before = value;
    }
    EXPECT_EQ(digest.at(0), sorted.front());
    EXPECT_EQ(digest.at(1), sorted.back());
}

class PercentileApprox : public testing::Test {
  protected:
    const uint64_t seed_ = std::random_device{}();
    const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
    std::mt19937_64 random_{seed_};
};

TEST_F(PercentileApprox, RankErrorIsBounded) {
    for (const auto &[name, make] : distributions()) {
        SCOPED_TRACE(name);
        for (const double compression : {20.0, 100.0, 500.0}) {
            for (const size_t rows : {1UL, 2UL, 700UL, 20'000UL, 100'000UL}) {
                TestArena arena;
                Values values = make(random_, rows);
                Digest digest(arena, compression);
                digest.add_all(values.data(), values.data() + values.size());
                std::sort(values.begin(), values.end());
                expect_bounds(digest, values, compression);
            }
        }
    }
}

TEST_F(PercentileApprox, PartsMergeToTheWhole) {
    constexpr double kCompression = 100;
    for (const auto &[name, make] : distributions()) {
        SCOPED_TRACE(name);
        TestArena arena;
        Values values = make(random_, 50'000);
        Digest whole(arena, kCompression);
        size_t from = 0;
        while (from < values.size()) {
            const size_t to = std::min<size_t>(values.size(), from + random_() % 3000);
            Digest part(arena, kCompression);
            part.add_all(values.data() + from, values.data() + to);
            whole.merge_with(part);
            from = to;
        }
        EXPECT_EQ(whole.digest().weight, static_cast<double>(values.size()));
        std::sort(values.begin(), values.end());
        expect_bounds(whole, values, kCompression);
    }
}

TEST_F(PercentileApprox, FewRowsAreExact) {
    TestArena arena;
    Values values = distributions().at("lognormal")(random_, 601);
    Digest digest(arena, 100);
    digest.add_all(values.data(), values.data() + values.size());
    std::sort(values.begin(), values.end());
    EXPECT_EQ(digest.at(0.5), values[300]);
    EXPECT_EQ(digest.at(100.5 / 601), values[100]);
    EXPECT_DOUBLE_EQ(digest.at(101.0 / 601), (values[100] + values[101]) / 2);
}

TEST_F(PercentileApprox, MemoryDoesNotGrowWithRows) {
    TestArena arena;
    Digest digest(arena, 100);
    const Values values = distributions().at("normal")(random_, 200'000);
    digest.add_all(values.data(), values.data() + values.size());
    EXPECT_LT(arena.given, 3 * capacity_max(100) * sizeof(Centroid));
}

TEST_F(PercentileApprox, HugeValuesDoNotOverflow) {
    TestArena arena;
    Digest digest(arena, 20);
    constexpr double kMax = std::numeric_limits<double>::max();
    for (int i = 0; i < 10'000; ++i) {
        const double value = i % 2 == 0 ? kMax : -kMax;
        digest.add_all(&value, &value + 1);
    }
    for (const double q : kQuantiles) EXPECT_TRUE(std::isfinite(digest.at(q))) << q;
    EXPECT_EQ(digest.at(0.2), -kMax);
    EXPECT_EQ(digest.at(0.8), kMax);
}

// Runs the function as the engine does, over numbers of each type.
template <typename T>
double run_function(uint32_t type, const std::vector<T> &values, double percent) {
    const varve_function &function = percentile_approx_function();
    TestArena arena;
    varve_argument arguments[2]{};
    arguments[0].kind = VARVE_ARGUMENT_FIELD;
    arguments[1].kind = VARVE_ARGUMENT_FLOAT;
    arguments[1].value.as_float = percent;
    std::vector<uint64_t> state(function.state_size / 8 + 1);
    function.init(state.data(), arguments, 2);
    varve_column column{};
    column.type = type;
    column.values = values.data();
    const std::vector<int64_t> times(values.size());
    const auto end = static_cast<uint32_t>(values.size());
    void *const states[] = {state.data()};
    EXPECT_EQ(function.update_runs(states, &end, 1, &column, times.data(), &arena.table), VARVE_OK);
    varve_value out{};
    EXPECT_EQ(function.finish(state.data(), &arena.table, &out), VARVE_OK);
    EXPECT_EQ(out.type, VARVE_TYPE_FLOAT64);
    EXPECT_EQ(out.has_time, 0u);
    return out.value.as_float;
}

TEST_F(PercentileApprox, TakesAllNumbers) {
    EXPECT_EQ(run_function<double>(VARVE_TYPE_FLOAT64, {4, 1, 3, 2}, 50), 2.5);
    EXPECT_EQ(run_function<int64_t>(VARVE_TYPE_INT64, {-4, -1, -3}, 0), -4);
    EXPECT_EQ(run_function<uint64_t>(VARVE_TYPE_UINT64, {UINT64_MAX, 1}, 100), 0x1p64);
    const double infinite = std::numeric_limits<double>::infinity();
    EXPECT_EQ(run_function<double>(VARVE_TYPE_FLOAT64, {infinite, NAN, 7}, 100), 7);
}

TEST_F(PercentileApprox, SaysWhenMemoryIsGone) {
    TestArena arena;
    arena.left = 100;
    TDigest digest{};
    digest.compression = kCompressionDefault;
    EXPECT_FALSE(add(digest, {1, 1}, &arena.table));
}

}  // namespace
}  // namespace varve::functions
