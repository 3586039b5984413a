// Series keys without a backslash: where their tags stand, and the canonical key made of them.
//
// Such a key means what it says, byte by byte, so its tags are moved whole. One pass marks every
// ',' and '=' up to the first blank, 16 bytes at a time. Senders write the tags of a measurement in
// the same order again and again: the order that sorted the last key is tried first, and that it
// sorts this one (each name above the one before) also proves that no tag stands twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace varve::line_protocol {

// Keys with more tags are read by the book.
inline constexpr size_t kScannedTagsMax = 64;
// Bytes that must be there to read behind the limit of scan(), and to write behind a sorted key.
inline constexpr size_t kKeySlack = 16;

// Positions of tags, in the order in which they shall stand.
struct TagOrder {
    uint8_t count = 0;
    uint8_t positions[kScannedTagsMax] = {};
};

class KeyScan {
  public:
    // Takes the key at `key` apart; false if it is none of the plain kind (a backslash, a newline,
    // an empty name or value, a byte at fault, no blank before `limit`). Says nothing about order.
    bool scan(const char *key, const char *limit);

    // ---- of the key that was scanned last ----
    std::string_view text() const { return {key_, size_}; }
    std::string_view measurement() const { return {key_, marks_[0]}; }
    // Whether the tags stand in order as written, each name once.
    bool is_sorted() const;
    // Sorts the tags. `order` predicts the result and becomes it; false if a name stands twice.
    bool sort(TagOrder &order);
    // Writes the key with its tags in this order: text().size() bytes and up to kKeySlack more.
    void write(const TagOrder &order, char *out) const;

  private:
    bool take_marks(size_t count);
    bool ascends(size_t a, size_t b) const;
    bool ascends(const TagOrder &order) const;
    std::string_view name(size_t tag) const;

    const char *key_ = nullptr;
    size_t size_ = 0;
    size_t tag_count_ = 0;
    const uint32_t *marks_ = nullptr;   // per tag its comma and its '='; then the key's end
    uint64_t starts_[kScannedTagsMax];  // per tag the first eight bytes of its name, comparable
    uint32_t found_[kScannedTagsMax * 2 + 32];
};

}  // namespace varve::line_protocol
