#include "storage/strata/index/series_table.hpp"

#include <algorithm>
#include <cstring>

#include "storage/strata/files/bytes.hpp"
#include "storage/strata/index/file/index_format.hpp"

namespace varve::strata {
namespace {

uint32_t text_hash(uint32_t column, std::string_view text) {
    return static_cast<uint32_t>(checksum(text, column));
}

uint64_t shape_hash(uint32_t measurement, const std::vector<uint32_t> &columns) {
    return checksum({reinterpret_cast<const char *>(columns.data()), columns.size() * 4},
                    measurement);
}

}  // namespace

SeriesTable::SeriesTable() : columns_(kFirstTagColumn), slots_(1024) {}

uint32_t SeriesTable::find(uint32_t column, std::string_view text) const {
    return find_hashed(column, text, text_hash(column, text));
}

uint32_t SeriesTable::find_hashed(uint32_t column, std::string_view text, uint32_t hash) const {
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        const Slot &slot = slots_[at];
        if (slot.column == kMissing) return kMissing;
        if (slot.hash == hash && slot.column == column &&
            columns_[column].texts[slot.number] == text) {
            return slot.number;
        }
    }
}

void SeriesTable::grow() {
    std::vector<Slot> bigger(slots_.size() * 2);
    const size_t mask = bigger.size() - 1;
    for (const Slot &slot : slots_) {
        if (slot.column == kMissing) continue;
        size_t at = slot.hash & mask;
        while (bigger[at].column != kMissing) at = (at + 1) & mask;
        bigger[at] = slot;
    }
    slots_ = std::move(bigger);
}

uint32_t SeriesTable::intern(uint32_t column, std::string_view text) {
    const uint32_t hash = text_hash(column, text);
    const uint32_t found = find_hashed(column, text, hash);
    if (found != kMissing) return found;
    if (++text_count_ * 4 > slots_.size() * 3) grow();
    char *copy = static_cast<char *>(arena_.allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    while (slots_[at].column != kMissing) at = (at + 1) & mask;
    const auto number = static_cast<uint32_t>(columns_[column].texts.size());
    slots_[at] = {hash, column, number};
    columns_[column].texts.emplace_back(copy, text.size());
    return number;
}

uint32_t SeriesTable::find_column(uint32_t measurement, uint32_t key) const {
    const auto found = column_by_tag_.find(uint64_t{measurement} << 32 | key);
    return found == column_by_tag_.end() ? kMissing : found->second;
}

uint32_t SeriesTable::column_of(uint32_t measurement, uint32_t key) {
    const auto [at, made] = column_by_tag_.emplace(uint64_t{measurement} << 32 | key,
                                                   static_cast<uint32_t>(columns_.size()));
    if (made) columns_.push_back({measurement, key, {}});
    return at->second;
}

bool SeriesTable::fits(const Shape &shape, const std::vector<series_key::Tag> &tags) const {
    if (shape.columns.size() != tags.size()) return false;
    for (size_t i = 0; i < tags.size(); ++i) {
        const uint32_t key = columns_[shape.columns[i]].key;
        if (columns_[kTagKeysColumn].texts[key] != tags[i].key) return false;
    }
    return true;
}

uint32_t SeriesTable::shape_of(uint32_t measurement, const std::vector<series_key::Tag> &tags) {
    const auto last = last_shape_.find(measurement);
    if (last != last_shape_.end() && fits(shapes_[last->second], tags)) return last->second;
    Shape shape{measurement, {}};
    for (const series_key::Tag &tag : tags) {
        shape.columns.push_back(column_of(measurement, intern(kTagKeysColumn, tag.key)));
    }
    const uint64_t hash = shape_hash(measurement, shape.columns);
    const auto [begin, end] = shapes_by_hash_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
        const Shape &known = shapes_[at->second];
        if (known.measurement == measurement && known.columns == shape.columns) {
            return last_shape_[measurement] = at->second;
        }
    }
    const auto number = static_cast<uint32_t>(shapes_.size());
    shapes_.push_back(std::move(shape));
    shapes_by_hash_.emplace(hash, number);
    return last_shape_[measurement] = number;
}

// Series mostly come with the measurement and the tag keys of the one before: then the key is
// compared with those instead of being taken apart. False, and nothing changed, when it is not so.
// Neither key holds an escape.
bool SeriesTable::add_alike(uint32_t id, std::string_view key, uint64_t hash) {
    const uint32_t shape = series_.back().shape;
    // True when the key goes on like this.
    const auto take = [&](std::string_view text) {
        if (!key.starts_with(text)) return false;
        key.remove_prefix(text.size());
        return true;
    };
    if (!take(columns_[kMeasurementsColumn].texts[shapes_[shape].measurement])) return false;
    values_.clear();
    for (const uint32_t column : shapes_[shape].columns) {
        const std::string_view name = columns_[kTagKeysColumn].texts[columns_[column].key];
        if (!take(",") || !take(name) || !take("=")) return false;
        const auto *end = std::find_if(key.begin(), key.end(),
                                       [](char c) { return c == ',' || c == '=' || c == ' '; });
        const auto size = static_cast<size_t>(end - key.begin());
        if (size == 0) return false;
        values_.push_back(key.substr(0, size));
        key.remove_prefix(size);
    }
    if (!key.empty()) return false;
    series_.push_back({id, shape, value_numbers_.size(), hash});
    for (size_t i = 0; i < values_.size(); ++i) {
        value_numbers_.push_back(intern(shapes_[shape].columns[i], values_[i]));
    }
    return true;
}

Status SeriesTable::add(uint32_t id, std::string_view key, uint64_t hash) {
    const bool is_plain = key.find('\\') == std::string_view::npos;
    if (is_plain && last_is_plain_ && add_alike(id, key, hash)) return {};
    VARVE_RETURN_IF_ERROR(series_key::split(key, parts_));
    last_is_plain_ = is_plain;
    const uint32_t measurement = intern(kMeasurementsColumn, parts_.measurement);
    const uint32_t shape = shape_of(measurement, parts_.tags);
    series_.push_back({id, shape, value_numbers_.size(), hash});
    for (size_t i = 0; i < parts_.tags.size(); ++i) {
        value_numbers_.push_back(intern(shapes_[shape].columns[i], parts_.tags[i].value));
    }
    return {};
}

uint64_t SeriesTable::size_bytes() const {
    return arena_.size_bytes() + series_.capacity() * sizeof(Series) +
           value_numbers_.capacity() * 4 + slots_.capacity() * sizeof(Slot) +
           text_count_ * sizeof(std::string_view);
}

std::vector<ColumnPostings> all_postings(const SeriesTable &table) {
    std::vector<ColumnPostings> postings(table.columns().size());
    for (size_t c = 0; c < postings.size(); ++c) {
        postings[c].starts.assign(table.columns()[c].texts.size() + 1, 0);
    }
    // Calls visit(column, value) for every text of a series.
    const auto for_texts = [&](const SeriesTable::Series &series, auto visit) {
        const SeriesTable::Shape &shape = table.shapes()[series.shape];
        visit(kMeasurementsColumn, shape.measurement);
        const auto values = table.values_of(series);
        for (size_t i = 0; i < values.size(); ++i) {
            visit(kTagKeysColumn, table.columns()[shape.columns[i]].key);
            visit(shape.columns[i], values[i]);
        }
    };
    std::vector<const SeriesTable::Series *> order;
    order.reserve(table.series().size());
    for (const SeriesTable::Series &series : table.series()) order.push_back(&series);
    const auto by_id = [](const auto *a, const auto *b) { return a->id < b->id; };
    if (!std::is_sorted(order.begin(), order.end(), by_id)) {
        std::sort(order.begin(), order.end(), by_id);
    }
    // Counts, then places; a value's start moves up to its end while its ids are filled in.
    for (const auto *series : order) {
        for_texts(*series, [&](uint32_t c, uint32_t v) { ++postings[c].starts[v + 1]; });
    }
    for (ColumnPostings &column : postings) {
        for (size_t v = 1; v < column.starts.size(); ++v) column.starts[v] += column.starts[v - 1];
        column.ids.resize(column.starts.back());
    }
    for (const auto *series : order) {
        for_texts(*series, [&](uint32_t c, uint32_t v) {
            postings[c].ids[postings[c].starts[v]++] = series->id;
            if (postings[c].present.empty() || postings[c].present.back() != series->id) {
                postings[c].present.push_back(series->id);
            }
        });
    }
    for (ColumnPostings &column : postings) {
        column.starts.pop_back();
        column.starts.insert(column.starts.begin(), 0);
    }
    return postings;
}

}  // namespace varve::strata
