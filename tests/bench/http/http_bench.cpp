// Varve's HTTP service against a bare Poco::Net::HTTPServer of 32 threads, in the same run and with
// the same clients. Usage: bench_http [seconds per measurement, default 2] [idle clients, default
// 10000].
//
//   small    70-byte POSTs to a route that does nothing, 2 and 16 keep-alive connections
//   bodies   512 KB POSTs, read only, 4 connections
//   idle     idle keep-alive clients and 50 that dribble their header; the median time of a new
//            connection's request, and the server's resident memory
//
// Each server is a process of its own, so that memory and descriptors are its own; the clients are
// this process. Rounds alternate between the servers; the medians of seven are compared, and
// the lowest and highest are shown.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <istream>
#include <string>
#include <thread>
#include <vector>

#include "kernel/http/server.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 7;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    if (values.empty()) return -1;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// ---- the servers ----

void report_port(int pipe_end, uint16_t port) {
    if (::write(pipe_end, &port, sizeof port) != sizeof port) std::_Exit(1);
}

[[noreturn]] void serve_varve(int pipe_end) {
    varve::http::RouteTable routes;
    const int owner = 0;
    const auto nothing = [](varve::http::Request &, varve::http::ResponseWriter writer) {
        writer.set_status(204);
        writer.send();
    };
    if (!routes.mount(&owner, varve::http::kPost, "/write", varve::http::kShort, nothing).ok()) {
        std::_Exit(1);
    }
    varve::http::Options options;
    options.bind_address = "127.0.0.1:0";
    varve::http::Server server(options, routes);
    if (!server.start().ok()) std::_Exit(1);
    report_port(pipe_end, server.port());
    for (;;) ::pause();
}

class NothingHandler : public Poco::Net::HTTPRequestHandler {
    void handleRequest(Poco::Net::HTTPServerRequest &request,
                       Poco::Net::HTTPServerResponse &response) override {
        thread_local std::vector<char> piece(1 << 16);
        std::istream &body = request.stream();
        while (body.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
        }
        response.setStatus(Poco::Net::HTTPResponse::HTTP_NO_CONTENT);
        response.send();
    }
};

class NothingFactory : public Poco::Net::HTTPRequestHandlerFactory {
    Poco::Net::HTTPRequestHandler *createRequestHandler(
        const Poco::Net::HTTPServerRequest &) override {
        return new NothingHandler;
    }
};

[[noreturn]] void serve_poco(int pipe_end) {
    Poco::ThreadPool pool(32, 32);
    Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 4096);
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setMaxThreads(32);
    params->setMaxQueued(1024);
    params->setMaxKeepAliveRequests(0);
    params->setKeepAliveTimeout(Poco::Timespan(180, 0));
    Poco::Net::HTTPServer server(new NothingFactory, pool, socket, params);
    server.start();
    report_port(pipe_end, socket.address().port());
    for (;;) ::pause();
}

struct ServerProcess {
    explicit ServerProcess(void (*serve)(int)) {
        int ends[2];
        if (::pipe(ends) != 0) std::exit(1);
        pid = ::fork();
        if (pid == 0) {
            ::close(ends[0]);
            serve(ends[1]);
        }
        ::close(ends[1]);
        if (::read(ends[0], &port, sizeof port) != sizeof port) std::exit(1);
        ::close(ends[0]);
    }
    ~ServerProcess() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    double resident_mb() const {
        std::ifstream file("/proc/" + std::to_string(pid) + "/status");
        std::string line;
        while (std::getline(file, line)) {
            if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
        }
        return -1;
    }
    pid_t pid = -1;
    uint16_t port = 0;
};

// ---- the clients ----

int connect_to(uint16_t port, int patience_s = 4) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 ||
        ::connect(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
        if (descriptor >= 0) ::close(descriptor);
        return -1;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{patience_s, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return descriptor;
}

std::string request_of(size_t body_size) {
    return "POST /write?db=a HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
           std::to_string(body_size) + "\r\n\r\n" + std::string(body_size, 'a');
}

// Sends one request and waits for its 204.
bool exchange(int descriptor, const std::string &request) {
    for (size_t sent = 0; sent < request.size();) {
        const ssize_t count =
            ::send(descriptor, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return false;
        sent += static_cast<size_t>(count);
    }
    char answer[4096];
    size_t held = 0;
    while (held < sizeof answer) {
        const ssize_t count = ::recv(descriptor, answer + held, sizeof answer - held, 0);
        if (count <= 0) return false;
        held += static_cast<size_t>(count);
        if (held >= 4 && std::memcmp(answer + held - 4, "\r\n\r\n", 4) == 0) break;
    }
    return held > 12 && std::memcmp(answer + 9, "204", 3) == 0;
}

// Requests per second over so many keep-alive connections.
double rate(uint16_t port, int connections, size_t body_size, double seconds) {
    const std::string request = request_of(body_size);
    std::vector<std::thread> threads;
    std::atomic<uint64_t> requests{0};
    const auto start = Clock::now();
    for (int i = 0; i < connections; ++i) {
        threads.emplace_back([&] {
            const int descriptor = connect_to(port);
            uint64_t mine = 0;
            while (seconds_since(start) < seconds && exchange(descriptor, request)) ++mine;
            requests += mine;
            ::close(descriptor);
        });
    }
    for (std::thread &thread : threads) thread.join();
    return static_cast<double>(requests) / seconds_since(start);
}

struct IdleResult {
    int connected = 0;
    double median_ms = -1;
    double max_ms = -1;
    double resident_mb = -1;
};

IdleResult idle(const ServerProcess &server, int clients) {
    IdleResult result;
    const std::string request = request_of(70);
    std::vector<int> descriptors;
    int failures = 0;
    for (int i = 0; i < clients && failures < 3; ++i) {
        const int descriptor = connect_to(server.port, 1);
        if (descriptor < 0) break;
        descriptors.push_back(descriptor);
        if (exchange(descriptor, request)) {
            ++result.connected;
        } else {
            ++failures;  // a server that lets the first ones wait will not answer the rest
        }
    }
    for (int i = 0; i < 50; ++i) {
        const int descriptor = connect_to(server.port);
        if (descriptor < 0) break;
        descriptors.push_back(descriptor);
        if (::send(descriptor, request.data(), 20 + i % 20, MSG_NOSIGNAL) < 0) break;
    }
    std::vector<double> times_ms;
    for (int i = 0; i < (failures == 0 ? 200 : 1); ++i) {
        const auto start = Clock::now();
        const int descriptor = connect_to(server.port);
        if (descriptor >= 0 && exchange(descriptor, request)) {
            times_ms.push_back(seconds_since(start) * 1000);
        }
        if (descriptor >= 0) ::close(descriptor);
    }
    result.median_ms = median(times_ms);
    if (!times_ms.empty()) result.max_ms = *std::max_element(times_ms.begin(), times_ms.end());
    result.resident_mb = server.resident_mb();
    for (const int descriptor : descriptors) ::close(descriptor);
    return result;
}

void print_side(const char *name, const std::vector<double> &values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::printf("  %s %10.2f (%.2f to %.2f)", name, median(values), *low, *high);
}

// Rounds alternate, and so does who goes first, because the machine's own pace drifts.
void compare(const char *what, int connections, size_t body_size, double seconds, double scale) {
    std::vector<double> ours;
    std::vector<double> theirs;
    const ServerProcess varve(&serve_varve);
    const ServerProcess poco(&serve_poco);
    for (int round = 0; round < kRounds; ++round) {
        for (const bool first : {true, false}) {
            const bool our_turn = first == (round % 2 == 0);
            const uint16_t port = our_turn ? varve.port : poco.port;
            (our_turn ? ours : theirs)
                .push_back(rate(port, connections, body_size, seconds) * scale);
        }
    }
    std::printf("%-40s", what);
    print_side("varve", ours);
    print_side("poco", theirs);
    std::printf("  ratio %.2f\n", median(ours) / median(theirs));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char **argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
    const int clients = argc > 2 ? std::atoi(argv[2]) : 10'000;
    ::signal(SIGPIPE, SIG_IGN);
    constexpr size_t kLarge = 512 * 1024;
    compare("70-byte POST, 2 connections, requests/s", 2, 70, seconds, 1);
    compare("70-byte POST, 16 connections, requests/s", 16, 70, seconds, 1);
    compare("512 KB bodies, 4 connections, GB/s", 4, kLarge, seconds, kLarge / 1e9);
    for (const bool ours : {true, false}) {
        const ServerProcess server(ours ? &serve_varve : &serve_poco);
        const IdleResult result = idle(server, clients);
        std::printf(
            "%-5s %d idle + 50 slow: %d served, new request median %.3f ms max %.3f ms, "
            "resident %.1f MB\n",
            ours ? "varve" : "poco", clients, result.connected, result.median_ms, result.max_ms,
            result.resident_mb);
        std::fflush(stdout);
    }
    return 0;
}
