// Sends line protocol to any InfluxDB-like server over keep-alive HTTP, as fast as it takes it.
//
//   bench_load --port P --path '/write?db=bench' [--hosts N] [--seconds S] [--rows-per-batch R]
//              [--workers W] [--seed N] [--float]
//
// The data has the shape of TSBS "cpu-only": ten tags, ten fields that walk randomly between 0 and
// 100, a row per host every ten seconds from 2016-01-01. All batches are made before the clock
// starts. Prints one line of JSON: rows, values, bytes, seconds, and answers that were not 204.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Options {
    int port = 8086;
    std::string path = "/write?db=bench";
    int hosts = 100;
    long seconds = 43'200;
    int rows_per_batch = 5'000;
    int workers = 4;
    unsigned long seed = 97;
    bool floats = false;
};

constexpr std::array<const char *, 10> kFields = {
    "usage_user", "usage_system",  "usage_idle",  "usage_nice",  "usage_iowait",
    "usage_irq",  "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"};

class Generator {
  public:
    explicit Generator(const Options &options) : options_(options), random_(options.seed) {
        static const char *regions[] = {"us-east-1", "us-west-2", "eu-west-1", "sa-east-1"};
        static const char *systems[] = {"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"};
        static const char *teams[] = {"SF", "NYC", "LON", "CHI"};
        for (int host = 0; host < options.hosts; ++host) {
            const std::string region = regions[random_() % 4];
            keys_.push_back("cpu,hostname=host_" + std::to_string(host) + ",region=" + region +
                            ",datacenter=" + region + static_cast<char>('a' + random_() % 3) +
                            ",rack=" + std::to_string(random_() % 100) +
                            ",os=" + systems[random_() % 3] + ",arch=x" +
                            (random_() % 2 != 0 ? "64" : "86") + ",team=" + teams[random_() % 4] +
                            ",service=" + std::to_string(random_() % 20) + ",service_version=" +
                            std::to_string(random_() % 2) + ",service_environment=production ");
            std::array<double, 10> start{};
            for (double &value : start) value = std::uniform_real_distribution<>(0, 100)(random_);
            state_.push_back(start);
        }
    }

    std::vector<std::string> batches() {
        std::vector<std::string> all(1);
        int rows = 0;
        for (long at = 0; at < options_.seconds; at += 10) {
            for (int host = 0; host < options_.hosts; ++host) {
                if (rows == options_.rows_per_batch) {
                    all.emplace_back();
                    rows = 0;
                }
                append_row(all.back(), static_cast<size_t>(host), at);
                ++rows;
            }
        }
        return all;
    }

  private:
    void append_row(std::string &out, size_t host, long at) {
        out += keys_[host];
        char number[32];
        for (size_t field = 0; field < kFields.size(); ++field) {
            double &value = state_[host][field];
            value = std::clamp(value + walk_(random_), 0.0, 100.0);
            std::snprintf(number, sizeof number, options_.floats ? "%.2f" : "%.0fi",
                          options_.floats ? value : std::floor(value));
            out.append(field == 0 ? "" : ",").append(kFields[field]).append("=").append(number);
        }
        out += ' ' + std::to_string(1'451'606'400L + at) + "000000000\n";
    }

    const Options &options_;
    std::mt19937_64 random_;
    std::normal_distribution<double> walk_{0, 1};
    std::vector<std::string> keys_;
    std::vector<std::array<double, 10>> state_;
};

int connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0) return fd;
    std::perror("connect");
    std::exit(1);
}

void send_all(int fd, const std::string &bytes) {
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t n = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (n <= 0) {
            std::perror("send");
            std::exit(1);
        }
        done += static_cast<size_t>(n);
    }
}

// The status of the answer; reads its body away (Content-Length only, as write answers have).
int read_answer(int fd) {
    std::string text;
    size_t head = std::string::npos;
    char buffer[4096];
    while (head == std::string::npos) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) return 0;
        text.append(buffer, static_cast<size_t>(n));
        head = text.find("\r\n\r\n");
    }
    size_t body = 0;
    if (const size_t at = text.find("Content-Length: "); at < head) {
        body = std::strtoul(text.c_str() + at + 16, nullptr, 10);
    }
    while (text.size() < head + 4 + body) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) return 0;
        text.append(buffer, static_cast<size_t>(n));
    }
    return std::atoi(text.c_str() + 9);
}

Options parse(int argc, char **argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (name == "--float") {
            options.floats = true;
            continue;
        }
        ++i;
        if (name == "--port") options.port = std::atoi(value);
        if (name == "--path") options.path = value;
        if (name == "--hosts") options.hosts = std::atoi(value);
        if (name == "--seconds") options.seconds = std::atol(value);
        if (name == "--rows-per-batch") options.rows_per_batch = std::atoi(value);
        if (name == "--workers") options.workers = std::atoi(value);
        if (name == "--seed") options.seed = std::strtoul(value, nullptr, 10);
    }
    return options;
}

}  // namespace

int main(int argc, char **argv) {
    const Options options = parse(argc, argv);
    const std::vector<std::string> batches = Generator(options).batches();
    std::atomic<size_t> next{0};
    std::atomic<size_t> failed{0};
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (int w = 0; w < options.workers; ++w) {
        workers.emplace_back([&] {
            const int fd = connect_to(options.port);
            for (size_t i = next++; i < batches.size(); i = next++) {
                send_all(fd, "POST " + options.path +
                                 " HTTP/1.1\r\nHost: bench\r\nContent-Length: " +
                                 std::to_string(batches[i].size()) + "\r\n\r\n");
                send_all(fd, batches[i]);
                if (read_answer(fd) != 204) ++failed;
            }
            ::close(fd);
        });
    }
    for (std::thread &worker : workers) worker.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    size_t bytes = 0;
    for (const std::string &batch : batches) bytes += batch.size();
    const long rows = options.seconds / 10 * options.hosts;
    std::printf(
        "{\"rows\": %ld, \"values\": %ld, \"bytes\": %zu, \"seconds\": %.3f, \"failed\": %zu}\n",
        rows, rows * 10, bytes, took.count(), failed.load());
    return failed == 0 ? 0 : 1;
}
