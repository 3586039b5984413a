// How a file comes about: (1) the values of every column are sorted, which gives them their final
// numbers; columns are put in order of (measurement, tag key), shapes keep their numbers; (2)
// values with their postings; (3) series in blocks; (4) the hash table; (5) sections are laid out,
// pages summed up, and the header is made last.
#include "storage/strata/index/file/index_writer.hpp"

#include <algorithm>
#include <numeric>

#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/index/file/varint.hpp"

namespace varve::strata {
namespace {

constexpr uint64_t kSlotsUsedPercent = 85;
constexpr uint64_t kWriteSize = 4 << 20;
constexpr size_t kBucketsAhead = 16;

template <typename T>
void put_all(const std::vector<T> &values, std::string &out) {
    out.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

// Up to eight bytes as a number that sorts as they do.
uint64_t first_bytes(std::string_view text) {
    uint64_t number = 0;
    for (size_t i = 0; i < 8; ++i) {
        number = number << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
    }
    return number;
}

// The places of the texts in bytewise order. They mostly begin alike: what follows is compared as a
// number, the texts themselves, which lie all over the memory, only where that is the same.
std::vector<uint32_t> in_order(std::span<const std::string_view> texts) {
    struct Item {
        uint64_t bytes;
        uint32_t place;
    };
    std::string_view common = texts.empty() ? std::string_view() : texts.front();
    for (const std::string_view text : texts) {
        const auto *end =
            std::mismatch(common.begin(), common.end(), text.begin(), text.end()).first;
        common = common.substr(0, static_cast<size_t>(end - common.begin()));
    }
    std::vector<Item> items;
    items.reserve(texts.size());
    for (const std::string_view text : texts) {
        items.push_back(
            {first_bytes(text.substr(common.size())), static_cast<uint32_t>(items.size())});
    }
    std::sort(items.begin(), items.end(), [&](const Item &a, const Item &b) {
        return a.bytes != b.bytes ? a.bytes < b.bytes : texts[a.place] < texts[b.place];
    });
    std::vector<uint32_t> places;
    places.reserve(items.size());
    for (const Item &item : items) places.push_back(item.place);
    return places;
}

class Renderer {
  public:
    Renderer(const SeriesTable &table, const Uuid &uuid, uint64_t hash_seed) : table_(table) {
        header_.uuid = uuid;
        header_.hash_seed = hash_seed;
    }

    Result<std::string> render() {
        order_series();
        number_values();
        order_columns();
        postings_ = all_postings(table_);
        render_columns();
        postings_.clear();
        render_shapes();
        render_series();
        render_hash();
        return lay_out();
    }

  private:
    void order_series();
    void number_values();
    void order_columns();
    PostingPlace add_bitmap(std::span<const uint32_t> ids);
    void put_posting(std::span<const uint32_t> ids, std::string &out);
    void render_columns();
    void render_values(uint32_t column, ColumnEntry &entry);
    void render_shapes();
    void render_series();
    void render_hash();
    // A 32-bit offset into a section; notes when it does not fit.
    uint32_t offset_of(uint64_t offset) {
        too_large_ = too_large_ || offset > UINT32_MAX;
        return static_cast<uint32_t>(offset);
    }
    std::string_view final_text(uint32_t column, uint32_t value) const {
        return table_.columns()[column].texts[value];
    }
    Result<std::string> lay_out();

    const SeriesTable &table_;
    IndexHeader header_;
    std::vector<ColumnPostings> postings_;
    std::vector<std::vector<uint32_t>> sorted_;  // per column: final number -> number in the table
    std::vector<std::vector<uint32_t>> ranks_;   // per column: number in the table -> final number
    std::vector<uint32_t> column_order_;         // final column -> column in the table
    std::vector<uint32_t> column_ranks_;         // the way back
    std::vector<const SeriesTable::Series *> series_;  // ascending by id
    std::string sections_[kIndexSectionCount];
    bool too_large_ = false;
};

void Renderer::order_series() {
    series_.reserve(table_.series().size());
    for (const SeriesTable::Series &series : table_.series()) series_.push_back(&series);
    const auto by_id = [](const auto *a, const auto *b) { return a->id < b->id; };
    if (!std::is_sorted(series_.begin(), series_.end(), by_id)) {
        std::sort(series_.begin(), series_.end(), by_id);
    }
    header_.series_count = static_cast<uint32_t>(series_.size());
    header_.id_min = series_.front()->id;
    header_.id_end = series_.back()->id + 1;
}

void Renderer::number_values() {
    for (const SeriesTable::Column &column : table_.columns()) {
        const std::vector<uint32_t> &sorted = sorted_.emplace_back(in_order(column.texts));
        std::vector<uint32_t> &ranks = ranks_.emplace_back(sorted.size());
        for (uint32_t i = 0; i < sorted.size(); ++i) ranks[sorted[i]] = i;
    }
}

void Renderer::order_columns() {
    const auto columns = table_.columns();
    column_order_.resize(columns.size());
    std::iota(column_order_.begin(), column_order_.end(), 0);
    std::sort(
        column_order_.begin() + kFirstTagColumn, column_order_.end(), [&](uint32_t a, uint32_t b) {
            const uint32_t left = ranks_[kMeasurementsColumn][columns[a].measurement];
            const uint32_t right = ranks_[kMeasurementsColumn][columns[b].measurement];
            if (left != right) return left < right;
            return ranks_[kTagKeysColumn][columns[a].key] < ranks_[kTagKeysColumn][columns[b].key];
        });
    column_ranks_.resize(columns.size());
    for (uint32_t i = 0; i < column_order_.size(); ++i) column_ranks_[column_order_[i]] = i;
}

PostingPlace Renderer::add_bitmap(std::span<const uint32_t> ids) {
    Bitmap bitmap = Bitmap::from(ids);
    bitmap.run_optimise();
    PostingPlace place;
    place.offset = sections_[kPostingsSection].size();
    bitmap.serialise(sections_[kPostingsSection]);
    place.size = static_cast<uint32_t>(sections_[kPostingsSection].size() - place.offset);
    place.count = static_cast<uint32_t>(ids.size());
    return place;
}

void Renderer::put_posting(std::span<const uint32_t> ids, std::string &out) {
    put_varint(ids.size(), out);
    if (ids.size() > kInlineIdsMax) {
        const PostingPlace place = add_bitmap(ids);
        put_varint(place.offset, out);
        put_varint(place.size, out);
        return;
    }
    uint32_t previous = header_.id_min;
    for (const uint32_t id : ids) {
        put_varint(id - previous, out);
        previous = id;
    }
}

void Renderer::render_values(uint32_t column, ColumnEntry &entry) {
    std::string &values = sections_[kValuesSection];
    ByteWriter directory(sections_[kValueDirSection]);
    const std::vector<uint32_t> &sorted = sorted_[column];
    entry.value_count = static_cast<uint32_t>(sorted.size());
    entry.directory = sections_[kValueDirSection].size() / 4;
    entry.values = values.size();
    std::string texts;
    std::string ids;
    for (size_t start = 0; start < sorted.size(); start += kValuesPerBlock) {
        texts.clear();
        ids.clear();
        std::string_view previous;
        for (size_t i = start; i < std::min(start + kValuesPerBlock, sorted.size()); ++i) {
            const std::string_view text = final_text(column, sorted[i]);
            const auto shared = static_cast<size_t>(
                std::mismatch(text.begin(), text.end(), previous.begin(), previous.end()).first -
                text.begin());
            if (i != start) put_varint(shared, texts);
            put_varint(text.size() - (i == start ? 0 : shared), texts);
            texts += text.substr(i == start ? 0 : shared);
            previous = text;
            put_posting(postings_[column].of(sorted[i]), ids);
        }
        directory.put(offset_of(values.size() - entry.values));
        put_varint(texts.size(), values);
        values += texts;
        values += ids;
    }
}

void Renderer::render_columns() {
    const auto columns = table_.columns();
    std::vector<ColumnEntry> entries;
    std::vector<uint32_t> first(columns[kMeasurementsColumn].texts.size() + 1, 0);
    std::vector<uint32_t> all;
    all.reserve(series_.size());
    for (const auto *series : series_) all.push_back(series->id);
    header_.all = add_bitmap(all);
    for (uint32_t place = 0; place < columns.size(); ++place) {
        const uint32_t column = column_order_[place];
        ColumnEntry &entry = entries.emplace_back();
        render_values(column, entry);
        if (place < kFirstTagColumn) continue;
        entry.present = add_bitmap(postings_[column].present);
        entry.measurement = ranks_[kMeasurementsColumn][columns[column].measurement];
        entry.key = ranks_[kTagKeysColumn][columns[column].key];
        ++first[entry.measurement + 1];
    }
    first[0] = kFirstTagColumn;
    for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
    put_all(entries, sections_[kColumnsSection]);
    put_all(first, sections_[kFirstSection]);
    header_.column_count = static_cast<uint32_t>(entries.size());
    header_.measurement_count = static_cast<uint32_t>(first.size() - 1);
}

void Renderer::render_shapes() {
    ByteWriter directory(sections_[kShapeDirSection]);
    std::string &shapes = sections_[kShapesSection];
    for (const SeriesTable::Shape &shape : table_.shapes()) {
        directory.put(offset_of(shapes.size()));
        put_varint(ranks_[kMeasurementsColumn][shape.measurement], shapes);
        for (const uint32_t column : shape.columns) put_varint(column_ranks_[column], shapes);
    }
    directory.put(offset_of(shapes.size()));
    header_.shape_count = static_cast<uint32_t>(table_.shapes().size());
}

void Renderer::render_series() {
    std::string &out = sections_[kSeriesSection];
    std::vector<SeriesBlock> blocks;
    for (size_t start = 0; start < series_.size(); start += kSeriesPerBlock) {
        const size_t end = std::min<size_t>(start + kSeriesPerBlock, series_.size());
        const uint32_t first = series_[start]->id;
        blocks.push_back({out.size(), first, static_cast<uint32_t>(end - start)});
        const bool gaps = series_[end - 1]->id - first != end - 1 - start;
        out += static_cast<char>(gaps);
        for (size_t i = start; i < end; ++i) {
            const SeriesTable::Series &series = *series_[i];
            if (gaps) put_varint(i == start ? 0 : series.id - series_[i - 1]->id - 1, out);
            put_varint(series.shape, out);
            const auto &columns = table_.shapes()[series.shape].columns;
            const auto values = table_.values_of(series);
            for (size_t v = 0; v < values.size(); ++v) {
                put_varint(ranks_[columns[v]][values[v]], out);
            }
        }
    }
    header_.block_count = static_cast<uint32_t>(blocks.size());
    put_all(blocks, sections_[kBlocksSection]);
}

void Renderer::render_hash() {
    const uint64_t slots = uint64_t{header_.series_count} * 100 / kSlotsUsedPercent + 1;
    header_.bucket_count = static_cast<uint32_t>(slots / kSlotsPerBucket + 1);
    std::vector<HashSlot> table(uint64_t{header_.bucket_count} * kSlotsPerBucket);
    for (size_t i = 0; i < series_.size(); ++i) {
        if (i + kBucketsAhead < series_.size()) {
            const uint64_t hash = series_[i + kBucketsAhead]->hash;
            __builtin_prefetch(
                &table[size_t{bucket_of(hash, header_.bucket_count)} * kSlotsPerBucket]);
        }
        const uint64_t hash = series_[i]->hash;
        size_t at = size_t{bucket_of(hash, header_.bucket_count)} * kSlotsPerBucket;
        while (table[at].id != kNoSeries) at = at + 1 == table.size() ? 0 : at + 1;
        table[at] = {static_cast<uint32_t>(hash), series_[i]->id};
    }
    put_all(table, sections_[kHashSection]);
}

Result<std::string> Renderer::lay_out() {
    std::string out(kIndexPageSize, '\0');
    for (uint32_t i = 0; i < kIndexSectionCount; ++i) {
        ByteWriter(out).align(kIndexAlignment);
        header_.sections[i] = {out.size(), sections_[i].size()};
        out += sections_[i];
        std::string().swap(sections_[i]);
    }
    ByteWriter(out).align(kIndexPageSize);
    header_.data_page_count = out.size() / kIndexPageSize - 1;
    const uint64_t sum_pages = (header_.data_page_count + kSumsPerPage - 1) / kSumsPerPage;
    if (too_large_ || sum_pages > kSumPagesMax) {
        return Status(Code::resource_exhausted, "too many series for one index file");
    }
    const uint64_t seed = header_.uuid.seed();
    for (uint64_t page = 1; page <= header_.data_page_count; ++page) {
        const auto bytes = std::string_view(out).substr(page * kIndexPageSize, kIndexPageSize);
        ByteWriter(out).put(page_sum(bytes, seed, page));
    }
    ByteWriter(out).align(kIndexPageSize);
    header_.file_size = out.size();
    for (uint64_t i = 0; i < sum_pages; ++i) {
        const uint64_t page = 1 + header_.data_page_count + i;
        const uint64_t sum = page_sum(
            std::string_view(out).substr(page * kIndexPageSize, kIndexPageSize), seed, page);
        std::memcpy(out.data() + kHeaderSumsOffset + 8 * i, &sum, 8);
    }
    std::memcpy(out.data(), &header_, sizeof header_);
    const uint64_t sum = page_sum(std::string_view(out).substr(0, kIndexPageSize - 8), seed, 0);
    std::memcpy(out.data() + kIndexPageSize - 8, &sum, 8);
    return out;
}

}  // namespace

Result<std::string> render_index(const SeriesTable &table, const Uuid &uuid, uint64_t hash_seed) {
    return Renderer(table, uuid, hash_seed).render();
}

Result<IndexFileInfo> write_index(const Files &files, const std::string &path, uint64_t number,
                                  const SeriesTable &table, uint64_t hash_seed) {
    IndexFileInfo info;
    info.number = number;
    info.uuid = files.random_uuid();
    auto bytes = render_index(table, info.uuid, hash_seed);
    if (!bytes.ok()) return bytes.status();
    info.size_bytes = bytes->size();
    const std::string temporary = path + ".tmp";
    const auto write = [&]() -> Status {
        auto file =
            files.open(temporary, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
        if (!file.ok()) return file.status();
        for (uint64_t at = 0; at < bytes->size(); at += kWriteSize) {
            VARVE_RETURN_IF_ERROR(file->write(at, std::string_view(*bytes).substr(at, kWriteSize)));
        }
        VARVE_RETURN_IF_ERROR(file->sync());
        VARVE_RETURN_IF_ERROR(files.rename(temporary, path));
        return files.sync_directory(parent_of(path));
    };
    if (Status status = write(); !status.ok()) {
        (void)files.remove(temporary);
        return status;
    }
    return info;
}

}  // namespace varve::strata
