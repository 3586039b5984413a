#include "inputs/udp/datagram_batch.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "common/line_protocol/line_reader.hpp"

namespace varve {
namespace {

using line_protocol::BadLine;
using line_protocol::NowMark;

std::string_view datagram_of(std::string_view body, std::span<const NowMark> starts, size_t index) {
    const size_t from = starts[index].offset;
    const size_t to = index + 1 < starts.size() ? starts[index + 1].offset : body.size();
    return body.substr(from, to - from);
}

// Adds every line of a dropped datagram. `bad_lines` are those that could not be read, the rest
// fell with the first of them.
void add_lines(std::string_view datagram, std::span<const BadLine> bad_lines, BadRows &out) {
    const std::string shared = "dropped with its datagram: " + bad_lines.front().reason;
    for (size_t at = 0; at < datagram.size();) {
        const size_t end = line_protocol::find_line_end(datagram, at);
        std::string_view line = datagram.substr(at, end - at);
        at = end + 1;
        while (!line.empty() && line_protocol::is_blank(line.front())) line.remove_prefix(1);
        if (line.empty() || line.front() == '#') continue;
        const bool is_bad = !bad_lines.empty() && bad_lines.front().line.data() == line.data();
        out.add(line, is_bad ? bad_lines.front().reason : shared);
        if (is_bad) bad_lines = bad_lines.subspan(1);
    }
}

void append_datagram(std::string_view datagram, int64_t now_ns, std::string &body,
                     std::vector<NowMark> &starts) {
    if (!body.empty() && body.back() != '\n') body += '\n';
    starts.push_back({body.size(), now_ns});
    body += datagram;
}

}  // namespace

bool DatagramBatch::is_open_ended(std::string_view datagram) {
    // Only these two let a line run over its newline.
    if (datagram.find_first_of("\"\\") == std::string_view::npos) return false;
    std::string closed(datagram);
    closed += '\n';
    for (size_t at = 0; at < closed.size();) {
        const size_t end = line_protocol::find_line_end(closed, at);
        if (end >= closed.size()) return true;
        at = end + 1;
    }
    return false;
}

uint64_t DatagramBatch::count_lines(std::string_view datagram) {
    if (datagram.empty()) return 0;
    const auto newlines = std::count(datagram.begin(), datagram.end(), '\n');
    return static_cast<uint64_t>(newlines) + (datagram.back() != '\n' ? 1 : 0);
}

void DatagramBatch::append(std::string_view datagram, int64_t now_ns) {
    append_datagram(datagram, now_ns, body_, starts_);
}

DatagramBatch::Parsed DatagramBatch::parse(line_protocol::Options options) {
    Parsed out;
    auto body = std::make_shared<std::string>(std::move(body_));
    std::vector<NowMark> starts = std::move(starts_);
    body_.clear();
    starts_.clear();
    for (;;) {
        options.now_marks = starts;
        line_protocol::Parsed parsed = line_protocol::parse(*body, options, memory_);
        if (parsed.bad_line_count == 0) {
            parsed.batch.on_release([body] {});
            out.batch = parsed.batch.finish(options.hash_seed, 0);
            return out;
        }
        // Only the first kBadLinesMax bad lines are known; later rounds find the others.
        auto rest = std::make_shared<std::string>();
        std::vector<NowMark> rest_starts;
        std::span<const BadLine> bad_lines = parsed.bad_lines;
        for (size_t i = 0; i < starts.size(); ++i) {
            const std::string_view datagram = datagram_of(*body, starts, i);
            const char *const end = datagram.data() + datagram.size();
            size_t count = 0;
            while (count < bad_lines.size() && bad_lines[count].line.data() < end) ++count;
            if (count != 0) {
                ++out.bad_datagrams;
                add_lines(datagram, bad_lines.first(count), out.bad_rows);
                bad_lines = bad_lines.subspan(count);
            } else {
                append_datagram(datagram, starts[i].now_ns, *rest, rest_starts);
            }
        }
        body = std::move(rest);
        starts = std::move(rest_starts);
    }
}

}  // namespace varve
