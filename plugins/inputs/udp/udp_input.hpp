// The input `udp`: line protocol in datagrams, gathered into batches. No answer, no authentication.
// One task per instance receives, parses and hands over.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <varve/cpp/input.hpp>

#include "common/batch/batcher.hpp"
#include "common/inet/datagram_receiver.hpp"
#include "common/inet/inet.hpp"
#include "inputs/udp/datagram_batch.hpp"

namespace varve {

class UdpInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit UdpInput(Host host) : host_(host) {}
    ~UdpInput() override { UdpInput::stop(); }

    Status start() override;
    // Takes what has arrived, flushes it and waits until it is stored.
    void stop() override;
    std::string addresses() const override { return addresses_; }

  private:
    void run();                            // [task]
    size_t receive();                      // [task] how many datagrams there were
    void take(std::string_view datagram);  // [task]
    void flush();                          // [task]

    const Host host_;
    std::string addresses_;  // written by start() only
    int64_t precision_ns_ = 1;
    inet::Descriptor socket_;
    inet::Event stop_event_;
    varve_task *task_ = nullptr;

    // Of the task.
    std::unique_ptr<inet::DatagramReceiver> receiver_;
    std::unique_ptr<Batcher> batcher_;
    DatagramBatch gathered_;
    int64_t last_now_ns_ = 0;

    Metric datagrams_;
    Metric bytes_;
    Metric bad_datagrams_;
    Metric kernel_drops_;
};

}  // namespace varve
