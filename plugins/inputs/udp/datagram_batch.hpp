// Datagrams of line protocol gathered into one body, and that body as one batch.
//
// One bad line drops its whole datagram. Parsing goes over the whole body at once; only when a line
// is bad are its datagrams taken out and the rest is parsed again. A datagram could reach into the
// next one by an open quote or a backslash at its end: the caller asks is_open_ended and keeps such
// a datagram alone in a body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/batch/batcher.hpp"
#include "common/line_protocol/line_protocol.hpp"
#include "common/line_protocol/sender_memory.hpp"

namespace varve {

class DatagramBatch {
  public:
    struct Parsed {
        varve_batch *batch = nullptr;  // the caller releases it; null if no row is left
        BadRows bad_rows;              // every line of the datagrams that were dropped
        uint64_t bad_datagrams = 0;
    };

    static constexpr size_t kBodySizeMax = 8 * 1024 * 1024;

    // Whether the last line could run on behind the datagram's end.
    static bool is_open_ended(std::string_view datagram);
    // How many lines a datagram has.
    static uint64_t count_lines(std::string_view datagram);

    // `now_ns`: the time of its lines without a timestamp.
    void append(std::string_view datagram, int64_t now_ns);
    bool is_empty() const { return starts_.empty(); }
    bool is_full() const { return body_.size() >= kBodySizeMax; }

    // Parses what was gathered and empties this. Of the options, now_marks are set here.
    Parsed parse(line_protocol::Options options);

  private:
    line_protocol::SenderMemory memory_;  // of all senders together
    std::string body_;
    std::vector<line_protocol::NowMark> starts_;  // one per datagram
};

}  // namespace varve
