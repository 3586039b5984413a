// Receives datagrams many at a time (recvmmsg) and keeps count of those the kernel dropped.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace varve::inet {

// Not thread-safe. The socket is the caller's and lives longer.
class DatagramReceiver {
  public:
    static constexpr size_t kDatagramsMax = 32;        // of one call
    static constexpr size_t kDatagramSizeMax = 65536;  // a UDP payload is at most 65,507 bytes

    explicit DatagramReceiver(int socket);

    // Takes what waits at the socket, without blocking. How many; 0 = nothing waits. They live
    // until the next call.
    size_t receive();
    std::string_view datagram(size_t index) const;

    // Datagrams that the kernel dropped since the last time this was asked.
    uint64_t take_kernel_drops();

  private:
    void note_drops(msghdr &header);

    int socket_;
    std::unique_ptr<char[]> buffer_;
    std::vector<char> control_;
    std::vector<iovec> parts_;
    std::vector<mmsghdr> messages_;
    uint32_t drops_total_ = 0;  // as the kernel counts, modulo 2^32
    uint64_t drops_new_ = 0;
};

}  // namespace varve::inet
