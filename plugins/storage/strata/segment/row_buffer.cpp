#include "storage/strata/segment/row_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <varve/cpp/bytes.hpp>

namespace varve::strata {
namespace {

// Appends `count` bits from `source` (null: ones), whose first bit is its bit 0.
void append_bits(std::vector<uint64_t> &bits, uint32_t at, const uint64_t *source, uint32_t count) {
    bits.resize((size_t{at} + count + 63) / 64, 0);
    for (uint32_t done = 0; done < count;) {
        const uint32_t shift = (at + done) % 64;
        const uint32_t take = std::min(count - done, 64 - shift);
        uint64_t word = ~uint64_t{0};
        if (source != nullptr) {
            const uint32_t from = done % 64;
            word = source[done / 64] >> from;
            if (from + take > 64) word |= source[done / 64 + 1] << (64 - from);
        }
        if (take < 64) word &= (uint64_t{1} << take) - 1;
        bits[(at + done) / 64] |= word << shift;
        done += take;
    }
}

}  // namespace

uint32_t count_valid(const std::vector<uint64_t> &validity, uint32_t from, uint32_t to) {
    uint32_t count = 0;
    for (uint32_t row = from; row < to;) {
        const uint32_t take = std::min(64 - row % 64, to - row);
        uint64_t word = validity[row / 64] >> (row % 64);
        if (take < 64) word &= (uint64_t{1} << take) - 1;
        count += static_cast<uint32_t>(std::popcount(word));
        row += take;
    }
    return count;
}

void RowBuffer::clear() {
    times_.clear();
    texts_.reset();
    for (ColumnBuffer &column : columns_) {
        column.words.clear();
        column.texts.clear();
        column.validity.clear();
    }
}

void RowBuffer::reset(std::vector<const Column *> columns) {
    columns_.resize(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) columns_[i].column = columns[i];
    clear();
}

varve_str RowBuffer::keep(varve_str text) {
    auto *copy = static_cast<char *>(texts_.allocate(text.size, 1));
    if (text.size != 0) std::memcpy(copy, text.data, text.size);
    return {copy, text.size, 0};
}

void RowBuffer::append_column(ColumnBuffer &target, const varve_column &source,
                              uint32_t row_count) {
    append_bits(target.validity, this->row_count(), source.validity, row_count);
    switch (target.column->type) {
        case VARVE_TYPE_STRING: {
            const auto *texts = static_cast<const varve_str *>(source.values);
            for (uint32_t i = 0; i < row_count; ++i) target.texts.push_back(keep(texts[i]));
            return;
        }
        case VARVE_TYPE_BOOLEAN: {
            const auto *bytes = static_cast<const uint8_t *>(source.values);
            target.words.insert(target.words.end(), bytes, bytes + row_count);
            return;
        }
        default: {
            const auto *words = static_cast<const uint64_t *>(source.values);
            target.words.insert(target.words.end(), words, words + row_count);
        }
    }
}

void RowBuffer::append(const BlockRows &rows) {
    for (size_t i = 0; i < columns_.size(); ++i) {
        append_column(columns_[i], rows.values[i], rows.row_count);
    }
    times_.insert(times_.end(), rows.times, rows.times + rows.row_count);
}

void RowBuffer::append(const RowBuffer &other) {
    for (ColumnBuffer &target : columns_) {
        const auto found =
            std::find_if(other.columns_.begin(), other.columns_.end(),
                         [&](const ColumnBuffer &one) { return one.column == target.column; });
        append_bits(target.validity, row_count(), found->validity.data(), other.row_count());
        target.words.insert(target.words.end(), found->words.begin(), found->words.end());
        for (const varve_str &text : found->texts) target.texts.push_back(keep(text));
    }
    times_.insert(times_.end(), other.times_.begin(), other.times_.end());
}

void RowBuffer::drop_front(uint32_t count) {
    const uint32_t left = row_count() - count;
    Arena texts;
    texts.swap(texts_);
    for (ColumnBuffer &column : columns_) {
        std::vector<uint64_t> validity;
        for (uint32_t row = count; row < count + left; ++row) {
            const uint64_t bit = column.valid(row) ? 1 : 0;
            append_bits(validity, row - count, &bit, 1);
        }
        column.validity = std::move(validity);
        if (column.is_text()) {
            column.texts.erase(column.texts.begin(), column.texts.begin() + count);
            for (varve_str &text : column.texts) text = keep(text);
        } else {
            column.words.erase(column.words.begin(), column.words.begin() + count);
        }
    }
    times_.erase(times_.begin(), times_.begin() + count);
}

uint64_t RowBuffer::size_bytes() const {
    uint64_t size_bytes = times_.capacity() * 8 + texts_.size_bytes();
    for (const ColumnBuffer &column : columns_) {
        size_bytes += column.words.capacity() * 8 + column.texts.capacity() * sizeof(varve_str) +
                      column.validity.capacity() * 8;
    }
    return size_bytes;
}

}  // namespace varve::strata
