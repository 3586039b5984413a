// A TCP connection of Graphite lines: puts lines together that arrive in pieces.
#pragma once

#include <string>
#include <string_view>

#include "common/graphite_text/graphite_text.hpp"
#include "common/inet/inet.hpp"

namespace varve {

class GraphiteConnection {
  public:
    GraphiteConnection(inet::Descriptor socket, size_t line_size_max)
        : socket_(std::move(socket)), line_size_max_(line_size_max) {}

    // Hands the whole lines of these bytes to the codec and keeps the rest, at most line_size_max
    // bytes and what one call brings. A longer line is refused once and skipped to its end.
    void take(std::string_view bytes, graphite_text::Codec &codec, int64_t now_ns);
    // Whether a line has begun that has no end yet.
    bool has_partial_line() const { return is_skipping_ || !partial_.empty(); }

    int fd() const { return socket_.get(); }
    int64_t heard_at_ns = 0;  // monotonic

  private:
    void keep(std::string_view rest, graphite_text::Codec &codec);

    inet::Descriptor socket_;
    size_t line_size_max_;
    std::string partial_;
    bool is_skipping_ = false;
};

}  // namespace varve
