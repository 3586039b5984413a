#include "core/kernel/http/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>

namespace varve::http::test {
namespace {

constexpr int kPatienceMs = 10'000;

int connect_to(const sockaddr *address, socklen_t size) {
    const int descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (::connect(descriptor, address, size) != 0) {
        ::close(descriptor);
        return -1;
    }
    timeval patience{kPatienceMs / 1000, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return descriptor;
}

}  // namespace

Client::Client(uint16_t port, bool tls) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    descriptor_ = connect_to(reinterpret_cast<const sockaddr *>(&address), sizeof address);
    if (descriptor_ < 0) return;
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!tls) return;
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    context_ = SSL_CTX_new(TLS_client_method());
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, descriptor_);
    if (SSL_connect(ssl_) != 1) {
        ::close(descriptor_);
        descriptor_ = -1;
    }
}

Client::Client(const std::string &unix_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, unix_path.data(), unix_path.size());
    descriptor_ = connect_to(reinterpret_cast<const sockaddr *>(&address), sizeof address);
}

Client::~Client() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (context_ != nullptr) SSL_CTX_free(context_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool Client::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ssl_ != nullptr
                                  ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                  : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

bool Client::fill() {
    char piece[65536];
    const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, piece, sizeof piece)
                                          : ::recv(descriptor_, piece, sizeof piece, 0);
    if (count <= 0) return false;
    buffer_.append(piece, static_cast<size_t>(count));
    return true;
}

Answer Client::read(bool head_only) {
    Answer answer;
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return answer;
    }
    std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    answer.status_line = head.substr(0, head.find("\r\n"));
    answer.status = static_cast<unsigned>(std::stoul(answer.status_line.substr(9, 3)));
    for (size_t at = answer.status_line.size() + 2; at < head.size();) {
        const size_t line_end = head.find("\r\n", at);
        const std::string line = head.substr(at, line_end - at);
        at = line_end + 2;
        const size_t colon = line.find(": ");
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        answer.headers.emplace(name, line.substr(colon + 2));
    }
    if (answer.status == 100) {
        answer.ok = true;
        return answer;
    }
    answer.chunked = answer.header("transfer-encoding") == "chunked";
    if (head_only || answer.status == 204 || answer.status == 304) {
        answer.ok = true;
    } else if (answer.chunked) {
        for (;;) {
            size_t line = 0;
            while ((line = buffer_.find("\r\n")) == std::string::npos) {
                if (!fill()) return answer;
            }
            const size_t size = std::stoul(buffer_.substr(0, line), nullptr, 16);
            while (buffer_.size() < line + 2 + size + 2) {
                if (!fill()) return answer;
            }
            answer.body.append(buffer_, line + 2, size);
            buffer_.erase(0, line + 2 + size + 2);
            if (size == 0) break;
        }
        answer.ok = true;
    } else if (!answer.header("content-length").empty()) {
        const size_t size = std::stoul(answer.header("content-length"));
        while (buffer_.size() < size) {
            if (!fill()) return answer;
        }
        answer.body = buffer_.substr(0, size);
        buffer_.erase(0, size);
        answer.ok = true;
    } else {
        while (fill()) {
        }
        answer.body.swap(buffer_);
        answer.ok = true;
    }
    return answer;
}

bool Client::is_closed_by_server() {
    char piece[4096];
    for (;;) {
        const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, piece, sizeof piece)
                                              : ::recv(descriptor_, piece, sizeof piece, 0);
        if (count == 0) return true;
        if (count < 0) return ssl_ != nullptr || (errno != EAGAIN && errno != EWOULDBLOCK);
    }
}

void Client::shut_write() {
    ::shutdown(descriptor_, SHUT_WR);
}

void Client::reset() {
    const linger hard{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(descriptor_);
    descriptor_ = -1;
}

std::string Client::certificate_name() const {
    X509 *certificate = SSL_get1_peer_certificate(ssl_);
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    X509_free(certificate);
    return name;
}

int CountingMetrics::refused_in_all() const {
    int sum = 0;
    for (const auto &count : refusals) sum += count;
    return sum;
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
}

void Gate::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_open_; });
}

bool Gate::wait_for(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return is_open_; });
}

TestServer::TestServer(Options options, Hooks hooks) {
    if (options.bind_address == Options().bind_address) options.bind_address = "127.0.0.1:0";
    if (hooks.metrics == nullptr) hooks.metrics = &metrics;
    const auto mount = [&](uint32_t methods, const char *path, uint32_t flags, Handler handler) {
        const Status mounted = routes.mount(this, methods, path, flags, std::move(handler));
        if (!mounted.ok()) status = mounted;
    };
    mount(kGet, "/ping", kShort | kPublic, [](Request &, ResponseWriter writer) {
        writer.set_status(204);
        writer.send();
    });
    const auto echo = [](Request &request, ResponseWriter writer) {
        const auto body = request.body();
        writer.set_header("Content-Type", "application/octet-stream");
        writer.send(std::string(request.method_name()) + " " + std::string(request.path()) + " " +
                    std::string(body.data(), body.size()));
    };
    mount(kGet | kPost, "/echo", kShort, echo);
    mount(kPost, "/size", kShort, [](Request &request, ResponseWriter writer) {
        const auto body = request.body();
        writer.send(std::to_string(body.size()) + " " +
                    std::to_string(checksum({body.data(), body.size()})));
    });
    mount(kGet | kPost, "/long", 0, echo);
    mount(kGet | kPost, "/influx", kShort | kInflux, [](Request &request, ResponseWriter writer) {
        const auto wanted = request.query_param("status");
        if (wanted) {
            writer.send_error(static_cast<unsigned>(std::stoul(std::string(*wanted))),
                              "it \"failed\"");
        } else {
            writer.send("fine");
        }
    });
    mount(kGet, "/text", kShort, [](Request &, ResponseWriter writer) {
        writer.set_header("Content-Type", "application/json");
        writer.send(std::string(20'000, 'x'));
    });
    server = std::make_unique<Server>(std::move(options), routes, std::move(hooks));
    if (status.ok()) status = server->start();
}

TestServer::~TestServer() {
    server->stop(std::chrono::milliseconds(0));
    routes.unmount_all(this);
}

std::string get(std::string_view target, std::string_view headers) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(headers) +
           "\r\n";
}

std::string post(std::string_view target, std::string_view body, std::string_view headers) {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
}

uint64_t checksum(std::string_view bytes) {
    uint64_t hash = 14695981039346656037u;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return hash;
}

}  // namespace varve::http::test
