// InfluxDB's line protocol: bytes → batch. A pure function: no sockets, no clock, no look-ups.
//
//   measurement[,tag=value…] field=value[,field=value…] [timestamp]\n
//
// Keys and strings of the batch point into the body; only escaped or unsorted keys are copied. A
// line that cannot be read is reported with its reason and the rest goes on.
//
// Two readers share the work. line_reader.cpp reads any line, by the book, byte by byte.
// batch_reader.cpp predicts: senders repeat the same series in the same order with the same fields,
// so it compares bytes with what it saw before, in this body and in earlier ones, and only parses
// numbers; whatever differs goes to the first one. A test holds both to the same results on random
// input.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/batch/batch_builder.hpp"

namespace varve::line_protocol {

// From this byte of the body on, lines without a timestamp get this time: bodies that arrived in
// pieces keep the time of each.
struct NowMark {
    size_t offset = 0;
    int64_t now_ns = 0;
};

struct Options {
    int64_t now_ns = 0;                  // for lines without a timestamp; cut to the precision
    std::span<const NowMark> now_marks;  // by offset; before the first one now_ns counts
    int64_t precision_ns = 1;            // ns per unit of a timestamp
    uint64_t hash_seed = 0;
    bool unsigned_enabled = false;  // "1u"
    bool predict = true;            // false: every line by the book (tests)
};

// A line that was not read. The line points into the body.
struct BadLine {
    std::string_view line;
    std::string reason;
};

// Bad lines that are kept with their texts; the rest are counted.
inline constexpr size_t kBadLinesMax = 1000;

struct Parsed {
    BatchBuilder batch;  // of the good lines; its texts point into the body
    std::vector<BadLine> bad_lines;
    uint64_t bad_line_count = 0;

    // "unable to parse '…': …", joined by newlines; empty if every line was good.
    std::string error_text() const;
};

class SenderMemory;

// The body must stay as it is until the batch is released (see BatchBuilder::on_release). The
// memory is that of earlier bodies of the same sender, and learns from this one; without it only
// the body's own lines predict each other.
Parsed parse(std::string_view body, const Options &options, SenderMemory &memory);
Parsed parse(std::string_view body, const Options &options);

// ns per unit of a `precision` parameter: "n", "ns", "u", "ms", "s", "m", "h" and "" (ns); 0 if
// unknown.
int64_t precision_ns(std::string_view name);

}  // namespace varve::line_protocol
