#include "common/inet/inet.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace varve::inet {
namespace {

constexpr int kListenBacklog = 1024;

Status bad_address(std::string_view text, std::string_view why) {
    return {Code::invalid_argument, "bind_address \"" + std::string(text) + "\" " +
                                        std::string(why) + "; expected host:port"};
}

Status failed(std::string_view what, std::string_view address) {
    return {Code::io_error,
            std::string(what) + " " + std::string(address) + ": " + std::strerror(errno)};
}

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    int port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + (c - '0');
    }
    return port <= 65535;
}

void set_option(int fd, int level, int option, int value) {
    // What cannot be set stays at the system's default; callers read back what matters.
    (void)::setsockopt(fd, level, option, &value, sizeof value);
}

Result<Descriptor> open_socket(const Endpoint &endpoint, int type, std::string_view address) {
    Descriptor made(::socket(endpoint.address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.is_open()) return failed("cannot open a socket for", address);
    return made;
}

Status bind_to(const Descriptor &socket, const Endpoint &endpoint, std::string_view scheme,
               std::string_view address) {
    const auto *raw = reinterpret_cast<const sockaddr *>(&endpoint.address);
    if (::bind(socket.get(), raw, endpoint.size) == 0) return {};
    return failed("cannot bind " + std::string(scheme), address);
}

// Every address: IPv6 with IPv4 inside it, or IPv4 alone where the machine has no IPv6.
Endpoint any_endpoint(uint16_t port) {
    Endpoint made;
    const Descriptor probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (probe.is_open()) {
        auto *v6 = reinterpret_cast<sockaddr_in6 *>(&made.address);
        v6->sin6_family = AF_INET6;
        v6->sin6_addr = in6addr_any;
        v6->sin6_port = htons(port);
        made.size = sizeof *v6;
    } else {
        auto *v4 = reinterpret_cast<sockaddr_in *>(&made.address);
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(INADDR_ANY);
        v4->sin_port = htons(port);
        made.size = sizeof *v4;
    }
    return made;
}

}  // namespace

void Descriptor::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<Endpoint> resolve(std::string_view bind_address) {
    const size_t colon = bind_address.rfind(':');
    if (colon == std::string_view::npos) return bad_address(bind_address, "has no port");
    const std::string port(bind_address.substr(colon + 1));
    std::string host(bind_address.substr(0, colon));
    if (!is_port(port)) return bad_address(bind_address, "has no port from 0 to 65535");
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        return bad_address(bind_address, "has an IPv6 address without brackets");
    }
    if (host.empty()) return any_endpoint(static_cast<uint16_t>(std::stoi(port)));

    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo *found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (code != 0) {
        return bad_address(bind_address,
                           std::string("cannot be resolved: ") + ::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> owner(found, ::freeaddrinfo);
    Endpoint made;
    std::memcpy(&made.address, found->ai_addr, found->ai_addrlen);
    made.size = found->ai_addrlen;
    return made;
}

Result<Descriptor> bind_udp(std::string_view bind_address, int64_t read_buffer) {
    const Result<Endpoint> endpoint = resolve(bind_address);
    if (!endpoint.ok()) return endpoint.status();
    Result<Descriptor> socket = open_socket(*endpoint, SOCK_DGRAM, bind_address);
    if (!socket.ok()) return socket;
    if (endpoint->address.ss_family == AF_INET6) {
        set_option(socket->get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    set_option(socket->get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (read_buffer > 0) {
        constexpr int64_t kBufferMax = INT32_MAX / 2;  // the kernel doubles it
        set_option(socket->get(), SOL_SOCKET, SO_RCVBUF,
                   static_cast<int>(read_buffer < kBufferMax ? read_buffer : kBufferMax));
    }
    VARVE_RETURN_IF_ERROR(bind_to(*socket, *endpoint, "udp", bind_address));
    return socket;
}

Result<Descriptor> listen_tcp(std::string_view bind_address) {
    const Result<Endpoint> endpoint = resolve(bind_address);
    if (!endpoint.ok()) return endpoint.status();
    Result<Descriptor> socket = open_socket(*endpoint, SOCK_STREAM, bind_address);
    if (!socket.ok()) return socket;
    if (endpoint->address.ss_family == AF_INET6) {
        set_option(socket->get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    set_option(socket->get(), SOL_SOCKET, SO_REUSEADDR, 1);
    VARVE_RETURN_IF_ERROR(bind_to(*socket, *endpoint, "tcp", bind_address));
    if (::listen(socket->get(), kListenBacklog) != 0) {
        return failed("cannot listen on tcp", bind_address);
    }
    return socket;
}

void warn_if_capped(const Host &host, const Descriptor &socket, int64_t read_buffer) {
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &value, &size) != 0) return;
    const int64_t given = value / 2;  // the kernel reports twice what it was asked for
    if (given >= read_buffer) return;
    host.log_warning("the system gave a smaller read_buffer; raise net.core.rmem_max",
                     {{"asked", std::to_string(read_buffer)}, {"given", std::to_string(given)}});
}

std::string local_address(const Descriptor &socket) {
    Endpoint endpoint;
    endpoint.size = sizeof endpoint.address;
    auto *raw = reinterpret_cast<sockaddr *>(&endpoint.address);
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (::getsockname(socket.get(), raw, &endpoint.size) != 0 ||
        ::getnameinfo(raw, endpoint.size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    const bool is_v6 = endpoint.address.ss_family == AF_INET6;
    return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

Status Event::open() {
    descriptor_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    return descriptor_.is_open() ? Status() : failed("cannot make", "an eventfd");
}

void Event::signal() const {
    const uint64_t one = 1;
    // It fails only when the counter is full, and then the event is signalled anyway.
    [[maybe_unused]] const ssize_t written = ::write(fd(), &one, sizeof one);
}

void Event::clear() const {
    uint64_t count = 0;
    // It fails only when nothing was signalled.
    [[maybe_unused]] const ssize_t read_size = ::read(fd(), &count, sizeof count);
}

}  // namespace varve::inet
