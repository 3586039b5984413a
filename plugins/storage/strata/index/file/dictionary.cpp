#include "storage/strata/index/file/dictionary.hpp"

#include <algorithm>

namespace varve::strata {

bool Dictionary::open(const IndexFile &file, uint32_t column) {
    file_ = &file;
    if (column >= file.header().column_count) return file.unsound("a column does not exist");
    if (!file.read_at(kColumnsSection, column, entry_)) return false;
    values_end_ = file.header().sections[kValuesSection].size;
    if (column + 1 < file.header().column_count) {
        ColumnEntry next;
        if (!file.read_at(kColumnsSection, column + 1, next)) return false;
        values_end_ = std::min(values_end_, next.values);
    }
    if (entry_.values > values_end_) return file.unsound("a column ends before it begins");
    return true;
}

bool Dictionary::block(uint32_t number, VarintReader &texts, VarintReader &postings) const {
    uint32_t begin = 0;
    uint32_t end = 0;
    if (!file_->read_at(kValueDirSection, entry_.directory + number, begin)) return false;
    uint64_t stop = values_end_ - entry_.values;
    if (number + 1 < block_count()) {
        if (!file_->read_at(kValueDirSection, entry_.directory + number + 1, end)) return false;
        stop = std::min<uint64_t>(stop, end);
    }
    if (begin > stop) return file_->unsound("a block of values ends before it begins");
    std::string_view bytes;
    if (!file_->read(kValuesSection, entry_.values + begin, stop - begin, bytes)) return false;
    VarintReader reader(bytes);
    texts = VarintReader(reader.bytes(reader.get()));
    if (!reader.ok()) return file_->unsound("a block of values is cut off");
    postings = VarintReader(reader.bytes(reader.left()));
    return true;
}

bool Dictionary::next_text(VarintReader &texts, bool first, std::string &text) const {
    const uint64_t shared = first ? 0 : texts.get();
    const std::string_view rest = texts.bytes(texts.get());
    if (!texts.ok() || shared > text.size()) return file_->unsound("a value is cut off");
    text.resize(shared);
    text += rest;
    return true;
}

bool Dictionary::next_posting(VarintReader &postings, StoredPosting &out) const {
    out.count = postings.get_u32();
    if (out.count > kInlineIdsMax) {
        out.place.offset = postings.get();
        out.place.size = postings.get_u32();
        out.place.count = out.count;
    } else {
        uint64_t id = file_->header().id_min;
        for (uint32_t i = 0; i < out.count; ++i) {
            id += postings.get_u32();
            if (id >= file_->header().id_end) return file_->unsound("a posting has a wrong id");
            out.ids[i] = static_cast<uint32_t>(id);
        }
    }
    if (!postings.ok() || out.count == 0) return file_->unsound("a posting is cut off");
    return true;
}

bool Dictionary::text(uint32_t number, std::string &out) const {
    if (number >= size()) return file_->unsound("a value does not exist");
    VarintReader texts;
    VarintReader postings;
    if (!block(number / kValuesPerBlock, texts, postings)) return false;
    out.clear();
    for (uint32_t i = 0; i <= number % kValuesPerBlock; ++i) {
        if (!next_text(texts, i == 0, out)) return false;
    }
    return true;
}

bool Dictionary::block_of(std::string_view wanted, uint32_t &found) const {
    uint32_t low = 0;
    uint32_t high = block_count();
    while (low + 1 < high) {
        const uint32_t middle = low + (high - low) / 2;
        VarintReader texts;
        VarintReader postings;
        if (!block(middle, texts, postings)) return false;
        const std::string_view first = texts.bytes(texts.get());
        if (!texts.ok()) return file_->unsound("a value is cut off");
        (first <= wanted ? low : high) = middle;
    }
    found = low;
    return true;
}

bool Dictionary::find(std::string_view wanted, uint32_t &number) const {
    number = size();
    if (size() == 0) return true;
    Cursor cursor;
    bool more = false;
    if (!cursor.open(*this, wanted) || !cursor.next(more)) return false;
    if (more && cursor.text() == wanted) number = cursor.number();
    return true;
}

bool Dictionary::add(const StoredPosting &posting, IdUnion &out) const {
    if (posting.count <= kInlineIdsMax) {
        out.add(std::span(posting.ids, posting.count));
        return true;
    }
    Bitmap ids;
    if (!file_->posting(posting.place, ids)) return false;
    out.add(ids);
    return true;
}

bool Dictionary::intersects(const StoredPosting &posting, const Bitmap &among, bool &out) const {
    if (posting.count <= kInlineIdsMax) {
        out = std::any_of(posting.ids, posting.ids + posting.count,
                          [&](uint32_t id) { return among.contains(id); });
        return true;
    }
    Bitmap ids;
    if (!file_->posting(posting.place, ids)) return false;
    out = ids.intersects(among);
    return true;
}

bool Dictionary::Cursor::open(const Dictionary &dictionary, std::string_view from) {
    dictionary_ = &dictionary;
    held_ = false;
    next_ = 0;
    if (dictionary.size() == 0) return true;
    uint32_t block = 0;
    if (!from.empty() && !dictionary.block_of(from, block)) return false;
    next_ = block * kValuesPerBlock;
    if (from.empty()) return true;
    bool more = false;
    do {
        if (!step(more)) return false;
    } while (more && text_ < from);
    held_ = more;
    return true;
}

bool Dictionary::Cursor::next(bool &more) {
    if (held_) {
        held_ = false;
        more = true;
        return true;
    }
    return step(more);
}

bool Dictionary::Cursor::step(bool &more) {
    more = next_ < dictionary_->size();
    if (!more) return true;
    const bool first = next_ % kValuesPerBlock == 0;
    if (first) {
        if (!dictionary_->block(next_ / kValuesPerBlock, texts_, postings_)) return false;
        skipped_ = 0;
    }
    number_ = next_++;
    ++skipped_;
    return dictionary_->next_text(texts_, first, text_);
}

bool Dictionary::Cursor::posting(StoredPosting &out) {
    for (; skipped_ > 0; --skipped_) {
        if (!dictionary_->next_posting(postings_, out)) return false;
    }
    return true;
}

}  // namespace varve::strata
