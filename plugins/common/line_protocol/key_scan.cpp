#include "common/line_protocol/key_scan.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "common/line_protocol/byte_match.hpp"
#include "common/line_protocol/line_reader.hpp"

namespace varve::line_protocol {
namespace {

constexpr size_t kBlock = 16;
static_assert(kBlock <= kKeySlack);

// One bit per byte of a block.
struct BlockMarks {
    uint32_t separators = 0;  // , =
    uint32_t stops = 0;       // blank, backslash, newline
};

#ifdef __SSE2__
BlockMarks mark_block(const char *p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    const auto equal = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const auto bits = [](__m128i m) { return static_cast<uint32_t>(_mm_movemask_epi8(m)); };
    return {bits(_mm_or_si128(equal(','), equal('='))),
            bits(_mm_or_si128(_mm_or_si128(equal(' '), equal('\\')), equal('\n')))};
}
#else
BlockMarks mark_block(const char *p) {
    BlockMarks marks;
    for (uint32_t i = 0; i < kBlock; ++i) {
        const char c = p[i];
        if (c == ',' || c == '=') marks.separators |= 1u << i;
        if (c == ' ' || c == '\\' || c == '\n') marks.stops |= 1u << i;
    }
    return marks;
}
#endif

// Copies whole blocks, so up to kKeySlack bytes behind the end are read and written.
char *copy_blocks(const char *from, size_t size, char *to) {
    for (size_t at = 0; at < size; at += kBlock) std::memcpy(to + at, from + at, kBlock);
    return to + size;
}

}  // namespace

bool KeyScan::scan(const char *key, const char *limit) {
    const auto rest = static_cast<size_t>(limit - key);
    if (is_blank(key[0]) || key[0] == '#') return false;
    key_ = key;
    size_t count = 0;
    for (size_t at = 0; at < rest; at += kBlock) {
        BlockMarks block = mark_block(key + at);
        if (block.stops != 0) block.separators &= (block.stops & (0 - block.stops)) - 1;
        for (; block.separators != 0; block.separators &= block.separators - 1) {
            found_[count++] = static_cast<uint32_t>(at) +
                              static_cast<uint32_t>(std::countr_zero(block.separators));
        }
        if (count > kScannedTagsMax * 2) return false;
        if (block.stops == 0) continue;
        size_ = at + static_cast<size_t>(std::countr_zero(block.stops));
        return key[size_] == ' ' && take_marks(count);
    }
    return false;
}

// Checks that the marks are a key's. '=' is an ordinary byte in a measurement.
bool KeyScan::take_marks(size_t count) {
    size_t first = 0;
    while (first < count && key_[found_[first]] == '=') ++first;
    found_[count] = static_cast<uint32_t>(size_);
    marks_ = found_ + first;
    if ((count - first) % 2 != 0 || marks_[0] == 0) return false;
    tag_count_ = (count - first) / 2;
    for (size_t tag = 0; tag < tag_count_; ++tag) {
        const uint32_t *mark = marks_ + tag * 2;
        if (key_[mark[0]] != ',' || key_[mark[1]] != '=') return false;
        if (mark[1] == mark[0] + 1 || mark[2] == mark[1] + 1) return false;
        const size_t name_size = mark[1] - mark[0] - 1;
        // Big-endian, zeros behind a short name: compares as the bytes do, but for equal ones.
        uint64_t start = __builtin_bswap64(load_eight(key_ + mark[0] + 1));
        if (name_size < 8) start &= ~uint64_t{0} << (64 - 8 * name_size);
        starts_[tag] = start;
    }
    return true;
}

std::string_view KeyScan::name(size_t tag) const {
    const uint32_t *mark = marks_ + tag * 2;
    return {key_ + mark[0] + 1, mark[1] - mark[0] - 1};
}

// Whether the name of tag `a` stands before that of `b`.
bool KeyScan::ascends(size_t a, size_t b) const {
    return starts_[a] != starts_[b] ? starts_[a] < starts_[b] : name(a) < name(b);
}

bool KeyScan::is_sorted() const {
    for (size_t tag = 1; tag < tag_count_; ++tag) {
        if (!ascends(tag - 1, tag)) return false;
    }
    return true;
}

bool KeyScan::ascends(const TagOrder &order) const {
    for (size_t i = 1; i < order.count; ++i) {
        if (!ascends(order.positions[i - 1], order.positions[i])) return false;
    }
    return true;
}

bool KeyScan::sort(TagOrder &order) {
    if (order.count == tag_count_ && ascends(order)) return true;
    order.count = static_cast<uint8_t>(tag_count_);
    uint8_t *const end = order.positions + tag_count_;
    std::iota(order.positions, end, uint8_t{0});
    std::sort(order.positions, end, [&](uint8_t a, uint8_t b) { return ascends(a, b); });
    return ascends(order);
}

void KeyScan::write(const TagOrder &order, char *out) const {
    out = copy_blocks(key_, marks_[0], out);
    for (size_t i = 0; i < order.count; ++i) {
        const uint32_t *mark = marks_ + order.positions[i] * size_t{2};
        out = copy_blocks(key_ + mark[0], mark[2] - mark[0], out);
    }
}

}  // namespace varve::line_protocol
