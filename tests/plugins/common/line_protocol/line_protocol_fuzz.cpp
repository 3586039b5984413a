// Any bytes: no crash, and the predicting reader agrees with the one that goes by the book.
#include <cstdlib>

#include "plugins/common/line_protocol/dump.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Three times the same, so that prediction has something to predict.
    std::string body;
    for (int i = 0; i < 3; ++i) {
        body.append(reinterpret_cast<const char *>(data), size);
        body += '\n';
    }
    // Prediction reads ahead, so it leaves the last lines to the book unless something follows.
    if (size % 4 != 0) body += std::string(200, '#');
    varve::line_protocol::Options options;
    options.now_ns = 1'700'000'000'123'456'789;
    options.precision_ns = size % 2 == 0 ? 1 : 1'000'000;
    options.hash_seed = 7;
    options.unsigned_enabled = size % 3 == 0;
    varve::line_protocol::SenderMemory memory;
    const std::string predicted = varve::dump_parsed(body, options, memory);
    if (varve::dump_parsed(std::string(body), options, memory) != predicted) {
        std::fprintf(stderr, "remembered, the body reads differently:\n%s\n", body.c_str());
        std::abort();
    }
    options.predict = false;
    if (varve::dump_parsed(body, options) != predicted) {
        std::fprintf(stderr, "the two readers differ on:\n%s\n", body.c_str());
        std::abort();
    }
    return 0;
}
