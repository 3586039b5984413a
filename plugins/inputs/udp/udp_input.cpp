#include "inputs/udp/udp_input.hpp"

#include <poll.h>

#include <algorithm>

namespace varve {
namespace {

// How often stop() asks the socket for more: a sender that never pauses must not hold it up.
constexpr int kDrainCallsMax = 4096;

constexpr varve_config_key kKeys[] = {
    {"bind_address", "\"127.0.0.1:8089\"", "Address and port that receive line protocol.",
     VARVE_CONFIG_STRING, 0},
    {"database", "\"udp\"", "Where rows go; made when it is missing.", VARVE_CONFIG_STRING, 0},
    {"retention_policy", "\"\"", "Its policy; empty = the database's default.", VARVE_CONFIG_STRING,
     0},
    {"precision", "\"n\"", "Unit of timestamps: n, u, ms, s, m or h.", VARVE_CONFIG_STRING, 0},
    {"read_buffer", "0", "The socket's receive buffer; 0 = the system's default.",
     VARVE_CONFIG_SIZE, 0},
    {"batch_size", "5000", "Lines that make a batch due.", VARVE_CONFIG_INTEGER, 0},
    {"batch_timeout", "\"1s\"", "Age that makes a batch due.", VARVE_CONFIG_DURATION, 0},
    {"batch_pending", "10", "Batches under way; beyond it rows are dropped and counted.",
     VARVE_CONFIG_INTEGER, 0},
    {"durability", "\"interval=100ms\"",
     "When a batch counts as stored: always, interval=100ms, os; empty = the database's.",
     VARVE_CONFIG_STRING, 0},
};

}  // namespace

const varve_descriptor &UdpInput::descriptor() {
    static const varve_descriptor made = {sizeof made,
                                          VARVE_KIND_INPUT,
                                          "inputs.udp",
                                          "UDP line protocol",
                                          "1.0.0",
                                          "InfluxDB line protocol in UDP datagrams.",
                                          kKeys,
                                          std::size(kKeys),
                                          0};
    return made;
}

Status UdpInput::start() {
    const auto bind_address = host_.config_string("bind_address");
    if (!bind_address.ok()) return bind_address.status();
    const auto precision = host_.config_string("precision");
    if (!precision.ok()) return precision.status();
    precision_ns_ = line_protocol::precision_ns(*precision);
    if (precision_ns_ == 0) {
        return {Code::invalid_argument,
                "invalid precision \"" + *precision + "\" (use n, u, ms, s, m or h)"};
    }
    const auto read_buffer = host_.config_integer("read_buffer");
    if (!read_buffer.ok()) return read_buffer.status();
    const auto options = read_batcher_options(host_);
    if (!options.ok()) return options.status();
    if (host_.writer() == nullptr || host_.tasks() == nullptr) {
        return {Code::failed_precondition, "the host offers no writes or tasks"};
    }

    auto socket = inet::bind_udp(*bind_address, *read_buffer);
    if (!socket.ok()) return socket.status();
    VARVE_RETURN_IF_ERROR(stop_event_.open());
    socket_ = std::move(*socket);
    inet::warn_if_capped(host_, socket_, *read_buffer);
    addresses_ = "udp://" + inet::local_address(socket_);
    receiver_ = std::make_unique<inet::DatagramReceiver>(socket_.get());
    batcher_ = std::make_unique<Batcher>(host_, *options, "udp");
    datagrams_ = host_.counter("varve_udp_datagrams_total", "Datagrams received.");
    bytes_ = host_.counter("varve_udp_bytes_total", "Bytes received.");
    bad_datagrams_ = host_.counter("varve_udp_bad_datagrams_total",
                                   "Datagrams dropped because one of their lines is bad.");
    kernel_drops_ = host_.counter("varve_udp_kernel_drops_total",
                                  "Datagrams the kernel dropped: the socket's buffer was full.");

    varve_error error = abi_error();
    const int32_t code = host_.tasks()->spawn(
        host_.raw(), "udp", [](void *self) { static_cast<UdpInput *>(self)->run(); }, this, &task_,
        &error);
    if (code == VARVE_OK) return {};
    stop();
    return Status::from_abi(code, error);
}

void UdpInput::stop() {
    if (task_ != nullptr) {
        stop_event_.signal();
        host_.tasks()->join(task_);
        task_ = nullptr;
    }
    batcher_.reset();
    receiver_.reset();
    socket_.reset();
    stop_event_ = {};
}

void UdpInput::run() {
    pollfd waited[] = {{socket_.get(), POLLIN, 0}, {stop_event_.fd(), POLLIN, 0}};
    while (waited[1].revents == 0) {
        ::poll(waited, std::size(waited), batcher_->wait_ms());
        receive();
        if (batcher_->is_due()) flush();
    }
    for (int i = 0; i < kDrainCallsMax && receive() != 0; ++i) {
    }
    batcher_->wait_for_room();
    flush();
    batcher_->drain();
}

size_t UdpInput::receive() {
    const size_t count = receiver_->receive();
    if (count == 0) return 0;
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
        const std::string_view datagram = receiver_->datagram(i);
        size += datagram.size();
        take(datagram);
    }
    datagrams_.add(static_cast<double>(count));
    bytes_.add(static_cast<double>(size));
    if (const uint64_t drops = receiver_->take_kernel_drops(); drops != 0) {
        kernel_drops_.add(static_cast<double>(drops));
    }
    return count;
}

void UdpInput::take(std::string_view datagram) {
    const uint64_t lines = DatagramBatch::count_lines(datagram);
    if (lines == 0) return;
    // Every datagram has a time of its own, so that values of one series without timestamps stay
    // apart.
    last_now_ns_ = std::max(last_now_ns_ + 1, host_.now_ns());
    const bool alone = DatagramBatch::is_open_ended(datagram);
    if (alone && !gathered_.is_empty()) flush();
    gathered_.append(datagram, last_now_ns_);
    batcher_->note_rows(lines);
    if (alone || gathered_.is_full() || batcher_->is_due()) flush();
}

void UdpInput::flush() {
    if (gathered_.is_empty()) return;
    line_protocol::Options options;
    options.precision_ns = precision_ns_;
    options.hash_seed = host_.writer()->hash_seed(host_.raw());
    options.unsigned_enabled = host_.writer()->unsigned_enabled(host_.raw()) != 0;
    const DatagramBatch::Parsed parsed = gathered_.parse(options);
    if (parsed.bad_datagrams != 0) {
        bad_datagrams_.add(static_cast<double>(parsed.bad_datagrams));
    }
    batcher_->submit(parsed.batch, parsed.bad_rows);
}

}  // namespace varve
