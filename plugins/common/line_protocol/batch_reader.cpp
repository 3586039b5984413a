// The predicting reader.
//
//   Series    a raw key (as written) seen before: its canonical form, the tables its rows went to,
//   and
//             which series came next the last time.
//   Shape     a table, with each field's bytes up to and including '='.
//
// For each line: 1. does the predicted next series stand here? If not, hash the bytes up to the
// first blank and look it up; 2. does one of its shapes fit? Compare name by name and parse each
// value straight into the column; 3. the time; 4. commit. Anything else (a new series, escapes, odd
// numbers, a wrong type, an error) goes to read_line, which also teaches 1 and 2.
#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>

#include <xxhash.h>

#include "common/line_protocol/line_protocol.hpp"
#include "common/line_protocol/line_reader.hpp"
#include "common/line_protocol/number_scan.hpp"
#include "common/series_key.hpp"

namespace varve::line_protocol {
namespace {

constexpr int64_t kTimeMin = -9223372036854775806;
constexpr int64_t kTimeMax = 9223372036854775806;
// Bytes that must stand behind the position where prediction works, so that it may read ahead.
constexpr size_t kSlack = 128;
// Shapes of one series that are tried before the line is read by the book.
constexpr size_t kShapesTried = 4;
// Shorter keys meet the limit of 65,535 bytes together with any field name of the same bound.
constexpr size_t kPlainKeySizeMax = 65'000;

struct Shape {
    TableBuilder *table = nullptr;
    std::vector<std::string_view> names;  // as written, with the '=' behind
    size_t name_size_max = 0;
    bool predictable = true;  // every field of the line became a column, in order
};

struct Measurement {
    std::string_view name;  // unescaped
    std::deque<Shape> shapes;
};

struct Series {
    std::string_view raw;        // as first written
    std::string_view canonical;  // the series key
    uint64_t hash = 0;           // of canonical
    Measurement *measurement = nullptr;
    Series *next = nullptr;
    struct Place {
        Shape *shape;
        uint32_t key_index;
    };
    std::vector<Place> places;
};

// Open addressing over keys as written. Several of them (tags in another order) may name one
// series.
class SeriesTable {
  public:
    Series *find(std::string_view raw, uint64_t hash) const {
        for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
            const Slot &slot = slots_[at];
            if (slot.series == nullptr) return nullptr;
            if (slot.hash == hash && slot.raw == raw) return slot.series;
        }
    }

    // A new series, found under `raw` from now on.
    Series *add(std::string_view raw, uint64_t hash) {
        Series &series = all_.emplace_back();
        series.raw = raw;
        add_alias(raw, hash, &series);
        return &series;
    }

    void add_alias(std::string_view raw, uint64_t hash, Series *series) {
        if ((used_ + 1) * 2 > slots_.size()) grow();
        place({hash, raw, series});
        ++used_;
    }

  private:
    struct Slot {
        uint64_t hash = 0;
        std::string_view raw;
        Series *series = nullptr;
    };

    void place(const Slot &slot) {
        size_t at = slot.hash & mask_;
        while (slots_[at].series != nullptr) at = (at + 1) & mask_;
        slots_[at] = slot;
    }

    void grow() {
        std::vector<Slot> old = std::move(slots_);
        slots_.assign(old.size() * 2, {});
        mask_ = slots_.size() - 1;
        for (const Slot &slot : old) {
            if (slot.series != nullptr) place(slot);
        }
    }

    std::vector<Slot> slots_ = std::vector<Slot>(256);
    size_t mask_ = 255;
    size_t used_ = 0;
    std::deque<Series> all_;
};

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
        if (body_.size() - at_ < kSlack) return false;
        const char *line = body_.data() + at_;
        Series *series = find_series(line);
        if (series == nullptr) return false;
        const char *fields = line + raw_size_ + 1;
        for (size_t i = 0; i < std::min(series->places.size(), kShapesTried); ++i) {
            if (!read_row(fields, *series->places[i].shape, series->places[i].key_index)) continue;
            // The shape that fits stands first the next time.
            if (i != 0) std::swap(series->places[0], series->places[i]);
            return follow(series);
        }
        return series->places.empty() && read_first_row(fields, *series);
    }

    // The first row of a series, in a shape that its measurement has.
    bool read_first_row(const char *fields, Series &series) {
        std::deque<Shape> &shapes = series.measurement->shapes;
        for (size_t i = 0; i < std::min(shapes.size(), kShapesTried); ++i) {
            Shape &shape = shapes[i];
            if (series.canonical.size() + shape.name_size_max > kPlainKeySizeMax) continue;
            const uint32_t key_index = shape.table->key_count();
            if (!read_row(fields, shape, key_index)) continue;
            shape.table->add_key(series.canonical, series.hash);
            series.places.push_back({&shape, key_index});
            return follow(&series);
        }
        return false;
    }

    // Remembers the order in which series arrive; true.
    bool follow(Series *series) {
        if (last_ != nullptr) last_->next = series;
        last_ = series;
        return true;
    }

    // The series that stands at `line`, and in raw_size_ how long its key is as written.
    Series *find_series(const char *line) {
        const size_t rest = body_.size() - at_;
        if (last_ != nullptr && last_->next != nullptr) {
            const std::string_view raw = last_->next->raw;
            if (raw.size() < rest && line[raw.size()] == ' ' &&
                std::memcmp(line, raw.data(), raw.size()) == 0) {
                raw_size_ = raw.size();
                return last_->next;
            }
        }
        const auto *blank = static_cast<const char *>(std::memchr(line, ' ', rest));
        if (blank == nullptr || blank == line) return nullptr;
        const std::string_view raw(line, static_cast<size_t>(blank - line));
        raw_size_ = raw.size();
        const uint64_t hash = raw_hash(raw);
        Series *known = series_.find(raw, hash);
        if (known != nullptr) return known;
        const bool plain = !is_blank(raw[0]) && raw[0] != '#' && raw.size() < kPlainKeySizeMax &&
                           raw.find('\n') == std::string_view::npos &&
                           series_key::is_canonical(raw);
        return plain ? add_series(raw, hash, raw, raw.substr(0, raw.find(','))) : nullptr;
    }

    uint64_t raw_hash(std::string_view raw) const {
        return XXH3_64bits_withSeed(raw.data(), raw.size(), options_.hash_seed);
    }

    Series *add_series(std::string_view raw, uint64_t hash, std::string_view canonical,
                       std::string_view measurement) {
        Series *series = series_.add(raw, hash);
        series->canonical = canonical;
        series->hash =
            canonical.data() == raw.data() ? hash : series_key::hash(canonical, options_.hash_seed);
        Measurement &entry = measurements_[measurement];
        entry.name = measurement;
        series->measurement = &entry;
        return series;
    }

    // Parses fields and time into the shape's table; commits only when all of it fits.
    bool read_row(const char *p, const Shape &shape, uint32_t key_index) {
        if (!shape.predictable) return false;
        TableBuilder &table = *shape.table;
        if (table.is_full()) table.ensure_row(rows_left(p));
        const char *const limit = body_.data() + body_.size() - kSlack;
        const size_t count = shape.names.size();
        for (size_t column = 0; column < count; ++column) {
            const std::string_view name = shape.names[column];
            if (p + name.size() > limit || std::memcmp(p, name.data(), name.size()) != 0) {
                return false;
            }
            p = read_value(p + name.size(), table, column);
            if (p == nullptr) return false;
            if (column + 1 < count && *p++ != ',') return false;
        }
        int64_t time = now_ns_;
        if (*p == ' ') {
            p = read_timestamp(p + 1, time);
            if (p == nullptr) return false;
        }
        if (*p != '\n') return false;
        table.commit(key_index, time, ordinal_++);
        at_ = static_cast<size_t>(p + 1 - body_.data());
        return true;
    }

    size_t rows_left(const char *p) const {
        const auto done = static_cast<size_t>(p - body_.data());
        return ordinal_ == 0 ? 0 : (body_.size() - done) / (done / (ordinal_ + 1) + 1);
    }

    const char *read_value(const char *p, TableBuilder &table, size_t column) {
        switch (table.fields()[column].type) {
            case VARVE_TYPE_INT64:
                return read_int(p, table.ints(column)[table.row_count()]);
            case VARVE_TYPE_FLOAT64:
                return read_float(p, table, column);
            case VARVE_TYPE_STRING:
                return read_string(p, table.strings(column)[table.row_count()]);
            case VARVE_TYPE_BOOLEAN:
                return read_boolean(p, table.booleans(column)[table.row_count()]);
            default:
                return nullptr;
        }
    }

    bool is_value_end(char c) const { return c == ',' || c == ' ' || c == '\n'; }

    const char *read_int(const char *p, int64_t &out) {
        const bool negative = *p == '-';
        p += negative ? 1 : 0;
        uint64_t value = 0;
        int digits = 0;
        p = scan_digits(p, value, digits);
        if (digits == 0 || digits > 18 || *p != 'i' || !is_value_end(p[1])) return nullptr;
        out = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
        return p + 1;
    }

    // Up to 15 digits with a point anywhere: an integer below 2^53 divided by a power of ten up to
    // 10^15 is rounded once, so it is exactly what strtod gives.
    const char *read_float(const char *p, TableBuilder &table, size_t column) {
        static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
        const bool negative = *p == '-';
        p += negative ? 1 : 0;
        uint64_t value = 0;
        int digits = 0;
        p = scan_digits(p, value, digits);
        int decimals = 0;
        if (*p == '.') {
            const int whole = digits;
            p = scan_digits(p + 1, value, digits);
            decimals = digits - whole;
        }
        if (digits == 0 || digits > 15 || !is_value_end(*p)) return nullptr;
        const double number = static_cast<double>(value) / kPowers[decimals];
        table.floats(column)[table.row_count()] = negative ? -number : number;
        table.note_decimals(column, static_cast<uint8_t>(decimals));
        return p;
    }

    const char *read_string(const char *p, varve_str &out) {
        if (*p != '"') return nullptr;
        const char *const text = ++p;
        const char *const limit = body_.data() + body_.size() - kSlack;
        while (p < limit && *p != '"' && *p != '\\') ++p;
        if (p >= limit || *p != '"' || !is_value_end(p[1])) return nullptr;
        out = str({text, static_cast<size_t>(p - text)});
        return p + 1;
    }

    const char *read_boolean(const char *p, uint8_t &out) {
        static constexpr std::string_view kTrue[] = {"true", "t", "True", "TRUE", "T"};
        static constexpr std::string_view kFalse[] = {"false", "f", "False", "FALSE", "F"};
        for (const bool value : {true, false}) {
            for (const std::string_view word : value ? kTrue : kFalse) {
                if (std::memcmp(p, word.data(), word.size()) != 0) continue;
                if (!is_value_end(p[word.size()])) continue;
                out = value ? 1 : 0;
                return p + word.size();
            }
        }
        return nullptr;
    }

    const char *read_timestamp(const char *p, int64_t &out) {
        const bool negative = *p == '-';
        p += negative ? 1 : 0;
        uint64_t value = 0;
        int digits = 0;
        p = scan_digits(p, value, digits);
        if (digits == 0 || digits > 19 || value > static_cast<uint64_t>(kTimeMax)) return nullptr;
        const int64_t ticks = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
        if (__builtin_mul_overflow(ticks, options_.precision_ns, &out)) return nullptr;
        return out < kTimeMin || out > kTimeMax ? nullptr : p;
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
        Series::Place place{};
        VARVE_RETURN_IF_ERROR(find_place(*series, place));
        TableBuilder &table = *place.shape->table;
        table.ensure_row();
        store_values(table);
        table.commit(place.key_index, time, ordinal_++);
        follow(series);
        return {};
    }

    Status series_of_line(Series *&series) {
        const uint64_t hash = raw_hash(line_.key);
        series = series_.find(line_.key, hash);
        if (series != nullptr) return {};
        std::string_view canonical;
        VARVE_RETURN_IF_ERROR(canonical_key(canonical));
        if (canonical.data() != line_.key.data()) {
            const uint64_t canonical_hash = raw_hash(canonical);
            series = series_.find(canonical, canonical_hash);
            if (series == nullptr) {
                series = add_series(canonical, canonical_hash, canonical, measurement_name());
            }
            series_.add_alias(line_.key, hash, series);
            return {};
        }
        series = add_series(line_.key, hash, canonical, measurement_name());
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

    // Where rows of this series with the line's fields go. A field named twice counts once, the
    // last; `time` is dropped unless it is the only one.
    Status find_place(Series &series, Series::Place &place) {
        bool plain = true;
        VARVE_RETURN_IF_ERROR(collect_columns(plain));
        TableBuilder &table = parsed_.batch.table(series.measurement->name, columns_);
        Shape &shape = shape_of(*series.measurement, table, plain);
        uint32_t key_index = table.key_count();
        for (const Series::Place &known : series.places) {
            if (known.shape == &shape) {
                place = known;
                return {};
            }
            if (known.shape->table == &table) key_index = known.key_index;
        }
        if (key_index == table.key_count()) table.add_key(series.canonical, series.hash);
        place = {&shape, key_index};
        series.places.push_back(place);
        return {};
    }

    // Fills columns_ and positions_; `plain` stays if every field became a column, as written.
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
        for (Shape &shape : measurement.shapes) {
            if (shape.table == &table && shape.predictable == plain) return shape;
        }
        Shape &shape = measurement.shapes.emplace_back();
        shape.table = &table;
        shape.predictable = plain;
        for (const RawField &field : line_.fields) {
            shape.names.emplace_back(field.name.data(), field.name.size() + 1);
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
    Series *last_ = nullptr;
    SeriesTable series_;
    size_t raw_size_ = 0;  // see find_series
    std::unordered_map<std::string_view, Measurement> measurements_;
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
