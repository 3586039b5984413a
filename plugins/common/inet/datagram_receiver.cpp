#include "common/inet/datagram_receiver.hpp"

#include <cerrno>
#include <cstring>

namespace varve::inet {
namespace {

constexpr size_t kControlSize = CMSG_SPACE(sizeof(uint32_t));

}  // namespace

DatagramReceiver::DatagramReceiver(int socket)
    : socket_(socket),
      // Not filled: pages that no datagram reaches are never touched.
      buffer_(new char[kDatagramsMax * kDatagramSizeMax]),
      control_(kDatagramsMax * kControlSize),
      parts_(kDatagramsMax),
      messages_(kDatagramsMax) {
    for (size_t i = 0; i < kDatagramsMax; ++i) {
        parts_[i] = {buffer_.get() + i * kDatagramSizeMax, kDatagramSizeMax};
    }
}

size_t DatagramReceiver::receive() {
    for (size_t i = 0; i < kDatagramsMax; ++i) {
        messages_[i] = {};
        msghdr &header = messages_[i].msg_hdr;
        header.msg_iov = &parts_[i];
        header.msg_iovlen = 1;
        header.msg_control = control_.data() + i * kControlSize;
        header.msg_controllen = kControlSize;
    }
    int received = 0;
    do {
        received = ::recvmmsg(socket_, messages_.data(), kDatagramsMax, MSG_DONTWAIT, nullptr);
    } while (received < 0 && errno == EINTR);
    if (received <= 0) return 0;
    for (int i = 0; i < received; ++i) note_drops(messages_[static_cast<size_t>(i)].msg_hdr);
    return static_cast<size_t>(received);
}

std::string_view DatagramReceiver::datagram(size_t index) const {
    return {buffer_.get() + index * kDatagramSizeMax, messages_[index].msg_len};
}

uint64_t DatagramReceiver::take_kernel_drops() {
    const uint64_t drops = drops_new_;
    drops_new_ = 0;
    return drops;
}

void DatagramReceiver::note_drops(msghdr &header) {
    for (cmsghdr *at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SO_RXQ_OVFL) continue;
        uint32_t total = 0;
        std::memcpy(&total, CMSG_DATA(at), sizeof total);
        drops_new_ += static_cast<uint32_t>(total - drops_total_);
        drops_total_ = total;
    }
}

}  // namespace varve::inet
