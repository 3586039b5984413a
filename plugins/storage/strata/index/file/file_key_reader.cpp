#include "storage/strata/index/file/file_key_reader.hpp"

#include "common/series_key.hpp"

namespace varve::strata {

// The last block that begins at or before `id`; the first one when there is none.
bool FileKeyReader::find_block(uint32_t id, uint32_t &found) const {
    const IndexHeader &header = file_->header();
    uint32_t low = 0;
    uint32_t high = header.block_count;
    // First where the block lies when no id is missing, and behind it: few pages are touched.
    const uint32_t guess = (id - header.id_min) / kSeriesPerBlock;
    for (uint32_t step = 0; low + 1 < high; ++step) {
        uint32_t probe = low + (high - low) / 2;
        if (step < 2 && guess + step > low && guess + step < high) probe = guess + step;
        SeriesBlock block;
        if (!file_->read_at(kBlocksSection, probe, block)) return false;
        (block.first_id <= id ? low : high) = probe;
    }
    found = low;
    return true;
}

bool FileKeyReader::open_block(uint32_t id) {
    const IndexHeader &header = file_->header();
    left_ = 0;
    uint32_t place = 0;
    if (header.block_count == 0) return true;
    if (!find_block(id, place)) return false;
    SeriesBlock block;
    SeriesBlock next;
    next.offset = header.sections[kSeriesSection].size;
    next.first_id = header.id_end;
    if (!file_->read_at(kBlocksSection, place, block)) return false;
    if (place + 1 < header.block_count && !file_->read_at(kBlocksSection, place + 1, next)) {
        return false;
    }
    if (block.first_id > id) return true;
    if (block.offset >= next.offset || block.count > kSeriesPerBlock) {
        return file_->unsound("a block of series ends before it begins");
    }
    std::string_view bytes;
    if (!file_->read(kSeriesSection, block.offset, next.offset - block.offset, bytes)) {
        return false;
    }
    at_ = VarintReader(bytes.substr(1));
    gaps_ = bytes.front() != 0;
    left_ = block.count;
    next_id_ = block.first_id;
    block_end_id_ = next.first_id;
    if (gaps_) next_id_ += at_.get_u32();
    return true;
}

bool FileKeyReader::seek(uint32_t id, bool &found) {
    const bool ahead = left_ > 0 && id >= next_id_ && id < block_end_id_;
    if (!ahead && !open_block(id)) return false;
    while (left_ > 0 && next_id_ < id) {
        Shape *shape = nullptr;
        if (!read_shape(at_.get_u32(), shape)) return false;
        at_.skip(shape->numbers.size());
        if (!at_.ok()) return file_->unsound("a series is cut off");
        pass();
    }
    found = left_ > 0 && next_id_ == id;
    return true;
}

void FileKeyReader::pass() {
    ++next_id_;
    if (--left_ > 0 && gaps_) next_id_ += at_.get_u32();
}

bool FileKeyReader::read_shape(uint32_t number, Shape *&out) {
    if (last_shape_ != nullptr && last_shape_number_ == number) {
        out = last_shape_;
        return true;
    }
    if (const auto known = shapes_.find(number); known != shapes_.end()) {
        out = last_shape_ = &known->second;
        last_shape_number_ = number;
        return true;
    }
    if (number >= file_->header().shape_count) return file_->unsound("a shape does not exist");
    uint32_t begin = 0;
    uint32_t end = 0;
    if (!file_->read_at(kShapeDirSection, number, begin) ||
        !file_->read_at(kShapeDirSection, number + uint64_t{1}, end)) {
        return false;
    }
    if (begin >= end) return file_->unsound("a shape is empty");
    std::string_view bytes;
    if (!file_->read(kShapesSection, begin, end - begin, bytes)) return false;
    VarintReader reader(bytes);
    Shape shape;
    Dictionary measurements;
    if (!measurements.open(*file_, kMeasurementsColumn) ||
        !measurements.text(reader.get_u32(), text_)) {
        return false;
    }
    series_key::append_escaped_measurement(text_, shape.measurement);
    while (reader.ok() && reader.left() > 0) shape.numbers.push_back(reader.get_u32());
    if (!reader.ok()) return file_->unsound("a shape is cut off");
    if (shapes_.size() >= kShapesMax) {
        shapes_.clear();
        columns_.clear();
    }
    out = last_shape_ = &(shapes_[number] = std::move(shape));
    last_shape_number_ = number;
    return true;
}

bool FileKeyReader::read_column(uint32_t number, Column *&out) {
    if (const auto known = columns_.find(number); known != columns_.end()) {
        out = &known->second;
        return true;
    }
    Column column;
    Dictionary keys;
    if (!column.dictionary.open(*file_, number) || !keys.open(*file_, kTagKeysColumn) ||
        !keys.text(column.dictionary.entry().key, text_)) {
        return false;
    }
    column.column = number;
    column.prefix.assign(1, ',');
    series_key::append_escaped_tag(text_, column.prefix);
    column.prefix += '=';
    if (column.dictionary.size() <= kRemembered) column.values.resize(column.dictionary.size());
    out = &(columns_[number] = std::move(column));
    return true;
}

bool FileKeyReader::append_value(Column &column, uint32_t number, std::string &out) {
    if (number < column.values.size() && !column.values[number].empty()) {
        out += column.values[number];
        return true;
    }
    if (!column.dictionary.text(number, text_)) return false;
    const size_t before = out.size();
    series_key::append_escaped_tag(text_, out);
    if (number < column.values.size()) column.values[number] = out.substr(before);
    return true;
}

bool FileKeyReader::key_of(uint32_t id, std::string &out) {
    out.clear();
    if (!file_->may_hold(id)) return true;
    if (read_key(id, out)) return true;
    left_ = 0;  // where it stands is unknown
    return false;
}

bool FileKeyReader::read_key(uint32_t id, std::string &out) {
    bool found = false;
    if (!seek(id, found)) return false;
    if (!found) return true;
    Shape *shape = nullptr;
    if (!read_shape(at_.get_u32(), shape)) return false;
    for (size_t i = shape->columns.size(); i < shape->numbers.size(); ++i) {
        Column *column = nullptr;
        if (!read_column(shape->numbers[i], column)) return false;
        shape->columns.push_back(column);
    }
    out = shape->measurement;
    for (Column *column : shape->columns) {
        out += column->prefix;
        if (!append_value(*column, at_.get_u32(), out)) return false;
    }
    if (!at_.ok()) return file_->unsound("a series is cut off");
    pass();
    return true;
}

bool FileKeyReader::has_key(uint32_t id, std::string_view key, bool &same) {
    if (!key_of(id, key_)) return false;
    same = key_ == key;
    return true;
}

}  // namespace varve::strata
