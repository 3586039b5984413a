#include "common/series_json/series_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/series_key.hpp"

namespace varve::series_json {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

// Times in microseconds whose nanoseconds, the slot included, fit.
constexpr int64_t kTimeMaxUs = INT64_MAX / 1000 - 1;
constexpr int64_t kTimeMinUs = INT64_MIN / 1000 + 1;

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

Status no_json(simdjson::error_code error) {
    if (error == simdjson::EMPTY) return invalid("EOF");
    if (error == simdjson::INCORRECT_TYPE || error == simdjson::SCALAR_DOCUMENT_AS_VALUE) {
        return invalid("invalid payload");
    }
    return invalid("invalid JSON: " + std::string(simdjson::error_message(error)));
}

// A word that begins as null does but goes on otherwise is an error.
Result<bool> is_null(ondemand::value &value) {
    bool out = false;
    const auto error = value.is_null().get(out);
    if (error != simdjson::SUCCESS) return no_json(simdjson::N_ATOM_ERROR);
    return out;
}

// The bytes that the texts of the batch lie in.
struct Document {
    explicit Document(std::string_view text) : bytes(text) {}

    simdjson::padded_string bytes;
    ondemand::parser parser;
};

// One value of a point. `type` 0: null.
struct Cell {
    uint32_t type = 0;
    int64_t integer = 0;
    double number = 0;
    bool flag = false;
    std::string_view text;
};

// How a value that should have been a number is called in errors: "string (abc)".
std::string described(ondemand::value value, json_type type) {
    bool flag = false;
    std::string_view text;
    switch (type) {
        case json_type::string:
            return value.get_string().get(text) == simdjson::SUCCESS
                       ? "string (" + std::string(text) + ')'
                       : "string";
        case json_type::boolean:
            return value.get_bool().get(flag) == simdjson::SUCCESS && flag ? "bool (true)"
                                                                           : "bool (false)";
        case json_type::array:
            return "[]interface {} ([...])";
        case json_type::object:
            return "map[string]interface {} (map[...])";
        default:
            return "<nil> (<nil>)";
    }
}

// Where the values of a series' points go: the columns in the order in which they come.
struct Columns {
    std::vector<std::string_view> names;
    size_t time = SIZE_MAX;  // positions of the special ones
    size_t number = SIZE_MAX;
};

// Rows whose values have the same types: one table, and which cell goes into which of its columns.
struct Shape {
    TableBuilder *table = nullptr;
    std::vector<uint32_t> cells;
};

class Reader {
  public:
    Reader(Document &document, const Options &options, PointNumbers &numbers)
        : document_(document), options_(options), numbers_(numbers) {}

    Status read();
    Parsed take() { return {std::move(builder_), numbered_}; }

  private:
    Status read_series(ondemand::object object);
    Status read_columns(ondemand::object &object, Columns &columns);
    Status begin_series(std::string_view name);
    Status read_points(ondemand::array points, const Columns &columns);
    Status read_point(ondemand::array values, const Columns &columns);
    Status read_cell(ondemand::value value, Cell &cell);
    Status read_number(ondemand::value value, Cell &cell);
    // A special column's.
    Status read_special(ondemand::value value, std::string_view name, std::optional<int64_t> &out);
    Result<int64_t> time_us(std::optional<int64_t> time);
    bool is_wanted(uint32_t ordinal) const;
    Status add_row(const Columns &columns, std::optional<int64_t> time,
                   std::optional<int64_t> number);
    Shape &shape(const Columns &columns);
    void fill(const Shape &shape, int64_t number);

    Document &document_;
    const Options &options_;
    PointNumbers &numbers_;
    BatchBuilder builder_;
    uint32_t row_count_ = 0;
    uint64_t numbered_ = 0;

    // Of the series at hand.
    std::string_view name_;
    varve_series_key key_{};
    std::map<std::string, Shape> shapes_;  // by the types of the cells
    std::string types_;
    Shape *last_shape_ = nullptr;
    std::string last_types_;
    std::vector<Cell> cells_;
    std::unordered_map<std::string_view, int64_t> timeless_;  // points without a time, by series
};

Status Reader::read() {
    ondemand::document json;
    auto error = document_.parser.iterate(document_.bytes).get(json);
    if (error != simdjson::SUCCESS) return no_json(error);
    ondemand::array all;
    error = json.get_array().get(all);
    if (error != simdjson::SUCCESS) return no_json(error);
    for (auto entry : all) {
        ondemand::object object;
        error = entry.get_object().get(object);
        if (error != simdjson::SUCCESS) return no_json(error);
        VARVE_RETURN_IF_ERROR(read_series(object));
    }
    const char *rest = nullptr;
    if (json.current_location().get(rest) == simdjson::SUCCESS)
        return invalid("invalid JSON: there is more behind the array");
    return {};
}

Status Reader::read_series(ondemand::object object) {
    Columns columns;
    VARVE_RETURN_IF_ERROR(read_columns(object, columns));
    std::string_view name;
    ondemand::value value;
    auto error = object.find_field_unordered("name").get(value);
    if (error == simdjson::SUCCESS) error = value.get_string().get(name);
    if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) return no_json(error);
    ondemand::array points;
    error = object.find_field_unordered("points").get(value);
    if (error == simdjson::NO_SUCH_FIELD) return {};
    if (error != simdjson::SUCCESS) return no_json(error);
    const Result<bool> has_none = is_null(value);
    if (!has_none.ok() || *has_none) return has_none.status();
    error = value.get_array().get(points);
    if (error != simdjson::SUCCESS) return no_json(error);
    bool is_empty = true;
    error = points.is_empty().get(is_empty);
    if (error != simdjson::SUCCESS) return no_json(error);
    if (is_empty) return {};
    VARVE_RETURN_IF_ERROR(begin_series(name));
    std::vector<std::string_view> sorted = columns.names;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        return invalid("Cannot have duplicate field names");
    }
    return read_points(points, columns);
}

Status Reader::read_columns(ondemand::object &object, Columns &columns) {
    ondemand::array names;
    ondemand::value value;
    auto error = object.find_field_unordered("columns").get(value);
    if (error == simdjson::NO_SUCH_FIELD) return {};
    if (error != simdjson::SUCCESS) return no_json(error);
    const Result<bool> has_none = is_null(value);
    if (!has_none.ok() || *has_none) return has_none.status();
    error = value.get_array().get(names);
    if (error != simdjson::SUCCESS) return no_json(error);
    for (auto entry : names) {
        std::string_view name;
        error = entry.get_string().get(name);
        if (error != simdjson::SUCCESS) return no_json(error);
        if (name.empty()) return invalid("Column name cannot be empty");
        if (name == "time") columns.time = columns.names.size();
        if (name == kNumberColumn) columns.number = columns.names.size();
        columns.names.push_back(name);
        if (columns.names.size() > kColumnsMax) {
            return {Code::too_large,
                    "a series has more than " + std::to_string(kColumnsMax) + " columns"};
        }
    }
    return {};
}

Status Reader::begin_series(std::string_view name) {
    if (name.empty()) return invalid("Series name cannot be empty");
    std::string key;
    VARVE_RETURN_IF_ERROR(series_key::append(name, {}, key));
    name_ = name;
    const std::string_view kept = builder_.arena().copy(key);
    const series_key::Hashes hashes = series_key::hashes(kept, options_.hash_seed);
    key_ = {str(kept), hashes.hash, hashes.check};
    shapes_.clear();
    last_shape_ = nullptr;
    return {};
}

Status Reader::read_points(ondemand::array points, const Columns &columns) {
    for (auto entry : points) {
        ondemand::array values;
        const auto error = entry.get_array().get(values);
        if (error != simdjson::SUCCESS) return no_json(error);
        VARVE_RETURN_IF_ERROR(read_point(values, columns));
    }
    return {};
}

Status Reader::read_point(ondemand::array values, const Columns &columns) {
    std::optional<int64_t> time;
    std::optional<int64_t> number;
    cells_.clear();
    for (auto entry : values) {
        ondemand::value value;
        const auto error = entry.get(value);
        if (error != simdjson::SUCCESS) return no_json(error);
        const size_t at = cells_.size();
        if (at == columns.names.size()) return invalid("invalid payload");
        Cell &cell = cells_.emplace_back();
        if (at == columns.time) {
            VARVE_RETURN_IF_ERROR(read_special(value, "time", time));
        } else if (at == columns.number) {
            VARVE_RETURN_IF_ERROR(read_special(value, kNumberColumn, number));
        } else {
            VARVE_RETURN_IF_ERROR(read_cell(value, cell));
        }
    }
    if (cells_.size() != columns.names.size()) return invalid("invalid payload");
    return add_row(columns, time, number);
}

Status Reader::read_cell(ondemand::value value, Cell &cell) {
    json_type type{};
    auto error = value.type().get(type);
    if (error != simdjson::SUCCESS) return no_json(error);
    switch (type) {
        case json_type::number:
            return read_number(value, cell);
        case json_type::string:
            cell.type = VARVE_TYPE_STRING;
            error = value.get_string().get(cell.text);
            break;
        case json_type::boolean:
            cell.type = VARVE_TYPE_BOOLEAN;
            error = value.get_bool().get(cell.flag);
            break;
        case json_type::null:
            return is_null(value).status();
        case json_type::array:
            return invalid("Unknown type []interface {}");
        case json_type::object:
            return invalid("Unknown type map[string]interface {}");
    }
    return error == simdjson::SUCCESS ? Status() : no_json(error);
}

Status Reader::read_number(ondemand::value value, Cell &cell) {
    cell.type = VARVE_TYPE_INT64;
    if (value.get_int64().get(cell.integer) == simdjson::SUCCESS) return {};
    cell.type = VARVE_TYPE_FLOAT64;
    const auto error = value.get_double().get(cell.number);
    if (error != simdjson::SUCCESS) return no_json(error);
    if (!std::isfinite(cell.number)) return invalid("a number is out of range");
    return {};
}

Status Reader::read_special(ondemand::value value, std::string_view name,
                            std::optional<int64_t> &out) {
    json_type type{};
    const auto error = value.type().get(type);
    if (error != simdjson::SUCCESS) return no_json(error);
    if (type != json_type::number) {
        return invalid(std::string(name) + " field must be float but is " + described(value, type));
    }
    Cell cell;
    VARVE_RETURN_IF_ERROR(read_number(value, cell));
    if (cell.type == VARVE_TYPE_INT64) {
        out = cell.integer;
        return {};
    }
    if (!(std::fabs(cell.number) < 0x1p63)) return invalid(std::string(name) + " is out of range");
    out = static_cast<int64_t>(cell.number);  // fractions are cut off
    return {};
}

Result<int64_t> Reader::time_us(std::optional<int64_t> time) {
    // More points than a microsecond has room for go on into the next one.
    if (!time) return options_.now_ns / 1000 + timeless_[name_]++ / kSlots;
    int64_t out = 0;
    const bool overflows = __builtin_mul_overflow(*time, options_.unit_us, &out);
    if (overflows || out > kTimeMaxUs || out < kTimeMinUs) {
        return invalid("time is out of range: " + std::to_string(*time));
    }
    return out;
}

bool Reader::is_wanted(uint32_t ordinal) const {
    return options_.again == nullptr ||
           std::binary_search(options_.again->begin(), options_.again->end(), ordinal);
}

Status Reader::add_row(const Columns &columns, std::optional<int64_t> time,
                       std::optional<int64_t> number) {
    const bool has_values =
        std::any_of(cells_.begin(), cells_.end(), [](const Cell &cell) { return cell.type != 0; });
    if (!has_values) return {};
    if (number && *number < 0) return invalid("sequence_number must not be negative");
    const Result<int64_t> at_us = time_us(time);
    if (!at_us.ok()) return at_us.status();
    const uint32_t ordinal = row_count_++;
    if (!is_wanted(ordinal)) return {};
    if (!number) {
        const uint64_t series = key_.hash ^ options_.database_hash;
        const Result<int64_t> made =
            options_.again == nullptr ? numbers_.next(series) : numbers_.next_apart(series);
        if (!made.ok()) return made.status();
        number = *made;
        ++numbered_;
    }
    const Shape &row_shape = shape(columns);
    fill(row_shape, *number);
    TableBuilder &table = *row_shape.table;
    const uint32_t key = table.key_count() == 0 ? table.add_key(key_) : 0;
    table.commit(key, *at_us * 1000 + slot_of(*number), ordinal);
    if (builder_.arena().size_bytes() > kBatchBytesMax) {
        return {Code::too_large,
                "the points need more than " + std::to_string(kBatchBytesMax) + " bytes of memory"};
    }
    return {};
}

Shape &Reader::shape(const Columns &columns) {
    types_.clear();
    for (const Cell &cell : cells_) types_ += static_cast<char>(cell.type);
    if (last_shape_ != nullptr && types_ == last_types_) return *last_shape_;
    const auto [found, is_new] = shapes_.try_emplace(types_);
    last_shape_ = &found->second;
    last_types_ = types_;
    if (!is_new) return *last_shape_;
    std::vector<FieldSpec> fields;
    for (uint32_t i = 0; i < cells_.size(); ++i) {
        if (cells_[i].type == 0) continue;
        fields.push_back({columns.names[i], cells_[i].type});
        last_shape_->cells.push_back(i);
    }
    fields.push_back({kNumberColumn, VARVE_TYPE_INT64});
    last_shape_->table = &builder_.table(name_, fields);
    return *last_shape_;
}

void Reader::fill(const Shape &shape, int64_t number) {
    TableBuilder &table = *shape.table;
    table.ensure_row();
    const uint32_t row = table.row_count();
    for (size_t i = 0; i < shape.cells.size(); ++i) {
        const Cell &cell = cells_[shape.cells[i]];
        switch (cell.type) {
            case VARVE_TYPE_FLOAT64:
                table.floats(i)[row] = cell.number;
                table.note_decimals(i, VARVE_DECIMALS_UNKNOWN);
                break;
            case VARVE_TYPE_INT64:
                table.ints(i)[row] = cell.integer;
                break;
            case VARVE_TYPE_STRING:
                table.strings(i)[row] = str(cell.text);
                break;
            default:
                table.booleans(i)[row] = cell.flag ? 1 : 0;
        }
    }
    table.ints(shape.cells.size())[row] = number;
}

}  // namespace

std::optional<int64_t> precision_us(std::string_view text) {
    if (text == "u") return 1;
    if (text == "s") return 1'000'000;
    if (text.empty() || text == "ms" || text == "m") return 1000;
    return std::nullopt;
}

Result<Parsed> parse(std::string_view text, const Options &options, PointNumbers &numbers) {
    const auto document = std::make_shared<Document>(text);
    Reader reader(*document, options, numbers);
    VARVE_RETURN_IF_ERROR(reader.read());
    Parsed out = reader.take();
    out.batch.on_release([document] {});
    return out;
}

}  // namespace varve::series_json
