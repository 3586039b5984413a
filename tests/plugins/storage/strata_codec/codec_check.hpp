// Round trips of chunks, in both tiers, with and without shared tables.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/strata/codec/codec.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {

// Ends where the bytes end, on a heap block of its own, so that the address sanitizer sees every
// read behind them.
class ExactBytes {
  public:
    explicit ExactBytes(const std::string &bytes) : bytes_(bytes.begin(), bytes.end()) {}
    std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

  private:
    std::vector<char> bytes_;
};

inline std::shared_ptr<const Codebooks> rendered(const CodebookWriter &writer) {
    std::string bytes;
    writer.render(bytes);
    auto books = Codebooks::parse(bytes);
    EXPECT_TRUE(books.ok()) << books.status().text();
    return books.ok() ? *books : nullptr;
}

template <typename T>
bool same_bits(const std::vector<T> &a, const T *b) {
    return a.empty() || std::memcmp(a.data(), b, a.size() * sizeof(T)) == 0;
}

// Encodes with `encode`, decodes with `decode`, compares all bits; returns the encoded size.
template <typename T, typename Encode, typename Decode>
size_t check_round_trip(const std::vector<T> &values, Tier tier, bool shared, Encode encode,
                        Decode decode) {
    CodebookWriter writer;
    EncodeContext context{tier, shared ? &writer : nullptr};
    const auto count = static_cast<uint32_t>(values.size());
    std::string bytes = "before";
    encode(values.data(), count, context, bytes);
    EXPECT_EQ(bytes.substr(0, 6), "before");
    const ExactBytes exact(bytes.substr(6));
    const auto books = rendered(writer);
    std::vector<T> back(values.size() + kDecodeSlack);
    const Status status = decode(exact.view(), count, *books, back.data());
    EXPECT_TRUE(status.ok()) << status.text();
    EXPECT_TRUE(same_bits(values, back.data())) << count << " values";
    return exact.view().size();
}

inline size_t check_ints(const std::vector<int64_t> &values, Tier tier = Tier::dense,
                         bool shared = true) {
    return check_round_trip(values, tier, shared, encode_ints, decode_ints);
}
inline size_t check_floats(const std::vector<double> &values, Tier tier = Tier::dense,
                           bool shared = true) {
    return check_round_trip(values, tier, shared, encode_floats, decode_floats);
}

template <typename Check, typename Values>
void check_all_ways(Check check, const Values &values) {
    for (const Tier tier : {Tier::fast, Tier::dense}) {
        for (const bool shared : {false, true}) check(values, tier, shared);
    }
}

// A seed that a failing test names.
inline std::mt19937_64 seeded() {
    const uint64_t seed = std::random_device{}();
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    return std::mt19937_64(seed);
}

}  // namespace varve::strata
