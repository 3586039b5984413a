// Ranks among kept values against a sorted list: values of every width, times in steps and without,
// rows that come alone, in runs and with nulls between, merged from parts.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>

#include "functions/common/kept_rank.hpp"
#include "plugins/functions/test_arena.hpp"

namespace varve::functions {
namespace {

struct Kept {
    uint32_t type = VARVE_TYPE_INT64;
    std::vector<KeptValue> rows;  // all that were kept
    ChunkedState state{};

    void keep(const std::vector<uint64_t> &values, const std::vector<int64_t> &times,
              const std::vector<uint64_t> &validity, TestArena &arena) {
        varve_column column{};
        column.type = type;
        column.values = values.data();
        column.validity = validity.empty() ? nullptr : validity.data();
        void *const states = &state;
        const auto end = static_cast<uint32_t>(values.size());
        ASSERT_EQ(keep_in_chunks(&states, &end, 1, &column, times.data(), &arena.table), VARVE_OK);
        for (uint32_t row = 0; row < end; ++row) {
            if (is_valid(column, row)) rows.push_back({values[row], times[row]});
        }
    }

    uint64_t ordered(uint64_t bits) const {
        if (type == VARVE_TYPE_UINT64) return OrderOfUnsigned()(bits);
        return type == VARVE_TYPE_INT64 ? OrderOfIntegers()(bits) : OrderOfFloats()(bits);
    }

    void check(std::mt19937_64 &random, TestArena &arena) {
        ASSERT_EQ(state.count, rows.size());
        size_t at = 0;
        for_each_kept(state, [&](uint64_t bits, int64_t time) {
            ASSERT_EQ(bits, rows[at].bits) << at;
            ASSERT_EQ(time, rows[at].time) << at;
            ++at;
        });
        ASSERT_EQ(at, rows.size());
        std::sort(rows.begin(), rows.end(), [&](const KeptValue &a, const KeptValue &b) {
            return ordered(a.bits) != ordered(b.bits) ? ordered(a.bits) < ordered(b.bits)
                                                      : a.time < b.time;
        });
        std::vector<uint64_t> ranks{0, rows.size() / 2, rows.size() - 1};
        for (int i = 0; i < 5; ++i) ranks.push_back(random() % rows.size());
        for (const uint64_t rank : ranks) {
            KeptValue found{};
            ASSERT_TRUE(find_rank(state, rank, &arena.table, found));
            EXPECT_EQ(found.bits, rows[rank].bits) << rank << " of " << rows.size();
            EXPECT_EQ(found.time, rows[rank].time) << rank << " of " << rows.size();
        }
    }
};

uint64_t random_value(uint32_t type, uint64_t centre, uint64_t spread, std::mt19937_64 &random) {
    const uint64_t distance = spread == 0 ? random() : random() % spread;
    if (type != VARVE_TYPE_FLOAT64) return centre + distance - spread / 2;
    const auto number = static_cast<double>(static_cast<int64_t>(distance)) - 1000;
    return std::bit_cast<uint64_t>(number / 8);
}

void keep_run(Kept &kept, uint32_t count, uint64_t centre, uint64_t spread, std::mt19937_64 &random,
              TestArena &arena) {
    std::vector<uint64_t> values;
    std::vector<int64_t> times;
    std::vector<uint64_t> validity;
    const bool in_steps = random() % 2 == 0;
    const bool has_nulls = random() % 4 == 0;
    auto time = static_cast<int64_t>(random() % 1000);
    for (uint32_t row = 0; row < count; ++row) {
        values.push_back(random_value(kept.type, centre, spread, random));
        times.push_back(time);
        time += in_steps ? 10 : static_cast<int64_t>(1 + random() % 20);
    }
    if (has_nulls) {
        for (uint32_t i = 0; i <= count / 64; ++i) validity.push_back(random() | 1);
    }
    kept.keep(values, times, validity, arena);
}

TEST(KeptRank, IsThatOfASortedList) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    constexpr uint64_t kCentres[] = {0, 1'000'000, uint64_t{1} << 63, (uint64_t{1} << 63) - 1,
                                     std::numeric_limits<uint64_t>::max() - 3};
    constexpr uint64_t kSpreads[] = {1, 3, 100, 255, 256, 40'000, 70'000, uint64_t{1} << 33, 0};
    for (int round = 0; round < 300; ++round) {
        TestArena arena;
        Kept kept;
        const uint32_t types[] = {VARVE_TYPE_INT64, VARVE_TYPE_UINT64, VARVE_TYPE_FLOAT64};
        kept.type = types[random() % 3];
        const uint64_t centre = kCentres[random() % 5];
        Kept other;
        other.type = kept.type;
        for (uint32_t run = 0; run < 12; ++run) {
            const uint64_t spread = kSpreads[random() % 9];
            const uint32_t sizes[] = {1, 5, 63, 64, 65, 360, 9000};
            Kept &into = random() % 4 == 0 ? other : kept;
            keep_run(into, sizes[random() % 7], centre, spread, random, arena);
        }
        ASSERT_EQ(merge_chunks(&kept.state, &other.state, &arena.table), VARVE_OK);
        kept.rows.insert(kept.rows.end(), other.rows.begin(), other.rows.end());
        if (!kept.rows.empty()) kept.check(random, arena);
    }
}

TEST(KeptRank, RegularIntegersTakeAByteARow) {
    TestArena arena;
    Kept kept;
    std::vector<uint64_t> values;
    std::vector<int64_t> times;
    for (int64_t row = 0; row < 8192; ++row) {
        values.push_back(static_cast<uint64_t>(row % 100));
        times.push_back(row * 10);
    }
    kept.keep(values, times, {}, arena);
    ASSERT_NE(kept.state.first, nullptr);
    EXPECT_EQ(kept.state.first, kept.state.last);
    EXPECT_EQ(kept.state.first->width, 1U);
    EXPECT_EQ(kept.state.first->in_steps, 1U);
}

}  // namespace
}  // namespace varve::functions
