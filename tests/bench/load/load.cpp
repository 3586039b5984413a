// Sends line protocol to any InfluxDB-like server over keep-alive HTTP, as fast as it takes it or
// at a pace. All batches are made before the clock starts. Prints one line of JSON: rows, values,
// bytes, seconds, batches that were not answered by 204, and the latency of a batch.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "laws.hpp"
#include "sender.hpp"

namespace {

constexpr const char *kUsage =
    R"(usage: bench_load [--port P] [--path '/write?db=bench'] [--workers N] [--rate BATCHES_PER_S]
                  [--kind cpu|node|churn] [--hosts N] [--seconds S] [--start EPOCH_S] [--step S]
                  [--fields 1-10] [--float] [--noise] [--sigma S] [--jitter-ms MS]
                  [--rows-per-batch N] [--seed N]
)";

struct Options {
    varve::bench::Law law;
    varve::bench::SendOptions send;
};

// False if there is no such option.
bool apply(Options &options, const std::string &name, const char *value) {
    varve::bench::Law &law = options.law;
    const auto is = [&](const char *wanted) { return name == wanted; };
    const auto integer = [&] { return std::strtoll(value, nullptr, 10); };
    if (is("--port")) {
        options.send.port = std::atoi(value);
    } else if (is("--path")) {
        options.send.path = value;
    } else if (is("--workers")) {
        options.send.workers = std::atoi(value);
    } else if (is("--rate")) {
        options.send.batches_per_second = std::atof(value);
    } else if (is("--kind")) {
        law.kind = value;
    } else if (is("--hosts")) {
        law.hosts = integer();
    } else if (is("--seconds")) {
        law.seconds = integer();
    } else if (is("--start")) {
        law.start_s = integer();
    } else if (is("--step")) {
        law.step_s = std::max(1LL, integer());
    } else if (is("--fields")) {
        law.fields = std::clamp(integer(), 1LL, 10LL);
    } else if (is("--sigma")) {
        law.sigma = std::atof(value);
    } else if (is("--jitter-ms")) {
        law.jitter_ms = integer();
    } else if (is("--rows-per-batch")) {
        law.rows_per_batch = std::max(1LL, integer());
    } else if (is("--seed")) {
        law.seed = std::strtoull(value, nullptr, 10);
    } else {
        return false;
    }
    return true;
}

bool parse(int argc, char **argv, Options &options) {
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--float") == 0) {
            options.law.floats = true;
        } else if (std::strcmp(argv[i], "--noise") == 0) {
            options.law.noise = true;
        } else if (i + 1 == argc || !apply(options, argv[i], argv[i + 1])) {
            std::fprintf(stderr, "bench_load: what is %s?\n%s", argv[i], kUsage);
            return false;
        } else {
            ++i;
        }
    }
    return true;
}

}  // namespace

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options)) return 2;
    const varve::bench::Load load = varve::bench::make_load(options.law);
    if (load.rows == 0) {
        std::fprintf(stderr, "bench_load: this law makes no rows\n%s", kUsage);
        return 2;
    }
    size_t bytes = 0;
    for (const std::string &batch : load.batches) bytes += batch.size();
    const varve::bench::Sent sent = varve::bench::send_batches(load.batches, options.send);
    const auto percentile_ms = [&](size_t percent) {
        return sent.latencies_s[(sent.latencies_s.size() - 1) * percent / 100] * 1000;
    };
    std::printf(
        "{\"rows\": %llu, \"values\": %llu, \"bytes\": %zu, \"seconds\": %.3f, "
        "\"failed\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
        static_cast<unsigned long long>(load.rows), static_cast<unsigned long long>(load.values),
        bytes, sent.seconds, static_cast<unsigned long long>(sent.failed), percentile_ms(50),
        percentile_ms(99), percentile_ms(100));
    if (sent.failed != 0) std::fprintf(stderr, "first failure: %s\n", sent.first_failure.c_str());
    return sent.failed == 0 ? 0 : 1;
}
