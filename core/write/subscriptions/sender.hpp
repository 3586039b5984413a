// Sends line protocol to another server: http://, https:// (POST /write) or udp:// (a line a
// datagram).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.hpp"
#include "write/subscriptions/line_text.hpp"

namespace varve {

struct SenderOptions {
    int64_t timeout_ns = 30'000'000'000;  // to connect, to send, to receive
    std::string ca_file;                  // PEM; empty = the system's
    bool verify = true;                   // the server's certificate
};

// Used by one thread.
class Sender {
  public:
    virtual ~Sender() = default;
    virtual Status send(const LineText &lines, const std::string &database,
                        const std::string &retention_policy) = 0;

    // Hosts are looked up as they are needed.
    static Result<std::unique_ptr<Sender>> make(const std::string &url,
                                                const SenderOptions &options);
};

}  // namespace varve
