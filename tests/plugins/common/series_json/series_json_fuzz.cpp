// Any bytes: no crash, and the same rows again from a reader that starts with the same numbers.
#include <cstdio>
#include <cstdlib>

#include "plugins/common/series_json/dump.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    varve::series_json::Options options;
    options.now_ns = 1'700'000'000'000'000'000;
    options.unit_us = size % 2 == 0 ? 1000 : 1'000'000;
    std::string first;
    for (int round = 0; round < 2; ++round) {
        varve::series_json::PointNumbers numbers(options.now_ns);
        const std::string rows = varve::dump_series(text, options, numbers);
        if (round == 0) first = rows;
        if (rows != first) {
            std::fprintf(stderr, "read twice, not the same:\n%s\n%s\n", first.c_str(),
                         rows.c_str());
            std::abort();
        }
    }
    return 0;
}
