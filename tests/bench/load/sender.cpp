#include "sender.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>

namespace varve::bench {
namespace {

using Clock = std::chrono::steady_clock;

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

void send_all(int fd, std::string_view bytes, int flags) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
        if (n <= 0) {
            std::perror("send");
            std::exit(1);
        }
        bytes.remove_prefix(static_cast<size_t>(n));
    }
}

// The whole answer (Content-Length only, as write answers have); what came if it breaks off.
std::string read_answer(int fd) {
    std::string text;
    size_t head = std::string::npos;
    char buffer[4096];
    while (head == std::string::npos) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) return text;
        text.append(buffer, static_cast<size_t>(n));
        head = text.find("\r\n\r\n");
    }
    size_t body = 0;
    if (const size_t at = text.find("Content-Length: "); at < head) {
        body = std::strtoul(text.c_str() + at + 16, nullptr, 10);
    }
    while (text.size() < head + 4 + body) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) return text;
        text.append(buffer, static_cast<size_t>(n));
    }
    return text;
}

class Run {
  public:
    Run(const std::vector<std::string> &batches, const SendOptions &options)
        : batches_(batches), options_(options) {
        sent_.latencies_s.resize(batches.size());
    }

    Sent take() {
        std::vector<std::thread> workers;
        for (int i = 0; i < options_.workers; ++i) workers.emplace_back([this] { work(); });
        for (std::thread &worker : workers) worker.join();
        sent_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        std::sort(sent_.latencies_s.begin(), sent_.latencies_s.end());
        return std::move(sent_);
    }

  private:
    void work() {
        const int fd = connect_to(options_.port);
        for (size_t i = next_++; i < batches_.size(); i = next_++) {
            Clock::time_point due = Clock::now();
            if (options_.batches_per_second > 0) {
                const std::chrono::duration<double> offset(static_cast<double>(i) /
                                                           options_.batches_per_second);
                due = start_ + std::chrono::duration_cast<Clock::duration>(offset);
                std::this_thread::sleep_until(due);
            }
            send_all(fd,
                     "POST " + options_.path + " HTTP/1.1\r\nHost: bench\r\nContent-Length: " +
                         std::to_string(batches_[i].size()) + "\r\n\r\n",
                     MSG_MORE);
            send_all(fd, batches_[i], 0);
            const std::string answer = read_answer(fd);
            sent_.latencies_s[i] = std::chrono::duration<double>(Clock::now() - due).count();
            if (!answer.starts_with("HTTP/1.1 204")) note_failure(answer);
            if (answer.empty()) break;
        }
        ::close(fd);
    }

    void note_failure(const std::string &answer) {
        std::lock_guard lock(mutex_);
        if (sent_.failed++ == 0) sent_.first_failure = answer;
    }

    const std::vector<std::string> &batches_;
    const SendOptions &options_;
    const Clock::time_point start_ = Clock::now();
    std::atomic<size_t> next_{0};
    std::mutex mutex_;
    Sent sent_;  // latencies: each slot by the worker that took the batch; the rest under mutex_
};

}  // namespace

Sent send_batches(const std::vector<std::string> &batches, const SendOptions &options) {
    return Run(batches, options).take();
}

}  // namespace varve::bench
