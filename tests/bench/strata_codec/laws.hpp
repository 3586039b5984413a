// The laws of values that the codecs are measured on: what monitoring agents send.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace varve::bench {

// A load figure from 0 to 100 whose steps are normal.
class Walk {
  public:
    Walk(std::mt19937_64 &random, double sigma) : random_(random), step_(0, sigma) {
        at_ = std::uniform_real_distribution<double>(0, 100)(random);
    }
    double next() { return at_ = std::clamp(at_ + step_(random_), 0.0, 100.0); }

  private:
    std::mt19937_64 &random_;
    std::normal_distribution<double> step_;
    double at_ = 0;
};

inline std::vector<int64_t> walk_ints(std::mt19937_64 &random, uint32_t count) {
    Walk walk(random, 1);
    std::vector<int64_t> values;
    for (uint32_t i = 0; i < count; ++i) values.push_back(static_cast<int64_t>(walk.next()));
    return values;
}

// What a text with this format reads as.
inline double printed(const char *format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return std::strtod(text, nullptr);
}

inline std::vector<double> walk_floats(std::mt19937_64 &random, uint32_t count, double sigma) {
    Walk walk(random, sigma);
    std::vector<double> values;
    for (uint32_t i = 0; i < count; ++i) values.push_back(printed("%.2f", walk.next()));
    return values;
}

// All bits of the mantissa in use: no decimal number.
inline std::vector<double> full_precision(std::mt19937_64 &random, uint32_t count) {
    Walk walk(random, 1);
    std::vector<double> values;
    for (uint32_t i = 0; i < count; ++i) values.push_back(walk.next());
    return values;
}

inline std::vector<int64_t> jittered_times(std::mt19937_64 &random, uint32_t count) {
    std::vector<int64_t> values;
    for (int64_t i = 0; i < count; ++i) {
        const auto jitter_ms = static_cast<int64_t>(random() % 101);
        values.push_back(1451606400'000000000 + i * 10'000000000 + jitter_ms * 1000000);
    }
    return values;
}

// One series of an exporter's page: "gauge", "rare" and "busy" counters, "seconds", "bytes",
// "load".
inline std::vector<double> exporter(std::mt19937_64 &random, uint32_t count,
                                    const std::string &law) {
    double v = static_cast<double>(random() % 1000000);
    std::vector<double> values;
    const auto uniform = [&](uint64_t below) { return static_cast<double>(random() % below); };
    for (uint32_t i = 0; i < count; ++i) {
        if (law == "rare" && random() % 50 == 0) v += 1;
        if (law == "busy") v += uniform(5000);
        if (law == "seconds") v += uniform(1500) / 100;
        if (law == "bytes") v = std::max(0.0, v + uniform(2001) - 1000);
        if (law == "load") v = std::fabs(std::fmod(v, 8) + (uniform(41) - 20) / 100);
        values.push_back(law == "bytes" ? printed("%.0f", v * 4096) : printed("%.10g", v));
    }
    return values;
}

}  // namespace varve::bench
