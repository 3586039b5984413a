// The other end of a listener under test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::test {

// The port in "udp://127.0.0.1:8089 tcp://…" of the scheme; 0 if it is not there.
inline uint16_t port_of(const std::string &addresses, const std::string &scheme) {
    const size_t at = addresses.find(scheme + "://");
    if (at == std::string::npos) return 0;
    const size_t colon = addresses.find(':', at + scheme.size() + 3);
    return static_cast<uint16_t>(std::stoi(addresses.substr(colon + 1)));
}

// A connected IPv4 socket to this machine.
class Client {
  public:
    Client(int type, uint16_t port) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        connected_ =
            ::connect(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }
    ~Client() { close(); }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    bool is_connected() const { return connected_; }
    // One datagram, or all of the bytes.
    bool send(std::string_view bytes) const {
        while (true) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
            if (bytes.empty()) return true;
        }
    }
    // Waits until the other end closes; how many bytes it sent before.
    size_t read_to_end() const {
        char buffer[256];
        size_t sum = 0;
        for (;;) {
            const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
            if (size <= 0) return sum;
            sum += static_cast<size_t>(size);
        }
    }
    void shut_down_writing() const { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
    bool connected_ = false;
};

}  // namespace varve::test
