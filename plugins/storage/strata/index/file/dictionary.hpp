// The values of one column of an index file, and who has them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/strata/index/file/index_file.hpp"
#include "storage/strata/index/file/varint.hpp"
#include "storage/strata/index/id_union.hpp"

namespace varve::strata {

// A posting as it stands in a block: few ids, or the place of a bitmap.
struct StoredPosting {
    uint32_t count = 0;
    uint32_t ids[kInlineIdsMax] = {};
    PostingPlace place;
};

// As with IndexFile, false means that the file is damaged. Cheap to copy; the file must live.
class Dictionary {
  public:
    Dictionary() = default;
    // False when there is no such column.
    bool open(const IndexFile &file, uint32_t column);

    const ColumnEntry &entry() const { return entry_; }
    uint32_t size() const { return entry_.value_count; }
    // Assigns; `number` is below size().
    bool text(uint32_t number, std::string &out) const;
    // The number of a text, size() when it has none.
    bool find(std::string_view text, uint32_t &number) const;

    // Goes through the values, ascending.
    class Cursor {
      public:
        // Stands before the first value >= `from`.
        bool open(const Dictionary &dictionary, std::string_view from);
        // Moves to the next value; `more` is false behind the last one.
        bool next(bool &more);
        std::string_view text() const { return text_; }
        uint32_t number() const { return number_; }
        // The posting of the current value; once per value.
        bool posting(StoredPosting &out);

      private:
        bool step(bool &more);

        const Dictionary *dictionary_ = nullptr;
        VarintReader texts_;
        VarintReader postings_;
        std::string text_;
        uint32_t number_ = 0;   // of the current value
        uint32_t next_ = 0;     // the number behind it
        uint32_t skipped_ = 0;  // postings of this block not read yet, the current one included
        bool held_ = false;     // a step was made ahead by open
    };

    // The ids of a posting, added to `out`.
    bool add(const StoredPosting &posting, IdUnion &out) const;
    bool intersects(const StoredPosting &posting, const Bitmap &among, bool &out) const;

  private:
    bool block(uint32_t number, VarintReader &texts, VarintReader &postings) const;
    // The block that holds the first value >= text, if any does; the last one before otherwise.
    bool block_of(std::string_view text, uint32_t &block) const;
    uint32_t block_count() const { return (size() + kValuesPerBlock - 1) / kValuesPerBlock; }
    bool next_text(VarintReader &texts, bool first, std::string &text) const;
    bool next_posting(VarintReader &postings, StoredPosting &out) const;

    const IndexFile *file_ = nullptr;
    ColumnEntry entry_;
    uint64_t values_end_ = 0;
};

}  // namespace varve::strata
