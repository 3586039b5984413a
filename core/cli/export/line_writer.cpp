#include "cli/export/line_writer.hpp"

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "model/series_key.hpp"

namespace varve::cli {
namespace {

namespace json = simdjson::ondemand;

// The digits as the server wrote them.
std::string_view raw_digits(json::value &value) {
    std::string_view raw = value.raw_json_token();
    while (!raw.empty() && std::string_view(" \t\r\n").find(raw.back()) != raw.npos) {
        raw.remove_suffix(1);
    }
    return raw;
}

class Writer {
  public:
    Writer(std::string_view measurement, const std::vector<ExportField> &fields, std::string &out)
        : fields_(fields), out_(out) {
        append_escaped(measurement_, measurement, kEscapedInMeasurement);
    }

    WrittenChunk chunk;
    std::string error;

    void read_result(json::object result) {
        for (auto field : result) {
            const std::string_view key = field.unescaped_key();
            if (key == "series") {
                for (auto series : field.value().get_array()) read_series(series.get_object());
            } else if (key == "partial") {
                chunk.more = field.value().get_bool();
            } else if (key == "error") {
                error = std::string_view(field.value().get_string());
            }
        }
    }

  private:
    void read_series(json::object series) {
        key_ = measurement_;
        for (auto field : series) {
            const std::string_view key = field.unescaped_key();
            if (key == "tags") {
                read_tags(field.value().get_object());
            } else if (key == "values") {
                for (auto row : field.value().get_array()) read_row(row.get_array());
            }
        }
    }

    void read_tags(json::object object) {
        std::vector<std::pair<std::string, std::string>> tags;
        for (auto tag : object) {
            std::string key(std::string_view(tag.unescaped_key()));
            std::string value(std::string_view(tag.value().get_string()));
            // An empty value says that this series does not have the tag.
            if (!value.empty()) tags.emplace_back(std::move(key), std::move(value));
        }
        std::sort(tags.begin(), tags.end());
        for (const auto &[key, value] : tags) {
            key_ += ',';
            append_escaped(key_, key, kEscapedInTag);
            key_ += '=';
            append_escaped(key_, value, kEscapedInTag);
        }
    }

    void read_row(json::array row) {
        const size_t start = out_.size();
        out_ += key_;
        char separator = ' ';
        std::string time;
        size_t column = 0;
        for (auto element : row) {
            json::value value = element.value();
            if (column == 0) {
                time = raw_digits(value);
            } else if (column <= fields_.size() && !value.is_null()) {
                append_field(fields_[column - 1], value, separator);
                separator = ',';
            }
            ++column;
        }
        if (column != fields_.size() + 1) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
        if (separator == ' ') {  // no field has a value here
            out_.resize(start);
            return;
        }
        out_.append(" ").append(time) += '\n';
        ++chunk.rows;
    }

    void append_field(const ExportField &field, json::value &value, char separator) {
        out_ += separator;
        append_escaped(out_, field.name, kEscapedInTag);
        out_ += '=';
        switch (field.type) {
            case FieldType::string:
                out_ += '"';
                append_escaped(out_, std::string_view(value.get_string()), "\"\\");
                out_ += '"';
                return;
            case FieldType::boolean:
                out_ += bool(value.get_bool()) ? "true" : "false";
                return;
            case FieldType::float64:
            case FieldType::int64:
            case FieldType::uint64:
                break;
        }
        if (value.type() != json::json_type::number) {
            throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
        }
        out_ += raw_digits(value);
        if (field.type == FieldType::int64) out_ += 'i';
        if (field.type == FieldType::uint64) out_ += 'u';
    }

    const std::vector<ExportField> &fields_;
    std::string &out_;
    std::string measurement_;  // escaped
    std::string key_;          // of the series that is read
};

}  // namespace

std::string_view name_of(FieldType type) {
    constexpr std::string_view kNames[] = {"float", "integer", "unsigned", "string", "boolean"};
    return kNames[static_cast<size_t>(type)];
}

Result<FieldType> parse_field_type(std::string_view name) {
    for (const FieldType type : {FieldType::float64, FieldType::int64, FieldType::uint64,
                                 FieldType::string, FieldType::boolean}) {
        if (name_of(type) == name) return type;
    }
    return Status(Code::unsupported, "unknown field type \"" + std::string(name) + '"');
}

Result<WrittenChunk> append_lines(std::string_view document, std::string_view measurement,
                                  const std::vector<ExportField> &fields, std::string &out) {
    const size_t start = out.size();
    Writer writer(measurement, fields, out);
    try {
        const simdjson::padded_string padded(document);
        json::parser parser;
        json::document parsed = parser.iterate(padded);
        bool results = false;
        for (auto field : parsed.get_object()) {
            const std::string_view key = field.unescaped_key();
            if (key == "results") {
                results = true;
                for (auto result : field.value().get_array()) {
                    writer.read_result(result.get_object());
                }
            } else if (key == "error") {
                writer.error = std::string_view(field.value().get_string());
            }
        }
        if (!writer.error.empty()) {
            out.resize(start);
            return Status(Code::failed_precondition, writer.error);
        }
        if (!results) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
        return writer.chunk;
    } catch (const simdjson::simdjson_error &error) {
        out.resize(start);
        return Status(Code::data_loss,
                      std::string("the server's answer is no JSON of a query: ") + error.what());
    }
}

}  // namespace varve::cli
