// The HTTP listener: TCP (plain or TLS) and optionally a unix socket, in front of a RouteTable.
// How it works: net/session.hpp (sockets), net/connection.hpp (protocol), dispatch.hpp (requests).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.hpp"
#include "kernel/http/hooks.hpp"
#include "kernel/http/options.hpp"
#include "kernel/http/router.hpp"

namespace varve::http {

// [main] unless said otherwise. start() once, stop() once (the destructor stops without draining).
// Order at the end: stop(), unmount the routes (which waits for handlers), destroy.
class Server {
  public:
    // The table and what the hooks point to outlive the server.
    Server(Options options, RouteTable &routes, Hooks hooks = {});
    ~Server();
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    // Binds and serves. On an error nothing is left behind.
    Status start();
    // The real address after start(): "127.0.0.1:8086", "[::]:8086".
    const std::string &address() const;
    uint16_t port() const;
    // Accepts nothing more, closes idle connections, lets requests under way end until the
    // deadline, then cuts them off.
    void stop(std::chrono::milliseconds drain_deadline);
    // Reads certificate and key again; new connections use them. On an error the old ones stay.
    // [any]
    Status reload_tls();
    // Open connections now. [any]
    size_t connections() const;
    // The limit in force. [any]
    size_t connections_max() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace varve::http
