// The sockets of one `graphite` instance and the task that serves them.
//
//   main epoll ── stop event
//              ├─ room event      a batch is done
//              ├─ TCP listener
//              └─ sources epoll ── UDP socket, connections
//
// While batch_pending batches are under way and the next one is due, `sources` is out of the main
// epoll: TCP senders feel it as back-pressure, and what UDP senders lose meanwhile the kernel
// counts.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <varve/cpp/host.hpp>

#include "common/batch/batcher.hpp"
#include "common/graphite_text/graphite_text.hpp"
#include "common/inet/datagram_receiver.hpp"
#include "common/inet/inet.hpp"
#include "inputs/graphite/connection.hpp"

namespace varve {

struct GraphiteListenerOptions {
    std::string bind_address;
    bool tcp = true;
    bool udp = true;
    int64_t read_buffer = 0;
    size_t connections_max = 1000;
    size_t line_size_max = 64 * 1024;
    int64_t idle_timeout_ns = 0;  // 0 = never
};

class GraphiteListener {
  public:
    GraphiteListener(Host host, GraphiteListenerOptions options, BatcherOptions batcher_options,
                     graphite_text::Codec codec);

    // Binds the sockets. [main], before run().
    Status open();
    // [main] Between open() and run().
    std::string addresses() const;
    // [task] Serves until request_stop(), then takes what has arrived, flushes, and waits until it
    // is stored.
    void run();
    // [any]
    void request_stop() const { stop_event_.signal(); }

  private:
    Status watch(int epoll, int fd) const;
    int wait_ms() const;
    void accept_all();
    void serve_sources();
    bool serve_udp();                                       // false: nothing was there
    bool serve_connection(GraphiteConnection &connection);  // false: nothing was there
    void close_connection(int fd);
    void note_lines(uint64_t before);
    void flush_when_due();
    void flush();
    void set_paused(bool paused);
    void close_idle();
    void drain();

    const Host host_;
    const GraphiteListenerOptions options_;
    graphite_text::Codec codec_;

    inet::Descriptor tcp_;
    inet::Descriptor udp_;
    inet::Descriptor main_epoll_;
    inet::Descriptor sources_epoll_;
    inet::Descriptor reserve_;  // given up for a moment to refuse a peer when none is left
    inet::Event stop_event_;
    inet::Event room_event_;
    Batcher batcher_;  // signals room_event_, so it goes first

    std::unique_ptr<inet::DatagramReceiver> receiver_;
    std::vector<char> buffer_;
    std::unordered_map<int, GraphiteConnection> connections_;  // by descriptor
    bool is_paused_ = false;
    bool is_draining_ = false;
    int64_t swept_at_ns_ = 0;
    int64_t resumed_at_ns_ = 0;

    Metric connections_open_;
    Metric connections_total_;
    Metric connections_refused_;
    Metric connections_idle_;
    Metric unterminated_lines_;
    Metric long_lines_;
    Metric nan_values_;
    Metric datagrams_;
    Metric bytes_;
    Metric kernel_drops_;
};

}  // namespace varve
