#include "storage/strata/index/tag_source.hpp"

#include <algorithm>

#include "storage/strata/index/file/dictionary.hpp"

namespace varve::strata {
namespace {

class FileValueCursor final : public ValueCursor {
  public:
    FileValueCursor(const IndexFile &file, const Dictionary &dictionary)
        : file_(file), dictionary_(dictionary) {}
    FileValueCursor(const FileValueCursor &) = delete;
    FileValueCursor &operator=(const FileValueCursor &) = delete;

    Status open(std::string_view from) { return answer(cursor_.open(dictionary_, from)); }
    Status next(bool &more) override { return answer(cursor_.next(more)); }
    std::string_view text() const override { return cursor_.text(); }
    Status add_ids(IdUnion &out) override {
        StoredPosting posting;
        return answer(cursor_.posting(posting) && dictionary_.add(posting, out));
    }
    Status intersects(const Bitmap &among, bool &out) override {
        StoredPosting posting;
        return answer(cursor_.posting(posting) && dictionary_.intersects(posting, among, out));
    }

  private:
    Status answer(bool sound) const { return sound ? Status() : file_.damage(); }

    const IndexFile &file_;
    const Dictionary dictionary_;
    Dictionary::Cursor cursor_;
};

class FileSource final : public TagSource {
  public:
    explicit FileSource(std::shared_ptr<const IndexFile> file) : file_(std::move(file)) {}

    Status all(std::string_view measurement, Bitmap &out) const override {
        if (measurement.empty()) return answer(file_->posting(file_->header().all, out));
        IdUnion ids;
        VARVE_RETURN_IF_ERROR(add_value(kMeasurementsColumn, measurement, ids));
        out = ids.take();
        return {};
    }

    Status columns(std::string_view measurement, std::string_view tag,
                   std::vector<uint32_t> &out) const override {
        return answer(find_columns(measurement, tag, out));
    }

    Status tag_keys(std::string_view measurement,
                    std::vector<std::pair<std::string, uint32_t>> &out) const override {
        return answer(read_tag_keys(measurement, out));
    }

    Status add_present(uint32_t column, IdUnion &out) const override {
        Dictionary dictionary;
        Bitmap ids;
        if (!dictionary.open(*file_, column) || !file_->posting(dictionary.entry().present, ids)) {
            return file_->damage();
        }
        out.add(ids);
        return {};
    }

    Status add_value(uint32_t column, std::string_view text, IdUnion &out) const override {
        auto cursor = values(column, text);
        if (!cursor.ok()) return cursor.status();
        bool more = false;
        VARVE_RETURN_IF_ERROR((*cursor)->next(more));
        return more && (*cursor)->text() == text ? (*cursor)->add_ids(out) : Status();
    }

    Result<std::unique_ptr<ValueCursor>> values(uint32_t column,
                                                std::string_view from) const override {
        Dictionary dictionary;
        if (!dictionary.open(*file_, column)) return file_->damage();
        auto cursor = std::make_unique<FileValueCursor>(*file_, dictionary);
        if (Status status = cursor->open(from); !status.ok()) return status;
        return std::unique_ptr<ValueCursor>(std::move(cursor));
    }

    std::shared_ptr<const Bitmap> cached(const std::string &question) const override {
        return file_->cached(question);
    }
    void cache(const std::string &question,
               const std::shared_ptr<const Bitmap> &found) const override {
        file_->cache(question, found);
    }

  private:
    Status answer(bool sound) const { return sound ? Status() : file_->damage(); }

    // The columns of a measurement, or all of them; an empty range for an unknown one.
    bool column_range(std::string_view measurement, uint32_t &begin, uint32_t &end) const {
        begin = kFirstTagColumn;
        end = file_->header().column_count;
        if (measurement.empty()) return true;
        Dictionary measurements;
        uint32_t number = 0;
        if (!measurements.open(*file_, kMeasurementsColumn) ||
            !measurements.find(measurement, number)) {
            return false;
        }
        if (number == measurements.size()) {
            end = begin;
            return true;
        }
        if (!file_->read_at(kFirstSection, number, begin) ||
            !file_->read_at(kFirstSection, uint64_t{number} + 1, end)) {
            return false;
        }
        if (begin < kFirstTagColumn || begin > end || end > file_->header().column_count) {
            return file_->unsound("a measurement has columns that do not exist");
        }
        return true;
    }

    bool find_columns(std::string_view measurement, std::string_view tag,
                      std::vector<uint32_t> &out) const {
        Dictionary keys;
        uint32_t key = 0;
        if (!keys.open(*file_, kTagKeysColumn) || !keys.find(tag, key)) return false;
        if (key == keys.size()) return true;
        uint32_t begin = 0;
        uint32_t end = 0;
        if (!column_range(measurement, begin, end)) return false;
        for (uint32_t column = begin; column < end; ++column) {
            ColumnEntry entry;
            if (!file_->read_at(kColumnsSection, column, entry)) return false;
            if (entry.key == key) out.push_back(column);
        }
        return true;
    }

    bool read_tag_keys(std::string_view measurement,
                       std::vector<std::pair<std::string, uint32_t>> &out) const {
        Dictionary keys;
        uint32_t begin = 0;
        uint32_t end = 0;
        if (!keys.open(*file_, kTagKeysColumn)) return false;
        if (!column_range(measurement, begin, end)) return false;
        for (uint32_t column = begin; column < end; ++column) {
            ColumnEntry entry;
            std::string text;
            if (!file_->read_at(kColumnsSection, column, entry)) return false;
            if (!keys.text(entry.key, text)) return false;
            out.emplace_back(std::move(text), column);
        }
        return true;
    }

    const std::shared_ptr<const IndexFile> file_;
};

class PartValueCursor final : public ValueCursor {
  public:
    PartValueCursor(const HeadPart &part, uint32_t column, std::string_view from)
        : texts_(part.table.columns()[column].texts),
          postings_(part.postings[column]),
          order_(part.sorted(column)) {
        const auto first = std::partition_point(order_.begin(), order_.end(),
                                                [&](uint32_t v) { return texts_[v] < from; });
        next_ = static_cast<size_t>(first - order_.begin());
    }

    Status next(bool &more) override {
        more = next_ < order_.size();
        if (more) value_ = order_[next_++];
        return {};
    }
    std::string_view text() const override { return texts_[value_]; }
    Status add_ids(IdUnion &out) override {
        out.add(postings_.of(value_));
        return {};
    }
    Status intersects(const Bitmap &among, bool &out) override {
        const auto ids = postings_.of(value_);
        out = std::any_of(ids.begin(), ids.end(), [&](uint32_t id) { return among.contains(id); });
        return {};
    }

  private:
    const std::vector<std::string_view> &texts_;
    const ColumnPostings &postings_;
    const std::vector<uint32_t> &order_;
    size_t next_ = 0;
    uint32_t value_ = 0;
};

class PartSource final : public TagSource {
  public:
    explicit PartSource(std::shared_ptr<const HeadPart> part) : part_(std::move(part)) {}

    Status all(std::string_view measurement, Bitmap &out) const override {
        IdUnion ids;
        if (measurement.empty()) {
            ids.add(part_->postings[kMeasurementsColumn].present);
        } else {
            VARVE_RETURN_IF_ERROR(add_value(kMeasurementsColumn, measurement, ids));
        }
        out = ids.take();
        return {};
    }

    Status columns(std::string_view measurement, std::string_view tag,
                   std::vector<uint32_t> &out) const override {
        const SeriesTable &table = part_->table;
        const uint32_t key = table.find(kTagKeysColumn, tag);
        if (key == SeriesTable::kMissing) return {};
        if (!measurement.empty()) {
            const uint32_t number = table.find(kMeasurementsColumn, measurement);
            if (number == SeriesTable::kMissing) return {};
            const uint32_t column = table.find_column(number, key);
            if (column != SeriesTable::kMissing) out.push_back(column);
            return {};
        }
        for (uint32_t column = kFirstTagColumn; column < table.columns().size(); ++column) {
            if (table.columns()[column].key == key) out.push_back(column);
        }
        return {};
    }

    Status tag_keys(std::string_view measurement,
                    std::vector<std::pair<std::string, uint32_t>> &out) const override {
        const SeriesTable &table = part_->table;
        const auto columns = table.columns();
        const uint32_t number = table.find(kMeasurementsColumn, measurement);
        if (number == SeriesTable::kMissing) return {};
        for (uint32_t column = kFirstTagColumn; column < columns.size(); ++column) {
            if (columns[column].measurement != number) continue;
            out.emplace_back(columns[kTagKeysColumn].texts[columns[column].key], column);
        }
        return {};
    }

    Status add_present(uint32_t column, IdUnion &out) const override {
        out.add(part_->postings[column].present);
        return {};
    }

    Status add_value(uint32_t column, std::string_view text, IdUnion &out) const override {
        const uint32_t value = part_->table.find(column, text);
        if (value != SeriesTable::kMissing) out.add(part_->postings[column].of(value));
        return {};
    }

    Result<std::unique_ptr<ValueCursor>> values(uint32_t column,
                                                std::string_view from) const override {
        return std::unique_ptr<ValueCursor>(
            std::make_unique<PartValueCursor>(*part_, column, from));
    }

  private:
    const std::shared_ptr<const HeadPart> part_;
};

}  // namespace

std::shared_ptr<const TagSource> make_source(std::shared_ptr<const IndexFile> file) {
    return std::make_shared<FileSource>(std::move(file));
}

std::shared_ptr<const TagSource> make_source(std::shared_ptr<const HeadPart> part) {
    return std::make_shared<PartSource>(std::move(part));
}

}  // namespace varve::strata
