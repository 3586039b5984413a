// Sockets for inputs that own theirs: addresses as text, bound sockets, a wake-up that poll sees.
// All sockets are non-blocking and closed on exec.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <varve/cpp/host.hpp>

namespace varve::inet {

// Owns a file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

// A socket's address.
struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
};

// Reads "127.0.0.1:8089", "[::1]:8089", "localhost:8089" or ":8089" (every address of the machine).
// invalid_argument when it is none; may ask the resolver for a name.
Result<Endpoint> resolve(std::string_view bind_address);

// A bound UDP socket that reports drops of the kernel; `read_buffer` is SO_RCVBUF in bytes, 0 =
// the system's default. Errors name the address.
Result<Descriptor> bind_udp(std::string_view bind_address, int64_t read_buffer);

// A listening TCP socket.
Result<Descriptor> listen_tcp(std::string_view bind_address);

// Logs when the socket got a smaller receive buffer than `read_buffer` bytes.
void warn_if_capped(const Host &host, const Descriptor &socket, int64_t read_buffer);

// The real address, "127.0.0.1:8089" or "[::1]:8089".
std::string local_address(const Descriptor &socket);

// An eventfd: signalled from any thread, seen by poll and epoll until it is cleared.
class Event {
  public:
    // Makes it; io_error when no descriptor is left.
    Status open();
    void signal() const;
    void clear() const;
    int fd() const { return descriptor_.get(); }

  private:
    Descriptor descriptor_;
};

}  // namespace varve::inet
