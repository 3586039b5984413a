#include "kernel/http/net/listen.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace varve::http {
namespace {

constexpr int kBacklog = 4096;

Status system_error(const std::string &what) {
    const int error = errno;
    const Code code = error == EADDRINUSE ? Code::already_exists : Code::io_error;
    return {code, what + ": " + std::strerror(error)};
}

std::string address_text(const sockaddr_storage &address, socklen_t size, uint16_t *port) {
    char host[NI_MAXHOST];
    char service[NI_MAXSERV];
    if (getnameinfo(reinterpret_cast<const sockaddr *>(&address), size, host, sizeof host, service,
                    sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "unknown";
    }
    if (port != nullptr) *port = static_cast<uint16_t>(std::stoul(service));
    // An IPv4 client on the socket of both families shows as itself.
    std::string name = host;
    if (name.starts_with("::ffff:") && name.find('.') != std::string::npos) name.erase(0, 7);
    const bool v6 = name.find(':') != std::string::npos;
    return (v6 ? "[" + name + "]:" : name + ":") + service;
}

Result<Listening> finish_listening(int descriptor, const std::string &what) {
    if (::listen(descriptor, kBacklog) != 0) {
        Status status = system_error("cannot listen on " + what);
        ::close(descriptor);
        return status;
    }
    Listening listening;
    listening.descriptor = descriptor;
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr *>(&bound), &size) == 0 &&
        bound.ss_family != AF_UNIX) {
        listening.address = address_text(bound, size, &listening.port);
    } else {
        listening.address = what;
    }
    return listening;
}

Status split_address(const std::string &address, std::string &host, std::string &port) {
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos) {
        return {Code::invalid_argument,
                "http.bind_address \"" + address + "\" is not of the form host:port"};
    }
    host = address.substr(0, colon);
    port = address.substr(colon + 1);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(port) > 65535) {
        return {Code::invalid_argument, "http.bind_address \"" + address + "\" has no valid port"};
    }
    return {};
}

int bound_socket(const addrinfo &info, bool both_families) {
    const int descriptor =
        ::socket(info.ai_family, info.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info.ai_protocol);
    if (descriptor < 0) return -1;
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info.ai_family == AF_INET6) {
        const int only = both_families ? 0 : 1;
        ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    if (::bind(descriptor, info.ai_addr, info.ai_addrlen) == 0) return descriptor;
    const int error = errno;
    ::close(descriptor);
    errno = error;
    return -1;
}

}  // namespace

Result<Listening> listen_tcp(const std::string &address) {
    std::string host;
    std::string port;
    VARVE_RETURN_IF_ERROR(split_address(address, host, port));
    const bool everywhere = host.empty();
    // Where the machine has no IPv6, all interfaces means all of IPv4.
    const char *const names[] = {everywhere ? "::" : host.c_str(),
                                 everywhere ? "0.0.0.0" : nullptr};
    Status status;
    for (const char *name : names) {
        if (name == nullptr) break;
        addrinfo hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
        addrinfo *list = nullptr;
        if (const int code = ::getaddrinfo(name, port.c_str(), &hints, &list); code != 0) {
            status = {Code::invalid_argument,
                      "http.bind_address " + address + ": " + ::gai_strerror(code)};
            continue;
        }
        const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, &freeaddrinfo);
        for (const addrinfo *info = list; info != nullptr; info = info->ai_next) {
            const int descriptor = bound_socket(*info, everywhere);
            if (descriptor >= 0) return finish_listening(descriptor, address);
            status = system_error("cannot bind http.bind_address " + address);
            if (errno == EADDRINUSE) return status;
        }
    }
    return status;
}

Result<Listening> listen_unix(const std::string &path, uint32_t mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Status(Code::invalid_argument, "http.unix_socket_path is longer than 107 bytes");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto *name = reinterpret_cast<const sockaddr *>(&address);
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) {
            return Status(Code::already_exists, path + " exists and is no socket");
        }
        const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool alive = probe >= 0 && ::connect(probe, name, sizeof address) == 0;
        if (probe >= 0) ::close(probe);
        if (alive) return Status(Code::already_exists, "another server listens on " + path);
        ::unlink(path.c_str());
    }
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return system_error("cannot make the unix socket " + path);
    if (::bind(descriptor, name, sizeof address) != 0 || ::chmod(path.c_str(), mode) != 0) {
        Status status = system_error("cannot make the unix socket " + path);
        ::close(descriptor);
        return status;
    }
    return finish_listening(descriptor, path);
}

std::string peer_name(int descriptor) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr *>(&address), &size) != 0) {
        return "unknown";
    }
    return address.ss_family == AF_UNIX ? "unix" : address_text(address, size, nullptr);
}

}  // namespace varve::http
