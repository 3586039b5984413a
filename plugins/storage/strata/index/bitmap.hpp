// A set of 32-bit numbers (series ids), compressed: a Roaring bitmap that owns its memory.
//
// A value: copies are deep, moves are cheap; a moved-from bitmap is empty and usable. Different
// threads may read one bitmap at the same time; a change needs it alone. Nothing fails but parse:
// running out of memory ends the process, as everywhere.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <varve/cpp/status.hpp>

struct roaring_bitmap_s;
struct roaring_uint32_iterator_s;

namespace varve::strata {

class Bitmap {
  public:
    Bitmap();
    Bitmap(std::initializer_list<uint32_t> values);
    Bitmap(const Bitmap &other);
    Bitmap(Bitmap &&other) noexcept;
    Bitmap &operator=(const Bitmap &other);
    Bitmap &operator=(Bitmap &&other) noexcept;
    ~Bitmap();

    // Any order, doubles are fine; ascending is fastest.
    static Bitmap from(std::span<const uint32_t> values);
    // [begin, end); end is at most 2^32.
    static Bitmap from_range(uint64_t begin, uint64_t end);

    bool empty() const;
    uint64_t cardinality() const;
    bool contains(uint32_t value) const;
    // The smallest and the largest value; the set must not be empty.
    uint32_t min() const;
    uint32_t max() const;
    // How many values lie below `end`.
    uint64_t count_below(uint64_t end) const;

    void add(uint32_t value);
    // True when the value was not there before.
    bool add_checked(uint32_t value);
    void add_many(std::span<const uint32_t> values);
    void add_range(uint64_t begin, uint64_t end);
    void remove(uint32_t value);
    bool remove_checked(uint32_t value);
    void remove_range(uint64_t begin, uint64_t end);
    void clear();

    Bitmap &operator&=(const Bitmap &other);
    Bitmap &operator|=(const Bitmap &other);
    Bitmap &operator-=(const Bitmap &other);
    friend Bitmap operator&(const Bitmap &a, const Bitmap &b);
    friend Bitmap operator|(const Bitmap &a, const Bitmap &b);
    friend Bitmap operator-(const Bitmap &a, const Bitmap &b);
    bool operator==(const Bitmap &other) const;
    bool intersects(const Bitmap &other) const;
    bool is_subset_of(const Bitmap &other) const;
    uint64_t and_cardinality(const Bitmap &other) const;

    // Turns ranges into runs where that is smaller and gives spare memory back. Worth it before
    // serialise and for sets that stay.
    void run_optimise();
    // About what the set holds in memory.
    uint64_t size_bytes() const;

    // The portable Roaring format, the same on every machine.
    uint64_t serialised_size_bytes() const;
    void serialise(std::string &out) const;  // appends
    // Exactly these bytes, which may come from anywhere: they are checked as a whole first.
    // data_loss when they are no bitmap.
    static Result<Bitmap> parse(std::string_view bytes);

    // Goes through a set that stays as it is, ascending.
    class Cursor {
      public:
        explicit Cursor(const Bitmap &bitmap);
        Cursor(Cursor &&) noexcept;
        Cursor &operator=(Cursor &&) noexcept;
        ~Cursor();
        // Fills from the front; the number of values, 0 at the end.
        size_t next(std::span<uint32_t> out);
        // The next value is the first one >= `value`.
        void seek(uint32_t value);

      private:
        std::unique_ptr<roaring_uint32_iterator_s> at_;
    };

    // Calls visit(uint32_t) for each value, ascending.
    template <typename Visit>
    void for_each(Visit visit) const {
        Cursor cursor(*this);
        uint32_t values[256];
        while (const size_t count = cursor.next(values)) {
            for (size_t i = 0; i < count; ++i) visit(values[i]);
        }
    }

  private:
    explicit Bitmap(roaring_bitmap_s *bitmap) : bitmap_(bitmap) {}

    roaring_bitmap_s *bitmap_;  // owned; never null
};

}  // namespace varve::strata
