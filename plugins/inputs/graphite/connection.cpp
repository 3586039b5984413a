#include "inputs/graphite/connection.hpp"

namespace varve {

void GraphiteConnection::take(std::string_view bytes, graphite_text::Codec &codec, int64_t now_ns) {
    if (has_partial_line()) {
        const size_t newline = bytes.find('\n');
        if (newline == std::string_view::npos) return keep(bytes, codec);
        if (!is_skipping_) {
            partial_ += bytes.substr(0, newline);
            codec.read(partial_, now_ns);
        }
        is_skipping_ = false;
        partial_.clear();
        bytes.remove_prefix(newline + 1);
    }
    const size_t last = bytes.rfind('\n');
    if (last != std::string_view::npos) {
        codec.read(bytes.substr(0, last + 1), now_ns);
        bytes.remove_prefix(last + 1);
    }
    keep(bytes, codec);
}

void GraphiteConnection::keep(std::string_view rest, graphite_text::Codec &codec) {
    constexpr size_t kIdleCapacityMax = 4096;  // many connections wait between two lines
    if (is_skipping_) return;
    partial_ += rest;
    if (partial_.size() > line_size_max_) {
        codec.refuse_long(partial_);
        partial_.clear();
        is_skipping_ = true;
    }
    if (partial_.empty() && partial_.capacity() > kIdleCapacityMax) partial_.shrink_to_fit();
}

}  // namespace varve
