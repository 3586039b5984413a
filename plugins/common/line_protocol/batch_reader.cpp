// The predicting reader.
//
//   Series    a canonical key with its measurement, the tables its rows went to, how it was last
//             written, and which series came next the last time.
//   Shape     a table, with each field's bytes up to and including '='.
//
// For each line: 1. does the predicted next series stand here? If not, take the key apart, bring
// its tags into order and look it up or add it (key_scan.hpp); 2. does a shape fit? First those of
// the series, then those of its measurement, then for a new measurement the last line's. Compare
// name by name and parse each value straight into the column; 3. the time; 4. commit. Anything else
// (escapes, odd numbers, a wrong type, an error) goes to read_line, which also teaches 1 and 2.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "common/line_protocol/byte_match.hpp"
#include "common/line_protocol/key_scan.hpp"
#include "common/line_protocol/line_protocol.hpp"
#include "common/line_protocol/line_reader.hpp"
#include "common/line_protocol/series_table.hpp"
#include "common/line_protocol/value_scan.hpp"
#include "common/series_key.hpp"

namespace varve::line_protocol {
namespace {

// Shapes that are tried before a line is read by the book.
constexpr size_t kShapesTried = 4;
// Shorter keys meet the limit of 65,535 bytes together with any field name of the same bound.
constexpr size_t kPlainKeySizeMax = 65'000;

class BatchReader {
  public:
    BatchReader(std::string_view body, const Options &options)
        : body_(body), options_(options), now_ns_(cut_to_precision(options.now_ns)) {}

    Parsed read() {
        while (at_ < body_.size()) {
            if (mark_ < options_.now_marks.size()) follow_marks();
            if (options_.predict && read_predicted()) continue;
            read_by_the_book();
        }
        return std::move(parsed_);
    }

  private:
    int64_t cut_to_precision(int64_t time_ns) const {
        return time_ns - floor_mod(time_ns, options_.precision_ns);
    }
    void follow_marks() {
        const std::span<const NowMark> marks = options_.now_marks;
        while (mark_ < marks.size() && marks[mark_].offset <= at_) {
            now_ns_ = cut_to_precision(marks[mark_++].now_ns);
        }
    }

    static int64_t floor_mod(int64_t value, int64_t divisor) {
        const int64_t rest = value % divisor;
        return rest < 0 ? rest + divisor : rest;
    }

    // ---- prediction ----

    // Reads the line at at_ and steps behind it; false (and nothing is stored) if it is not plain.
    bool read_predicted() {
        known_ = nullptr;
        if (body_.size() - at_ < kScanSlack) return false;
        const char *line = body_.data() + at_;
        known_ = find_series(line);
        if (known_ == nullptr) return false;
        Series &series = *known_;
        const char *fields = line + series.raw.size() + 1;
        size_t tried = 0;
        Place *place = series.place.shape == nullptr ? nullptr : &series.place;
        for (; place != nullptr && tried < kShapesTried; place = place->next, ++tried) {
            if (!read_row(fields, *place->shape, place->key_index)) continue;
            std::swap(place->shape, series.place.shape);
            std::swap(place->key_index, series.place.key_index);
            return follow(series);
        }
        return read_new_place(fields, series, tried);
    }

    // The first row of a series in a shape that its measurement has.
    bool read_new_place(const char *fields, Series &series, size_t tried) {
        Measurement &measurement = *series.measurement;
        if (measurement.shapes == nullptr) borrow_shape(fields, measurement);
        Shape **link = &measurement.shapes;
        for (; *link != nullptr && tried < kShapesTried; link = &(*link)->next, ++tried) {
            Shape &shape = **link;
            if (!shape.predictable || has_place(series, shape)) continue;
            if (series.text.size() + shape.name_size_max > kPlainKeySizeMax) continue;
            const uint32_t key_index = places_.key_index(series, *shape.table);
            if (!read_row(fields, shape, key_index)) continue;
            add_place(series, shape, key_index);
            *link = shape.next;
            shape.next = std::exchange(measurement.shapes, &shape);
            return follow(series);
        }
        return false;
    }

    // A new measurement most likely has the fields of the line before.
    void borrow_shape(const char *fields, Measurement &measurement) {
        if (last_ == nullptr || !last_->place.shape->predictable) return;
        const Shape &model = *last_->place.shape;
        const std::string_view name = model.names[0];
        if (fields + name.size() > limit() || !same_bytes(fields, name.data(), name.size())) return;
        Shape &shape = add_shape(
            measurement, parsed_.batch.table(measurement.text, model.table->fields()), true);
        shape.names = model.names;
        shape.name_size_max = model.name_size_max;
    }

    static bool has_place(const Series &series, const Shape &shape) {
        const Place *place = &series.place;
        while (place != nullptr && place->shape != &shape) place = place->next;
        return place != nullptr;
    }

    // Puts it first, and the key into the table if it is new there.
    void add_place(Series &series, Shape &shape, uint32_t key_index) {
        if (key_index == shape.table->key_count()) shape.table->add_key(series.text, series.hash);
        places_.add(series, shape, key_index, memory_);
    }

    Shape &add_shape(Measurement &measurement, TableBuilder &table, bool predictable) {
        Shape &shape = *memory_.make<Shape>();
        shape.table = &table;
        shape.predictable = predictable;
        shape.next = std::exchange(measurement.shapes, &shape);
        shapes_of_tables_[&table][predictable ? 0 : 1] = &shape;
        return shape;
    }

    // Remembers the order in which series arrive; true.
    bool follow(Series &series) {
        if (last_ != nullptr) last_->next = &series;
        last_ = &series;
        return true;
    }

    // Predicted values start before it.
    const char *limit() const { return body_.data() + body_.size() - kScanSlack; }

    // The series that stands at `line`; its `raw` is what stands there.
    Series *find_series(const char *line) {
        if (last_ != nullptr && last_->next != nullptr) {
            const std::string_view raw = last_->next->raw;
            const auto rest = static_cast<size_t>(limit() - line);
            if (raw.size() < rest && line[raw.size()] == ' ' &&
                same_bytes(line, raw.data(), raw.size())) {
                return last_->next;
            }
        }
        if (!scan_.scan(line, limit())) return find_spelled(line);
        const std::string_view raw = scan_.text();
        if (raw.size() >= kPlainKeySizeMax) return nullptr;
        Series *series = scan_.is_sorted() ? series_of(raw) : series_of_unsorted(raw);
        if (series != nullptr) series->raw = raw;
        return series;
    }

    // A series whose key was written in this way before, for keys that cannot be scanned.
    Series *find_spelled(const char *line) {
        const auto rest = static_cast<size_t>(limit() - line);
        const auto *blank = static_cast<const char *>(std::memchr(line, ' ', rest));
        if (blank == nullptr || blank == line) return nullptr;
        const std::string_view raw(line, static_cast<size_t>(blank - line));
        const Spelling *spelling = spellings_.find(raw, hash(raw));
        if (spelling == nullptr) return nullptr;
        spelling->series->raw = raw;
        return spelling->series;
    }

    // The series of a scanned key that is canonical as it stands.
    Series *series_of(std::string_view key) {
        const uint64_t key_hash = hash(key);
        Series *known = series_.find(key, key_hash);
        return known != nullptr ? known
                                : &add_series(key, key_hash, measurement_of(scan_.measurement()));
    }

    // The series of a scanned key whose tags must be sorted; null if one stands twice.
    Series *series_of_unsorted(std::string_view raw) {
        Measurement &measurement = measurement_of(scan_.measurement());
        if (!scan_.sort(measurement.order)) return nullptr;
        Arena &arena = parsed_.batch.arena();
        const size_t room = raw.size() + kKeySlack;
        auto *sorted = static_cast<char *>(arena.allocate(room, 1));
        scan_.write(measurement.order, sorted);
        const std::string_view key(sorted, raw.size());
        const uint64_t key_hash = hash(key);
        Series *known = series_.find(key, key_hash);
        arena.give_back(known != nullptr ? room : kKeySlack);
        return known != nullptr ? known : &add_series(key, key_hash, measurement);
    }

    uint64_t hash(std::string_view key) const { return series_key::hash(key, options_.hash_seed); }

    Series &add_series(std::string_view key, uint64_t key_hash, Measurement &measurement) {
        Series &series = *memory_.make<Series>();
        series.text = key;
        series.hash = key_hash;
        series.raw = key;
        series.measurement = &measurement;
        series_.add(&series);
        return series;
    }

    // Finds or adds; the name, unescaped, must stay where it is. First it is compared with that of
    // the line before and with the one that came behind that.
    Measurement &measurement_of(std::string_view name) {
        Measurement *before = last_ == nullptr ? nullptr : last_->measurement;
        if (before != nullptr) {
            if (same_text(before->text, name)) return *before;
            if (before->next != nullptr && same_text(before->next->text, name)) {
                return *before->next;
            }
        }
        const uint64_t name_hash = hash(name);
        Measurement *measurement = measurements_.find(name, name_hash);
        if (measurement == nullptr) {
            measurement = memory_.make<Measurement>();
            measurement->text = name;
            measurement->hash = name_hash;
            measurements_.add(measurement);
        }
        if (before != nullptr) before->next = measurement;
        return *measurement;
    }

    // Parses fields and time into the shape's table; commits only when all of it fits.
    bool read_row(const char *p, const Shape &shape, uint32_t key_index) {
        if (!shape.predictable) return false;
        TableBuilder &table = *shape.table;
        if (table.is_full()) table.ensure_row(rows_left(p, table));
        const size_t count = shape.names.size();
        for (size_t column = 0; column < count; ++column) {
            const std::string_view name = shape.names[column];
            if (p + name.size() > limit() || !same_bytes(p, name.data(), name.size())) return false;
            p = read_value(p + name.size(), table, column);
            if (p == nullptr) return false;
            if (column + 1 < count && *p++ != ',') return false;
        }
        int64_t time = now_ns_;
        if (*p == ' ') {
            p = scan_time(p + 1, options_.precision_ns, time);
            if (p == nullptr) return false;
        }
        if (*p != '\n') return false;
        table.commit(key_index, time, ordinal_++);
        at_ = static_cast<size_t>(p + 1 - body_.data());
        return true;
    }

    // The rows that the table will still get, if the rest of the body is like the part behind.
    size_t rows_left(const char *p, const TableBuilder &table) const {
        const double done = static_cast<double>(p - body_.data());
        const double left = static_cast<double>(body_.size()) - done;
        return static_cast<size_t>(table.row_count() * left / (done + 1)) + 1;
    }

    const char *read_value(const char *p, TableBuilder &table, size_t column) {
        const uint32_t row = table.row_count();
        switch (table.fields()[column].type) {
            case VARVE_TYPE_INT64:
                return scan_int(p, table.ints(column)[row]);
            case VARVE_TYPE_FLOAT64: {
                int decimals = 0;
                p = scan_float(p, table.floats(column)[row], decimals);
                if (p != nullptr) table.note_decimals(column, static_cast<uint8_t>(decimals));
                return p;
            }
            case VARVE_TYPE_STRING:
                return scan_string(p, limit(), table.strings(column)[row]);
            case VARVE_TYPE_BOOLEAN:
                return scan_boolean(p, table.booleans(column)[row]);
            default:
                return nullptr;
        }
    }

    // ---- by the book ----

    void read_by_the_book() {
        const size_t end = find_line_end(body_, at_);
        std::string_view text = body_.substr(at_, end - at_);
        at_ = end + 1;
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
        if (text.empty() || text.front() == '#') return;
        Status status = read_line(text, options_.unsigned_enabled, line_);
        if (status.ok()) status = add_row();
        if (status.ok()) return;
        ++parsed_.bad_line_count;
        if (parsed_.bad_lines.size() < kBadLinesMax) {
            parsed_.bad_lines.push_back({text, status.text()});
        }
    }

    Status add_row() {
        int64_t time = now_ns_;
        if (line_.has_time) {
            const bool overflow = __builtin_mul_overflow(line_.time, options_.precision_ns, &time);
            if (overflow || time < kTimeMin || time > kTimeMax) {
                return {Code::invalid_argument, "time outside range " + std::to_string(kTimeMin) +
                                                    " - " + std::to_string(kTimeMax)};
            }
        }
        Series *series = nullptr;
        VARVE_RETURN_IF_ERROR(series_of_line(series));
        bool plain = true;
        VARVE_RETURN_IF_ERROR(collect_columns(plain));
        TableBuilder &table = place_of(*series, plain);
        table.ensure_row();
        store_values(table);
        table.commit(series->place.key_index, time, ordinal_++);
        follow(*series);
        return {};
    }

    Status series_of_line(Series *&series) {
        series = known_;
        if (series != nullptr && series->raw == line_.key) return {};
        const uint64_t raw_hash = hash(line_.key);
        series = series_.find(line_.key, raw_hash);
        if (series != nullptr) return {};
        if (const Spelling *spelling = spellings_.find(line_.key, raw_hash)) {
            series = spelling->series;
            return {};
        }
        std::string_view key;
        VARVE_RETURN_IF_ERROR(canonical_key(key));
        const bool as_written = key.data() == line_.key.data();
        const uint64_t key_hash = as_written ? raw_hash : hash(key);
        series = series_.find(key, key_hash);
        if (series == nullptr) {
            series = &add_series(key, key_hash, measurement_of(measurement_name()));
        }
        series->raw = line_.key;
        if (as_written) return {};
        Spelling &spelling = *memory_.make<Spelling>();
        spelling.text = line_.key;
        spelling.hash = raw_hash;
        spelling.series = series;
        spellings_.add(&spelling);
        return {};
    }

    std::string_view measurement_name() {
        const std::string_view written = line_.key.substr(0, line_.measurement_size);
        unescape_measurement(written, scratch_);
        return kept(written, scratch_);
    }

    // The unescaped text: the written one where nothing was escaped, else a copy in the arena.
    std::string_view kept(std::string_view written, const std::string &unescaped) {
        return written.size() == unescaped.size() ? written : parsed_.batch.arena().copy(unescaped);
    }

    Status canonical_key(std::string_view &out) {
        if (series_key::is_canonical(line_.key)) {
            out = line_.key;
            return {};
        }
        std::vector<std::string> texts(line_.tags.size() * 2);
        std::vector<series_key::Tag> tags;
        for (size_t i = 0; i < line_.tags.size(); ++i) {
            unescape_name(line_.tags[i].first, texts[i * 2]);
            unescape_name(line_.tags[i].second, texts[i * 2 + 1]);
            tags.push_back({texts[i * 2], texts[i * 2 + 1]});
        }
        unescape_measurement(line_.key.substr(0, line_.measurement_size), scratch_);
        std::string key;
        VARVE_RETURN_IF_ERROR(series_key::append(scratch_, tags, key));
        out = key == line_.key ? line_.key : parsed_.batch.arena().copy(key);
        return {};
    }

    // Where rows of this series with the line's fields go: the table, and the place that stands
    // first.
    TableBuilder &place_of(Series &series, bool plain) {
        Measurement &measurement = *series.measurement;
        TableBuilder &table = parsed_.batch.table(measurement.text, columns_);
        Shape &shape = shape_of(measurement, table, plain);
        if (series.place.shape == &shape) return table;
        for (Place *place = series.place.next; place != nullptr; place = place->next) {
            if (place->shape != &shape) continue;
            std::swap(place->shape, series.place.shape);
            std::swap(place->key_index, series.place.key_index);
            return table;
        }
        add_place(series, shape, places_.key_index(series, table));
        return table;
    }

    // Fills columns_ and positions_. A field named twice counts once, the last; `time` is dropped
    // unless it is the only one. `plain` stays if every field became a column, as written.
    Status collect_columns(bool &plain) {
        columns_.clear();
        positions_.clear();
        for (const RawField &field : line_.fields) {
            unescape_name(field.name, scratch_);
            if (scratch_ == "time" && line_.fields.size() > 1 && !only_time()) {
                positions_.push_back(-1);
                plain = false;
                continue;
            }
            const auto known = std::find_if(columns_.begin(), columns_.end(),
                                            [&](const FieldSpec &c) { return c.name == scratch_; });
            if (known != columns_.end()) {
                if (known->type != field.type) {
                    return {Code::invalid_argument,
                            "field type conflict: \"" + scratch_ + "\" has two types in one point"};
                }
                positions_.push_back(static_cast<int>(known - columns_.begin()));
                plain = false;
                continue;
            }
            positions_.push_back(static_cast<int>(columns_.size()));
            plain = plain && scratch_.size() == field.name.size();
            columns_.push_back({kept(field.name, scratch_), field.type});
        }
        return {};
    }

    bool only_time() const {
        return std::all_of(line_.fields.begin(), line_.fields.end(),
                           [](const RawField &field) { return field.name == "time"; });
    }

    Shape &shape_of(Measurement &measurement, TableBuilder &table, bool plain) {
        if (Shape *known = shapes_of_tables_[&table][plain ? 0 : 1]) return *known;
        Shape &shape = add_shape(measurement, table, plain);
        if (!plain) return shape;
        auto *names = static_cast<std::string_view *>(
            memory_.allocate(line_.fields.size() * sizeof(std::string_view), 8));
        shape.names = {names, line_.fields.size()};
        for (const RawField &field : line_.fields) {
            *names++ = {field.name.data(), field.name.size() + 1};
            shape.name_size_max = std::max(shape.name_size_max, field.name.size());
        }
        return shape;
    }

    void store_values(TableBuilder &table) {
        const uint32_t row = table.row_count();
        for (size_t i = 0; i < line_.fields.size(); ++i) {
            if (positions_[i] < 0) continue;
            const auto column = static_cast<size_t>(positions_[i]);
            const RawField &field = line_.fields[i];
            switch (field.type) {
                case VARVE_TYPE_FLOAT64:
                    table.floats(column)[row] = field.as_float;
                    table.note_decimals(column, field.decimals);
                    break;
                case VARVE_TYPE_INT64:
                    table.ints(column)[row] = field.as_int;
                    break;
                case VARVE_TYPE_UINT64:
                    table.uints(column)[row] = field.as_uint;
                    break;
                case VARVE_TYPE_BOOLEAN:
                    table.booleans(column)[row] = static_cast<uint8_t>(field.as_uint);
                    break;
                default:
                    unescape_string(field.text, scratch_);
                    table.strings(column)[row] = str(kept(field.text, scratch_));
            }
        }
    }

    const std::string_view body_;
    const Options &options_;
    int64_t now_ns_;
    size_t mark_ = 0;  // the first of now_marks that is still ahead
    Parsed parsed_;
    size_t at_ = 0;
    uint32_t ordinal_ = 0;
    Arena memory_;  // of the entries below
    EntryTable<Series> series_;
    EntryTable<Spelling> spellings_;
    EntryTable<Measurement> measurements_;
    PlaceTable places_;
    // The predictable shape of a table, and the other one; null if there is none yet.
    std::unordered_map<const TableBuilder *, std::array<Shape *, 2>> shapes_of_tables_;
    Series *last_ = nullptr;   // of the line before
    Series *known_ = nullptr;  // of the line at at_, if read_predicted() found it
    KeyScan scan_;
    RawLine line_;
    std::string scratch_;
    std::vector<FieldSpec> columns_;
    std::vector<int> positions_;  // field → column, -1 = dropped
};

}  // namespace

Parsed parse(std::string_view body, const Options &options) {
    return BatchReader(body, options).read();
}

std::string Parsed::error_text() const {
    std::string text;
    for (const BadLine &bad : bad_lines) {
        if (!text.empty()) text += '\n';
        text.append("unable to parse '").append(bad.line).append("': ").append(bad.reason);
    }
    if (bad_line_count > bad_lines.size()) {
        text += "\nand " + std::to_string(bad_line_count - bad_lines.size()) + " more lines";
    }
    return text;
}

int64_t precision_ns(std::string_view name) {
    if (name.empty() || name == "n" || name == "ns") return 1;
    if (name == "u") return 1'000;
    if (name == "ms") return 1'000'000;
    if (name == "s") return 1'000'000'000;
    if (name == "m") return 60'000'000'000;
    if (name == "h") return 3'600'000'000'000;
    return 0;
}

}  // namespace varve::line_protocol
