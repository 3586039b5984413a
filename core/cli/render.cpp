#include "cli/render.hpp"

#include <algorithm>
#include <vector>

#include <simdjson.h>

#include "cli/table.hpp"

namespace varve::cli {
namespace {

namespace json = simdjson::ondemand;

struct Series {
    std::string name;
    std::vector<std::string> tags;  // "k=v"
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
};

// A cell: a string's text, everything else as written; null is empty.
std::string cell(json::value value) {
    if (value.is_null()) return {};
    if (value.type() == json::json_type::string) {
        return std::string(std::string_view(value.get_string()));
    }
    std::string_view raw = simdjson::to_json_string(value);
    while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n')) raw.remove_suffix(1);
    return std::string(raw);
}

Series read_series(json::object object) {
    Series series;
    for (auto field : object) {
        const std::string_view key = field.unescaped_key();
        if (key == "name") {
            series.name = std::string_view(field.value().get_string());
        } else if (key == "tags") {
            for (auto tag : field.value().get_object()) {
                const std::string name(std::string_view(tag.unescaped_key()));
                series.tags.push_back(name + '=' + cell(tag.value()));
            }
        } else if (key == "columns") {
            for (auto column : field.value().get_array())
                series.columns.push_back(cell(column.value()));
        } else if (key == "values") {
            for (auto row : field.value().get_array()) {
                series.rows.emplace_back();
                for (auto value : row.get_array())
                    series.rows.back().push_back(cell(value.value()));
            }
        }
    }
    return series;
}

std::string join(const std::vector<std::string> &parts, const char *separator) {
    std::string all;
    for (const std::string &part : parts) all += (all.empty() ? "" : separator) + part;
    return all;
}

void append_columns(std::string &out, const Series &series) {
    if (!series.name.empty()) out += "name: " + series.name + '\n';
    if (!series.tags.empty()) out += "tags: " + join(series.tags, ", ") + '\n';
    append_table(out, series.columns, series.rows);
    out += '\n';
}

std::string csv_field(const std::string &text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

void append_csv(std::string &out, const Series &series) {
    const bool tagged = !series.tags.empty();
    out += series.name.empty() ? "" : tagged ? "name,tags," : "name,";
    out += join(series.columns, ",") + '\n';
    for (const auto &row : series.rows) {
        if (!series.name.empty()) out += csv_field(series.name) + ',';
        if (tagged) out += csv_field(join(series.tags, ",")) + ',';
        for (size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : ",") + csv_field(row[i]);
        out += '\n';
    }
    out += '\n';
}

void render_result(json::object result, Format format, std::string &out, std::string &errors) {
    for (auto field : result) {
        const std::string_view key = field.unescaped_key();
        if (key == "series") {
            for (auto entry : field.value().get_array()) {
                const Series series = read_series(entry.get_object());
                format == Format::csv ? append_csv(out, series) : append_columns(out, series);
            }
        } else if (key == "messages") {
            for (auto message : field.value().get_array()) {
                errors += "warning: " + cell(message.find_field("text").value()) + '\n';
            }
        } else if (key == "error") {
            errors += "ERR: " + cell(field.value()) + '\n';
        }
    }
}

}  // namespace

Result<Format> parse_format(std::string_view text) {
    if (text == "column") return Format::column;
    if (text == "csv") return Format::csv;
    if (text == "json") return Format::json;
    return Status(Code::invalid_argument,
                  "unknown format \"" + std::string(text) + "\"; there are json, csv, column");
}

std::string render(std::string_view document, Format format, std::string &errors) {
    if (format == Format::json) return std::string(document) + '\n';
    std::string out;
    try {
        const simdjson::padded_string padded(document);
        json::parser parser;
        json::document parsed = parser.iterate(padded);
        for (auto field : parsed.get_object()) {
            const std::string_view key = field.unescaped_key();
            if (key == "results") {
                for (auto result : field.value().get_array()) {
                    render_result(result.get_object(), format, out, errors);
                }
            } else if (key == "error") {
                errors += "ERR: " + cell(field.value()) + '\n';
            }
        }
    } catch (const simdjson::simdjson_error &error) {
        errors += std::string("ERR: the answer is no JSON of a query: ") + error.what() + '\n';
    }
    return out;
}

}  // namespace varve::cli
