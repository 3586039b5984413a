// What the reader remembers of a sender's bodies: series, measurements, shapes, and in which order
// they come. Senders repeat their series from body to body, so a body that is read with the memory
// of the one before is compared with it instead of being taken apart.
//
// Texts are kept here as copies; what a batch needs of them points into its own body or arena.
// Marks of one body (places, tables) carry its number and are void in the next.
//
// Bounded: a memory that has grown beyond kSizeMax in a body is empty after it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/batch/batch_builder.hpp"
#include "common/line_protocol/byte_match.hpp"
#include "common/line_protocol/key_scan.hpp"
#include "common/series_key.hpp"

namespace varve::line_protocol {

// A set of fields of a measurement, and how they are written.
struct Shape {
    std::string_view text;  // what it is, for look-ups
    uint64_t hash = 0;      // of text
    std::span<const FieldSpec> fields;
    // As written, with the '=' behind; in the order of the columns.
    std::span<const std::string_view> names;
    size_t name_size_max = 0;
    bool predictable = true;  // every field of the line became a column, in order
    Shape *next = nullptr;    // of the same measurement
    // How large its table was in the last body, per byte of that body.
    double rows_per_byte = 0;
    double keys_per_byte = 0;

    uint64_t body = 0;
    TableBuilder *table = nullptr;  // of that body
};

struct Measurement {
    std::string_view text;  // unescaped
    uint64_t hash = 0;
    Shape *shapes = nullptr;      // the one that fitted last stands first
    Measurement *next = nullptr;  // that came behind this one the last time
    TagOrder order;               // of the last key whose tags did not stand in order
};

// Where the rows of a series go in one shape.
struct Place {
    Shape *shape = nullptr;
    uint32_t key_index = 0;
    Place *next = nullptr;
};

struct Series {
    std::string_view text;  // the canonical key
    uint64_t hash = 0;      // of text
    uint64_t check = 0;     // of text
    std::string_view raw;   // as last written; text itself where that is the same
    Measurement *measurement = nullptr;
    Series *next = nullptr;       // that came behind this one the last time
    Shape *last_shape = nullptr;  // that fitted last

    uint64_t body = 0;
    varve_str key{};         // text, where that body's batch finds it
    Place place;             // the one that fitted last; without a shape before the first row
    size_t place_count = 0;  // in the list that starts there; see PlaceTable
};

// A key as written, where that is not its canonical form.
struct Spelling {
    std::string_view text;
    uint64_t hash = 0;
    Series *series = nullptr;
};

// Which position a series has in the keys of a table. Up to kListedMax places are found in the
// series' own list; when there are more, all of them are found here.
class PlaceTable {
  public:
    // The position, or the one that the series would get.
    uint32_t key_index(const Series &series, const TableBuilder &table) const {
        if (series.place_count > kListedMax) {
            const auto known = spilled_.find({&series, &table});
            return known == spilled_.end() ? table.key_count() : known->second;
        }
        const Place *place = &series.place;
        for (size_t i = 0; i < series.place_count; ++i, place = place->next) {
            if (place->shape->table == &table) return place->key_index;
        }
        return table.key_count();
    }

    // Puts a place that is not in the list first.
    void add(Series &series, Shape &shape, uint32_t key_index) {
        if (series.place_count == kListedMax) {
            for (const Place *place = &series.place; place != nullptr; place = place->next) {
                spilled_.emplace(Key{&series, place->shape->table}, place->key_index);
            }
            ++series.place_count;
        }
        if (series.place_count > kListedMax) {
            spilled_.emplace(Key{&series, shape.table}, key_index);
        } else if (series.place_count++ > 0) {
            Place *old = memory_.make<Place>();
            *old = series.place;
            series.place.next = old;
        }
        series.place.shape = &shape;
        series.place.key_index = key_index;
    }

  private:
    using Key = std::pair<const Series *, const TableBuilder *>;
    struct Hash {
        size_t operator()(const Key &key) const {
            return std::hash<const void *>()(key.first) * 0x9E3779B97F4A7C15ULL ^
                   std::hash<const void *>()(key.second);
        }
    };

    static constexpr size_t kListedMax = 8;
    Arena memory_;
    std::unordered_map<Key, uint32_t, Hash> spilled_;
};

// Open addressing over entries with a `text` and its `hash`; does not own them.
template <typename Entry>
class EntryTable {
  public:
    Entry *find(std::string_view text, uint64_t hash) const {
        for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
            const Slot &slot = slots_[at];
            if (slot.entry == nullptr) return nullptr;
            if (slot.hash == hash && same_text(slot.entry->text, text)) return slot.entry;
        }
    }

    // The entry must not be there yet.
    void add(Entry *entry) {
        if ((used_ + 1) * 2 > slots_.size()) grow();
        place({entry->hash, entry});
        ++used_;
    }

    size_t size_bytes() const { return slots_.capacity() * sizeof(Slot); }

  private:
    struct Slot {
        uint64_t hash = 0;
        Entry *entry = nullptr;
    };

    void place(const Slot &slot) {
        size_t at = slot.hash & mask_;
        while (slots_[at].entry != nullptr) at = (at + 1) & mask_;
        slots_[at] = slot;
    }

    void grow() {
        std::vector<Slot> old = std::move(slots_);
        slots_.assign(old.size() * 4, {});
        mask_ = slots_.size() - 1;
        for (const Slot &slot : old) {
            if (slot.entry != nullptr) place(slot);
        }
    }

    static constexpr size_t kFirst = 64;
    std::vector<Slot> slots_ = std::vector<Slot>(kFirst);
    size_t mask_ = kFirst - 1;
    size_t used_ = 0;
};

// Not thread-safe.
class SenderMemory {
  public:
    static constexpr size_t kSizeMax = 2 << 20;  // bytes

    size_t size_bytes() const {
        return arena_.size_bytes() + series.size_bytes() + spellings.size_bytes() +
               measurements.size_bytes() + shapes.size_bytes();
    }

    // Begins a body, whose number it returns. Another seed than before empties the memory.
    uint64_t begin(uint64_t hash_seed) {
        if (hash_seed != hash_seed_) clear();
        hash_seed_ = hash_seed;
        return ++body_;
    }
    // Ends it: keeps what the next one may need.
    void end() {
        if (is_full()) clear();
    }

    template <typename Entry>
    Entry *make() {
        return arena_.make<Entry>();
    }
    template <typename T>
    std::span<T> array(size_t count) {
        auto *made = static_cast<T *>(arena_.allocate(count * sizeof(T), alignof(T)));
        std::uninitialized_value_construct_n(made, count);
        return {made, count};
    }
    // A text of the body or its batch, kept. A memory that is full, and so ends with the body,
    // points to where it stands.
    std::string_view keep(std::string_view text) { return is_full() ? text : copy(text); }
    std::string_view copy(std::string_view text) {
        auto *kept = static_cast<char *>(arena_.allocate(text.size() + kReadBehind, 1));
        std::memcpy(kept, text.data(), text.size());
        return {kept, text.size()};
    }

    EntryTable<Series> series;
    EntryTable<Spelling> spellings;
    EntryTable<Measurement> measurements;
    EntryTable<Shape> shapes;
    Series *last = nullptr;  // of the line before

  private:
    // Texts are compared in steps of eight bytes.
    static constexpr size_t kReadBehind = 8;

    bool is_full() const { return arena_.size_bytes() > kSizeMax; }
    void clear() {
        const uint64_t body = body_;
        *this = SenderMemory();
        body_ = body;
    }

    Arena arena_;
    uint64_t hash_seed_ = 0;
    uint64_t body_ = 0;
};

}  // namespace varve::line_protocol
