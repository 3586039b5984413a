// A blocking HTTP client on a bare socket, for tests that must say each byte themselves, and a
// server with the routes that they call.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "kernel/http/server.hpp"

namespace varve::http::test {

struct Answer {
    bool ok = false;  // complete
    unsigned status = 0;
    std::string status_line;
    std::multimap<std::string, std::string> headers;  // lower-case names
    std::string body;                                 // chunks put together
    bool chunked = false;

    std::string header(const std::string &name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
};

class Client {
  public:
    explicit Client(uint16_t port, bool tls = false);
    explicit Client(const std::string &unix_path);
    ~Client();
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    bool is_connected() const { return descriptor_ >= 0; }
    // False once the connection is broken.
    bool write(std::string_view bytes);
    // One answer; `head_only` for answers to HEAD. Not ok when the connection ends before.
    Answer read(bool head_only = false);
    Answer request(std::string_view bytes) {
        write(bytes);
        return read();
    }
    // Waits until the server has closed; false after ten seconds.
    bool is_closed_by_server();
    void shut_write();
    // Closes with a reset, so that the server notices at once.
    void reset();
    int descriptor() const { return descriptor_; }
    // The common name of the server's certificate.
    std::string certificate_name() const;

  private:
    bool fill();

    int descriptor_ = -1;
    SSL_CTX *context_ = nullptr;
    SSL *ssl_ = nullptr;
    std::string buffer_;
};

// Counts what the server reports.
class CountingMetrics : public Metrics {
  public:
    void connection_opened() override { ++opened; }
    void connection_closed() override { ++closed; }
    void connection_refused() override { ++refused_connections; }
    void request_finished(std::string_view, unsigned, uint64_t, uint64_t, int64_t) override {
        ++requests;
    }
    void refused(Refusal reason) override { ++refusals[static_cast<size_t>(reason)]; }

    int refused_by(Refusal reason) const { return refusals[static_cast<size_t>(reason)]; }
    int refused_in_all() const;

    std::atomic<int> opened{0};
    std::atomic<int> closed{0};
    std::atomic<int> refused_connections{0};
    std::atomic<int> requests{0};
    std::array<std::atomic<int>, static_cast<size_t>(Refusal::count_)> refusals{};
};

// Opened once, waited for by any number of threads.
class Gate {
  public:
    void open();
    void wait();
    bool wait_for(std::chrono::seconds limit);

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

// A running server on port 0 with these routes: GET /ping (SHORT, 204), POST+GET /echo (SHORT;
// method, path and body back), POST /size (the body's size and a checksum), GET /long (worker),
// GET /influx (SHORT, INFLUX; ?status=N answers an error), GET /text (20,000 bytes of text).
struct TestServer {
    explicit TestServer(Options options = {}, Hooks hooks = {});
    ~TestServer();
    uint16_t port() const { return server->port(); }

    CountingMetrics metrics;
    RouteTable routes;
    std::unique_ptr<Server> server;
    Status status;
};

// "GET <target> HTTP/1.1" with Host and these further header lines (each ending in CRLF).
std::string get(std::string_view target, std::string_view headers = "");
// POST with Content-Length.
std::string post(std::string_view target, std::string_view body, std::string_view headers = "");

// Polls until the condition holds; false after ten seconds.
template <typename Condition>
bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        struct timespec pause {
            0, 2'000'000
        };
        nanosleep(&pause, nullptr);
    }
    return true;
}

// FNV-1a, to compare large bodies.
uint64_t checksum(std::string_view bytes);

}  // namespace varve::http::test
