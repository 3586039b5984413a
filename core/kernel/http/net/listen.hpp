// Listening sockets, by the system's own calls.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.hpp"

namespace varve::http {

struct Listening {
    int descriptor = -1;  // non-blocking; the caller closes it
    std::string address;  // the real one: "127.0.0.1:8086", "[::]:8086", or the socket's path
    uint16_t port = 0;
};

// "host:port", "[v6]:port", ":port" (all interfaces, IPv4 too), port 0 = any.
Result<Listening> listen_tcp(const std::string &address);
// Replaces a socket that nobody listens on any more; any other file there is an error.
Result<Listening> listen_unix(const std::string &path, uint32_t mode);
// The peer of an accepted socket: "10.0.0.1:1234", "[::1]:1234" or "unix".
std::string peer_name(int descriptor);

}  // namespace varve::http
