// The predicting reader.
//
//   Series    a canonical key with its measurement, the tables its rows went to, how it was last
//             written, and which series came next the last time.
//   Shape     a table, with each field's bytes up to and including '='.
//
// They outlast the body where the sender's memory does (sender_memory.hpp).
//
// For each line: 1. does the predicted next series stand here? If not, take the key apart, bring
// its tags into order and look it up or add it (key_scan.hpp); 2. does a shape fit? First those of
// the series, then those of its measurement, then for a new measurement the last line's. Compare
// name by name and parse each value straight into the column; 3. the time; 4. commit. Anything else
// (escapes, odd numbers, a wrong type, an error) goes to read_line, which also teaches 1 and 2.
#include <algorithm>
#include <utility>

#include "common/line_protocol/byte_match.hpp"
#include "common/line_protocol/key_scan.hpp"
#include "common/line_protocol/line_protocol.hpp"
#include "common/line_protocol/line_reader.hpp"
#include "common/line_protocol/sender_memory.hpp"
#include "common/line_protocol/value_scan.hpp"
#include "common/series_key.hpp"

namespace varve::line_protocol {
namespace {

// Shapes that are tried before a line is read by the book.
constexpr size_t kShapesTried = 4;
// Most lines are longer.
constexpr size_t kLineSizeMin = 16;
// Shorter keys meet the limit of 65,535 bytes together with any field name of the same bound.
constexpr size_t kPlainKeySizeMax = 65'000;

class BatchReader {
  public:
    BatchReader(std::string_view body, const Options &options, SenderMemory &memory)
        : body_(body),
          options_(options),
          now_ns_(cut_to_precision(options.now_ns)),
          memory_(memory),
          body_number_(memory.begin(options.hash_seed)) {}

    Parsed read() {
        while (at_ < body_.size()) {
            if (mark_ < options_.now_marks.size()) follow_marks();
            if (options_.predict && read_predicted()) continue;
            read_by_the_book();
        }
        for (Shape *shape : shapes_) note_size(*shape);
        memory_.end();
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

    // The body's first row of a series in a shape that its measurement has.
    bool read_new_place(const char *fields, Series &series, size_t tried) {
        Measurement &measurement = *series.measurement;
        if (series.last_shape != nullptr && try_shape(fields, series, *series.last_shape)) {
            return true;
        }
        if (measurement.shapes == nullptr) borrow_shape(fields, measurement);
        Shape **link = &measurement.shapes;
        for (; *link != nullptr && tried < kShapesTried; link = &(*link)->next, ++tried) {
            Shape &shape = **link;
            if (!try_shape(fields, series, shape)) continue;
            *link = shape.next;
            shape.next = std::exchange(measurement.shapes, &shape);
            return true;
        }
        return false;
    }

    bool try_shape(const char *fields, Series &series, Shape &shape) {
        if (!shape.predictable || has_place(series, shape)) return false;
        if (series.text.size() + shape.name_size_max > kPlainKeySizeMax) return false;
        const TableBuilder &table = table_of(shape, *series.measurement);
        const uint32_t key_index = places_.key_index(series, table);
        if (!read_row(fields, shape, key_index)) return false;
        add_place(series, shape, key_index);
        return follow(series);
    }

    // A new measurement most likely has the fields of the line before.
    void borrow_shape(const char *fields, Measurement &measurement) {
        if (memory_.last == nullptr || memory_.last->last_shape == nullptr) return;
        const Shape &model = *memory_.last->last_shape;
        if (!model.predictable) return;
        const std::string_view name = model.names[0];
        if (fields + name.size() > limit() || !same_bytes(fields, name.data(), name.size())) return;
        shape_of(measurement, model.fields, true);
    }

    static bool has_place(const Series &series, const Shape &shape) {
        const Place *place = &series.place;
        while (place != nullptr && place->shape != &shape) place = place->next;
        return place != nullptr;
    }

    // Puts it first, and the key into the table if it is new there.
    void add_place(Series &series, Shape &shape, uint32_t key_index) {
        if (key_index == shape.table->key_count()) {
            shape.table->add_key({series.key, series.hash, series.check});
        }
        places_.add(series, shape, key_index);
        series.last_shape = &shape;
    }

    // Finds or makes; the fields of a predictable shape are written as they are called.
    Shape &shape_of(Measurement &measurement, std::span<const FieldSpec> fields, bool predictable) {
        identity_.assign(1, predictable ? '+' : '-');
        append_sized(measurement.text);
        for (const FieldSpec &field : fields) {
            identity_ += static_cast<char>(field.type);
            append_sized(field.name);
        }
        const uint64_t identity_hash = hash(identity_);
        if (Shape *known = memory_.shapes.find(identity_, identity_hash)) return *known;
        Shape &shape = *memory_.make<Shape>();
        shape.text = memory_.copy(identity_);
        shape.hash = identity_hash;
        shape.predictable = predictable;
        const auto kept = memory_.array<FieldSpec>(fields.size());
        const auto names = memory_.array<std::string_view>(fields.size());
        for (size_t i = 0; i < fields.size(); ++i) {
            const size_t size = fields[i].name.size();
            scratch_.assign(fields[i].name).push_back('=');
            names[i] = memory_.copy(scratch_);
            kept[i] = {names[i].substr(0, size), fields[i].type};
            shape.name_size_max = std::max(shape.name_size_max, size);
        }
        shape.fields = kept;
        shape.names = names;
        shape.next = std::exchange(measurement.shapes, &shape);
        memory_.shapes.add(&shape);
        return shape;
    }

    void append_sized(std::string_view text) {
        const auto size = static_cast<uint32_t>(text.size());
        identity_.append(reinterpret_cast<const char *>(&size), sizeof size).append(text);
    }

    // The shape's table in this body.
    TableBuilder &table_of(Shape &shape, const Measurement &measurement) {
        if (shape.body == body_number_) return *shape.table;
        Arena &arena = parsed_.batch.arena();
        table_fields_.clear();
        for (const FieldSpec &field : shape.fields) {
            table_fields_.push_back({arena.copy(field.name), field.type});
        }
        shape.body = body_number_;
        shape.table = &parsed_.batch.table(arena.copy(measurement.text), table_fields_);
        reserve(shape);
        shapes_.push_back(&shape);
        return *shape.table;
    }

    // Gives the table the room that the shape took in the last body, but all tables together not
    // more than a body has lines.
    void reserve(Shape &shape) {
        if (shape.rows_per_byte == 0 || !shape.table->is_empty()) return;
        const auto expected = [&](double per_byte) {
            return static_cast<size_t>(per_byte * static_cast<double>(body_.size())) + 1;
        };
        const size_t rows = expected(shape.rows_per_byte);
        if (rows > rows_to_reserve_) return;
        rows_to_reserve_ -= rows;
        shape.table->reserve(rows, expected(shape.keys_per_byte));
    }

    void note_size(Shape &shape) const {
        const auto size = static_cast<double>(body_.size());
        shape.rows_per_byte = static_cast<double>(shape.table->row_count()) / size;
        shape.keys_per_byte = static_cast<double>(shape.table->key_count()) / size;
    }

    // Remembers the order in which series arrive; true.
    bool follow(Series &series) {
        if (memory_.last != nullptr) memory_.last->next = &series;
        memory_.last = &series;
        return true;
    }

    // Predicted values start before it.
    const char *limit() const { return body_.data() + body_.size() - kScanSlack; }

    // The series that stands at `line`; its `raw` is what stands there.
    Series *find_series(const char *line) {
        if (memory_.last != nullptr && memory_.last->next != nullptr) {
            Series &next = *memory_.last->next;
            const std::string_view raw = next.raw;
            const auto rest = static_cast<size_t>(limit() - line);
            if (raw.size() < rest && line[raw.size()] == ' ' &&
                same_bytes(line, raw.data(), raw.size())) {
                return &seen(next, line);
            }
        }
        if (!scan_.scan(line, limit())) return find_spelled(line);
        const std::string_view raw = scan_.text();
        if (raw.size() >= kPlainKeySizeMax) return nullptr;
        return scan_.is_sorted() ? &series_of(raw) : series_of_unsorted(raw);
    }

    // Notes that the series, whose `raw` stands at `line`, occurs in this body.
    Series &seen(Series &series, const char *line) {
        if (series.body == body_number_) return series;
        const bool as_written = series.raw.data() == series.text.data();
        return begin_body(series, as_written ? std::string_view(line, series.text.size())
                                             : parsed_.batch.arena().copy(series.text));
    }

    // `key`: its text, where the batch may point to it.
    Series &begin_body(Series &series, std::string_view key) const {
        series.body = body_number_;
        series.key = str(key);
        series.place = {};
        series.place_count = 0;
        return series;
    }

    // A series whose key was written in this way before, for keys that cannot be scanned.
    Series *find_spelled(const char *line) {
        const auto rest = static_cast<size_t>(limit() - line);
        const auto *blank = static_cast<const char *>(std::memchr(line, ' ', rest));
        if (blank == nullptr || blank == line) return nullptr;
        const std::string_view raw(line, static_cast<size_t>(blank - line));
        const Spelling *spelling = memory_.spellings.find(raw, hash(raw));
        if (spelling == nullptr) return nullptr;
        spelling->series->raw = spelling->text;
        return &seen(*spelling->series, line);
    }

    // The series of a scanned key that is canonical as it stands.
    Series &series_of(std::string_view key) {
        const uint64_t key_hash = hash(key);
        Series *known = memory_.series.find(key, key_hash);
        if (known == nullptr) {
            return add_series(key, key_hash, measurement_of(scan_.measurement()));
        }
        known->raw = known->text;
        return known->body == body_number_ ? *known : begin_body(*known, key);
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
        Series *series = memory_.series.find(key, key_hash);
        if (series == nullptr) {
            arena.give_back(kKeySlack);
            series = &add_series(key, key_hash, measurement);
        } else if (series->body != body_number_) {
            arena.give_back(kKeySlack);
            begin_body(*series, key);
        } else {
            arena.give_back(room);
        }
        if (series->raw != raw) series->raw = memory_.keep(raw);
        return series;
    }

    uint64_t hash(std::string_view key) const { return series_key::hash(key, options_.hash_seed); }

    // `key` stays where it is as long as the batch. Its `raw` is the key.
    Series &add_series(std::string_view key, uint64_t key_hash, Measurement &measurement) {
        Series &series = *memory_.make<Series>();
        series.text = memory_.keep(key);
        series.hash = key_hash;
        series.check = series_key::check(key, options_.hash_seed);
        series.raw = series.text;
        series.measurement = &measurement;
        memory_.series.add(&series);
        return begin_body(series, key);
    }

    // Finds or adds. First the name, unescaped, is compared with that of the line before and with
    // the one that came behind that.
    Measurement &measurement_of(std::string_view name) {
        Measurement *before = memory_.last == nullptr ? nullptr : memory_.last->measurement;
        if (before != nullptr) {
            if (same_text(before->text, name)) return *before;
            if (before->next != nullptr && same_text(before->next->text, name)) {
                return *before->next;
            }
        }
        const uint64_t name_hash = hash(name);
        Measurement *measurement = memory_.measurements.find(name, name_hash);
        if (measurement == nullptr) {
            measurement = memory_.make<Measurement>();
            measurement->text = memory_.copy(name);
            measurement->hash = name_hash;
            memory_.measurements.add(measurement);
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
        series = memory_.series.find(line_.key, raw_hash);
        if (series != nullptr) {
            series->raw = series->text;
            seen(*series, line_.key.data());
            return {};
        }
        if (const Spelling *spelling = memory_.spellings.find(line_.key, raw_hash)) {
            series = spelling->series;
            series->raw = spelling->text;
            seen(*series, line_.key.data());
            return {};
        }
        std::string_view key;
        VARVE_RETURN_IF_ERROR(canonical_key(key));
        const bool as_written = key.data() == line_.key.data();
        const uint64_t key_hash = as_written ? raw_hash : hash(key);
        series = memory_.series.find(key, key_hash);
        if (series == nullptr) {
            series = &add_series(key, key_hash, measurement_of(measurement_name()));
        } else if (series->body != body_number_) {
            begin_body(*series, key);
        }
        if (as_written) return {};
        Spelling &spelling = *memory_.make<Spelling>();
        spelling.text = memory_.keep(line_.key);
        spelling.hash = raw_hash;
        spelling.series = series;
        memory_.spellings.add(&spelling);
        series->raw = spelling.text;
        return {};
    }

    std::string_view measurement_name() {
        unescape_measurement(line_.key.substr(0, line_.measurement_size), scratch_);
        return scratch_;
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
        Shape &shape = shape_of(measurement, columns_, plain);
        TableBuilder &table = table_of(shape, measurement);
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
    SenderMemory &memory_;
    const uint64_t body_number_;
    PlaceTable places_;
    std::vector<Shape *> shapes_;  // that have a table in this body
    size_t rows_to_reserve_ = body_.size() / kLineSizeMin;
    std::vector<FieldSpec> table_fields_;
    std::string identity_;
    Series *known_ = nullptr;  // of the line at at_, if read_predicted() found it
    KeyScan scan_;
    RawLine line_;
    std::string scratch_;
    std::vector<FieldSpec> columns_;
    std::vector<int> positions_;  // field → column, -1 = dropped
};

}  // namespace

Parsed parse(std::string_view body, const Options &options, SenderMemory &memory) {
    return BatchReader(body, options, memory).read();
}

Parsed parse(std::string_view body, const Options &options) {
    SenderMemory memory;
    return parse(body, options, memory);
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
