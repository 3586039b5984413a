// CRoaring's C API behind a value type.
//
// parse() reads the portable format:
//   u32 cookie 12346, u32 n                     or   u32 12347 | (n - 1) << 16, run flags ⌈n/8⌉
//   n × { u16 key, u16 cardinality - 1 }        keys ascend strictly
//   n × u32 offset                              without runs, or when n >= 4
//   n containers: u16 array (cardinality <= 4096), 8192 bytes of bits, or u16 count and
//   { u16 start, u16 length - 1 } runs
// The library's own reader trusts cardinalities and orders, so they are checked here before.
#include "storage/strata/index/bitmap.hpp"

#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include <roaring/roaring.h>

#include "storage/strata/files/bytes.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kCookie = 12346;
constexpr uint32_t kCookieRuns = 12347;
constexpr uint32_t kOffsetsFrom = 4;
constexpr uint32_t kArrayMax = 4096;
constexpr uint32_t kContainersMax = 65536;
constexpr uint64_t kBitsSize = 8192;

bool array_is_sound(std::string_view bytes) {
    uint16_t previous = 0;
    for (size_t i = 0; i < bytes.size(); i += 2) {
        uint16_t value = 0;
        std::memcpy(&value, bytes.data() + i, 2);
        if (i != 0 && value <= previous) return false;
        previous = value;
    }
    return true;
}

bool bits_are_sound(std::string_view bytes, uint32_t cardinality) {
    uint32_t found = 0;
    for (size_t i = 0; i < bytes.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        found += static_cast<uint32_t>(std::popcount(word));
    }
    return found == cardinality;
}

bool runs_are_sound(ByteReader &reader, uint32_t cardinality) {
    const uint16_t count = reader.get<uint16_t>();
    uint32_t found = 0;
    uint32_t next = 0;
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
        const uint32_t start = reader.get<uint16_t>();
        const uint32_t length = reader.get<uint16_t>() + 1u;
        if (start < next || start + length > 65536) return false;
        next = start + length + 1;  // runs that touch would be one
        found += length;
    }
    return reader.ok() && found == cardinality;
}

bool containers_are_sound(ByteReader &reader, std::string_view runs, std::string_view header,
                          uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        uint16_t less_one = 0;
        std::memcpy(&less_one, header.data() + size_t{4} * i + 2, 2);
        const uint32_t cardinality = less_one + 1u;
        const bool is_run =
            !runs.empty() && (static_cast<uint8_t>(runs[i / 8]) >> (i % 8) & 1) != 0;
        if (is_run) {
            if (!runs_are_sound(reader, cardinality)) return false;
        } else if (cardinality <= kArrayMax) {
            if (!array_is_sound(reader.bytes(size_t{2} * cardinality))) return false;
        } else if (!bits_are_sound(reader.bytes(kBitsSize), cardinality)) {
            return false;
        }
        if (!reader.ok()) return false;
    }
    return true;
}

bool is_sound(std::string_view bytes) {
    ByteReader reader(bytes);
    const uint32_t cookie = reader.get<uint32_t>();
    uint32_t count = 0;
    std::string_view runs;
    bool has_offsets = true;
    if (cookie == kCookie) {
        count = reader.get<uint32_t>();
    } else if ((cookie & 0xffff) == kCookieRuns) {
        count = (cookie >> 16) + 1;
        runs = reader.bytes((count + 7) / 8);
        has_offsets = count >= kOffsetsFrom;
    } else {
        return false;
    }
    if (!reader.ok() || count > kContainersMax) return false;
    const std::string_view header = reader.bytes(size_t{4} * count);
    if (has_offsets) reader.bytes(size_t{4} * count);
    if (!reader.ok()) return false;
    for (uint32_t i = 1; i < count; ++i) {
        uint16_t keys[2];
        std::memcpy(&keys[0], header.data() + size_t{4} * (i - 1), 2);
        std::memcpy(&keys[1], header.data() + size_t{4} * i, 2);
        if (keys[0] >= keys[1]) return false;
    }
    return containers_are_sound(reader, runs, header, count) && reader.at_end();
}

}  // namespace

Bitmap::Bitmap() : bitmap_(roaring_bitmap_create()) {}
Bitmap::Bitmap(std::initializer_list<uint32_t> values) : Bitmap() {
    add_many({values.begin(), values.size()});
}
Bitmap::Bitmap(const Bitmap &other)
    : bitmap_(other.bitmap_ == nullptr ? roaring_bitmap_create()
                                       : roaring_bitmap_copy(other.bitmap_)) {}
Bitmap::Bitmap(Bitmap &&other) noexcept
    : bitmap_(std::exchange(other.bitmap_, roaring_bitmap_create())) {}
Bitmap &Bitmap::operator=(const Bitmap &other) {
    if (this != &other) *this = Bitmap(other);
    return *this;
}
Bitmap &Bitmap::operator=(Bitmap &&other) noexcept {
    std::swap(bitmap_, other.bitmap_);
    if (this != &other) other.clear();
    return *this;
}
Bitmap::~Bitmap() {
    roaring_bitmap_free(bitmap_);
}

Bitmap Bitmap::from(std::span<const uint32_t> values) {
    Bitmap made;
    made.add_many(values);
    return made;
}
Bitmap Bitmap::from_range(uint64_t begin, uint64_t end) {
    Bitmap made;
    made.add_range(begin, end);
    return made;
}

bool Bitmap::empty() const {
    return roaring_bitmap_is_empty(bitmap_);
}
uint64_t Bitmap::cardinality() const {
    return roaring_bitmap_get_cardinality(bitmap_);
}
bool Bitmap::contains(uint32_t value) const {
    return roaring_bitmap_contains(bitmap_, value);
}
uint32_t Bitmap::min() const {
    return roaring_bitmap_minimum(bitmap_);
}
uint32_t Bitmap::max() const {
    return roaring_bitmap_maximum(bitmap_);
}
uint64_t Bitmap::count_below(uint64_t end) const {
    return end == 0 ? 0 : roaring_bitmap_rank(bitmap_, static_cast<uint32_t>(end - 1));
}

void Bitmap::add(uint32_t value) {
    roaring_bitmap_add(bitmap_, value);
}
bool Bitmap::add_checked(uint32_t value) {
    return roaring_bitmap_add_checked(bitmap_, value);
}
void Bitmap::add_many(std::span<const uint32_t> values) {
    if (!values.empty()) roaring_bitmap_add_many(bitmap_, values.size(), values.data());
}
void Bitmap::add_range(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    roaring_bitmap_add_range_closed(bitmap_, static_cast<uint32_t>(begin),
                                    static_cast<uint32_t>(end - 1));
}
void Bitmap::remove(uint32_t value) {
    roaring_bitmap_remove(bitmap_, value);
}
bool Bitmap::remove_checked(uint32_t value) {
    return roaring_bitmap_remove_checked(bitmap_, value);
}
void Bitmap::remove_range(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    roaring_bitmap_remove_range_closed(bitmap_, static_cast<uint32_t>(begin),
                                       static_cast<uint32_t>(end - 1));
}
void Bitmap::clear() {
    roaring_bitmap_clear(bitmap_);
}

Bitmap &Bitmap::operator&=(const Bitmap &other) {
    if (this != &other) roaring_bitmap_and_inplace(bitmap_, other.bitmap_);
    return *this;
}
Bitmap &Bitmap::operator|=(const Bitmap &other) {
    if (this != &other) roaring_bitmap_or_inplace(bitmap_, other.bitmap_);
    return *this;
}
Bitmap &Bitmap::operator-=(const Bitmap &other) {
    if (this == &other) {
        clear();
    } else {
        roaring_bitmap_andnot_inplace(bitmap_, other.bitmap_);
    }
    return *this;
}
Bitmap operator&(const Bitmap &a, const Bitmap &b) {
    return Bitmap(roaring_bitmap_and(a.bitmap_, b.bitmap_));
}
Bitmap operator|(const Bitmap &a, const Bitmap &b) {
    return Bitmap(roaring_bitmap_or(a.bitmap_, b.bitmap_));
}
Bitmap operator-(const Bitmap &a, const Bitmap &b) {
    return Bitmap(roaring_bitmap_andnot(a.bitmap_, b.bitmap_));
}
bool Bitmap::operator==(const Bitmap &other) const {
    return roaring_bitmap_equals(bitmap_, other.bitmap_);
}
bool Bitmap::intersects(const Bitmap &other) const {
    return roaring_bitmap_intersect(bitmap_, other.bitmap_);
}
bool Bitmap::is_subset_of(const Bitmap &other) const {
    return roaring_bitmap_is_subset(bitmap_, other.bitmap_);
}
uint64_t Bitmap::and_cardinality(const Bitmap &other) const {
    return roaring_bitmap_and_cardinality(bitmap_, other.bitmap_);
}

void Bitmap::run_optimise() {
    roaring_bitmap_run_optimize(bitmap_);
    roaring_bitmap_shrink_to_fit(bitmap_);
}
uint64_t Bitmap::size_bytes() const {
    return sizeof *bitmap_ + roaring_bitmap_portable_size_in_bytes(bitmap_);
}
uint64_t Bitmap::serialised_size_bytes() const {
    return roaring_bitmap_portable_size_in_bytes(bitmap_);
}
void Bitmap::serialise(std::string &out) const {
    const size_t before = out.size();
    out.resize(before + serialised_size_bytes());
    roaring_bitmap_portable_serialize(bitmap_, out.data() + before);
}

Result<Bitmap> Bitmap::parse(std::string_view bytes) {
    roaring_bitmap_s *parsed = nullptr;
    if (is_sound(bytes)) {
        parsed = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
    }
    if (parsed == nullptr) return Status(Code::data_loss, "the bytes are no bitmap");
    return Bitmap(parsed);
}

Bitmap::Cursor::Cursor(const Bitmap &bitmap) : at_(std::make_unique<roaring_uint32_iterator_s>()) {
    roaring_init_iterator(bitmap.bitmap_, at_.get());
}
Bitmap::Cursor::Cursor(Cursor &&) noexcept = default;
Bitmap::Cursor &Bitmap::Cursor::operator=(Cursor &&) noexcept = default;
Bitmap::Cursor::~Cursor() = default;

size_t Bitmap::Cursor::next(std::span<uint32_t> out) {
    return roaring_read_uint32_iterator(at_.get(), out.data(), static_cast<uint32_t>(out.size()));
}
void Bitmap::Cursor::seek(uint32_t value) {
    roaring_move_uint32_iterator_equalorlarger(at_.get(), value);
}

}  // namespace varve::strata
