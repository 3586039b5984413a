#include "laws.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <random>

namespace varve::bench {
namespace {

constexpr std::array<const char *, 10> kFields = {
    "usage_user", "usage_system",  "usage_idle",  "usage_nice",  "usage_iowait",
    "usage_irq",  "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"};

void append(std::string &out, int64_t value) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append(std::string &out, double value, std::chars_format format, int precision) {
    char text[400];
    out.append(text, std::to_chars(text, text + sizeof text, value, format, precision).ptr);
}

void append_shortest(std::string &out, double value) {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// Cuts rows into bodies and counts them.
class Batches {
  public:
    explicit Batches(int64_t rows_per_batch) : rows_per_batch_(rows_per_batch) {
        load_.batches.emplace_back();
    }

    // Where the next row goes, its line end included.
    std::string &row(uint64_t values) {
        if (rows_ == rows_per_batch_) {
            const size_t size = load_.batches.back().size();
            load_.batches.emplace_back().reserve(size + size / 16);
            rows_ = 0;
        }
        ++rows_;
        ++load_.rows;
        load_.values += values;
        return load_.batches.back();
    }

    Load take() { return std::move(load_); }

  private:
    Load load_;
    int64_t rows_per_batch_;
    int64_t rows_ = 0;
};

class CpuLaw {
  public:
    explicit CpuLaw(const Law &law) : law_(law), random_(law.seed), walk_(0, law.sigma) {
        std::uniform_real_distribution<> start(0, 100);
        for (int64_t host = 0; host < law.hosts; ++host) {
            keys_.push_back(key_of(host));
            for (int64_t field = 0; field < law.fields; ++field) state_.push_back(start(random_));
        }
    }

    Load make() {
        Batches batches(law_.rows_per_batch);
        for (int64_t at = 0; at < law_.seconds; at += law_.step_s) {
            for (size_t host = 0; host < keys_.size(); ++host) {
                append_row(batches.row(static_cast<uint64_t>(law_.fields)), host, at);
            }
        }
        return batches.take();
    }

  private:
    std::string key_of(int64_t host) {
        static const char *regions[] = {"us-east-1", "us-west-2", "eu-west-1", "sa-east-1"};
        static const char *systems[] = {"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"};
        static const char *teams[] = {"SF", "NYC", "LON", "CHI"};
        const std::string region = regions[random_() % 4];
        return "cpu,hostname=host_" + std::to_string(host) + ",region=" + region +
               ",datacenter=" + region + static_cast<char>('a' + random_() % 3) +
               ",rack=" + std::to_string(random_() % 100) + ",os=" + systems[random_() % 3] +
               ",arch=x" + (random_() % 2 != 0 ? "64" : "86") + ",team=" + teams[random_() % 4] +
               ",service=" + std::to_string(random_() % 20) +
               ",service_version=" + std::to_string(random_() % 2) +
               ",service_environment=production ";
    }

    void append_row(std::string &out, size_t host, int64_t at) {
        out += keys_[host];
        for (size_t field = 0; field < static_cast<size_t>(law_.fields); ++field) {
            double &value = state_[host * static_cast<size_t>(law_.fields) + field];
            out.append(field == 0 ? "" : ",").append(kFields[field]) += '=';
            if (law_.noise) {
                append_shortest(out, std::generate_canonical<double, 53>(random_));
                continue;
            }
            value = std::clamp(value + walk_(random_), 0.0, 100.0);
            if (law_.floats) {
                append(out, value, std::chars_format::fixed, 2);
            } else {
                append(out, static_cast<int64_t>(value));
                out += 'i';
            }
        }
        int64_t time_ns = (law_.start_s + at) * 1'000'000'000;
        if (law_.jitter_ms > 0) {
            const auto late = random_() % static_cast<uint64_t>(law_.jitter_ms + 1);
            time_ns += static_cast<int64_t>(late) * 1'000'000;
        }
        out += ' ';
        append(out, time_ns);
        out += '\n';
    }

    const Law &law_;
    std::mt19937_64 random_;
    std::normal_distribution<double> walk_;
    std::vector<std::string> keys_;
    std::vector<double> state_;
};

// Which metric of a host follows which law: of a hundred, 45 constants, 20 counters that rarely
// move, 15 busy counters, 8 counters of seconds, 8 sizes in pages of 4 KiB, 4 loads.
class NodeLaw {
  public:
    explicit NodeLaw(const Law &law) : law_(law), random_(law.seed) {
        state_.resize(static_cast<size_t>(law.hosts) * kMetrics);
        for (double &value : state_) value = static_cast<double>(random_() % 1'000'000);
    }

    Load make() {
        Batches batches(law_.rows_per_batch);
        for (int64_t at = 0; at < law_.seconds; at += kStepSeconds) {
            for (int64_t host = 0; host < law_.hosts; ++host) {
                const int64_t phase_ms = host * 7919 % (kStepSeconds * 1000);
                const auto late_ms = static_cast<int64_t>(random_() % 3);
                const int64_t time_ns =
                    (law_.start_s + at) * 1'000'000'000 + (phase_ms + late_ms) * 1'000'000;
                for (size_t metric = 0; metric < kMetrics; ++metric) {
                    append_row(batches.row(1), host, metric, time_ns);
                }
            }
        }
        return batches.take();
    }

  private:
    static constexpr size_t kMetrics = 100;
    static constexpr int64_t kStepSeconds = 15;

    void append_row(std::string &out, int64_t host, size_t metric, int64_t time_ns) {
        double &value = state_[static_cast<size_t>(host) * kMetrics + metric];
        const char *law = advance(metric, value);
        out += "node_metric_";
        append(out, static_cast<int64_t>(metric));
        out += ",instance=host-";
        append(out, host);
        out.append(":9100,job=node,law=").append(law) += " value=";
        if (metric >= 88 && metric < 96) {
            append(out, value * 4096, std::chars_format::fixed, 0);
        } else {
            append(out, value, std::chars_format::general, 10);
        }
        out += ' ';
        append(out, time_ns);
        out += '\n';
    }

    const char *advance(size_t metric, double &value) {
        const auto between = [&](int64_t low, int64_t high) {
            const auto width = static_cast<uint64_t>(high - low + 1);
            return static_cast<double>(low + static_cast<int64_t>(random_() % width));
        };
        if (metric < 45) return "gauge";
        if (metric < 65) {
            if (random_() % 50 == 0) value += 1;
            return "counter";
        }
        if (metric < 80) {
            value += between(0, 4999);
            return "counter";
        }
        if (metric < 88) {
            value += between(0, 1499) / 100;
            return "seconds";
        }
        if (metric < 96) {
            value = std::max(0.0, value + between(-1000, 1000));
            return "bytes";
        }
        value = std::fabs(std::fmod(value, 8) + between(-20, 20) / 100);
        return "load";
    }

    const Law &law_;
    std::mt19937_64 random_;
    std::vector<double> state_;
};

// A float of 4,000 values and an integer of 8·10⁹: 45 bits a row that nobody can save.
Load make_churn(const Law &law) {
    std::mt19937_64 random(law.seed);
    Batches batches(law.rows_per_batch);
    for (int64_t pod = 0; pod < law.hosts; ++pod) {
        const auto hash = static_cast<uint64_t>(pod) * 2'654'435'761U & 0xffffffff;
        char name[48];
        std::snprintf(name, sizeof name, "worker-%llx-%05lld",
                      static_cast<unsigned long long>(hash), static_cast<long long>(pod % 99'991));
        for (int64_t row = 0; row < 2; ++row) {
            std::string &out = batches.row(2);
            out.append("job,pod=").append(name).append(",namespace=team");
            append(out, pod % 50);
            out += ",node=n";
            append(out, pod % 300);
            out += " cpu=";
            append(out, static_cast<double>(random() % 4000) / 1000, std::chars_format::fixed, 3);
            out += ",mem=";
            append(out, static_cast<int64_t>(random() % 8'000'000'000));
            out += "i ";
            append(out, (law.start_s + pod / 50 + row * 10) * 1'000'000'000);
            out += '\n';
        }
    }
    return batches.take();
}

}  // namespace

Load make_load(const Law &law) {
    if (law.kind == "cpu") return CpuLaw(law).make();
    if (law.kind == "node") return NodeLaw(law).make();
    if (law.kind == "churn") return make_churn(law);
    return {};
}

}  // namespace varve::bench
