#include "cli/export/exporter.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>

#include <simdjson.h>

namespace varve::cli {
namespace {

// More fields are asked for in several queries: a statement travels in the URL. Lines of one row
// are put together again by whoever reads them.
constexpr size_t kFieldsPerQuery = 64;
constexpr const char *kChunkRows = "10000";

constexpr int64_t kFirstSliceNs = 86'400'000'000'000;
constexpr std::chrono::milliseconds kQuick{500};
constexpr std::chrono::milliseconds kSlow{2000};

// A name as InfluxQL quotes it.
std::string identifier(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string column_of(const ExportField &field) {
    return identifier(field.name) + "::" + std::string(field.cast ? name_of(field.type) : "field");
}

std::string text_of(simdjson::dom::element value) {
    if (value.is_null()) return {};
    if (value.is_string()) return std::string(std::string_view(value));
    return simdjson::minify(value);
}

// The cells of all series of all statements, one after the other.
Result<std::vector<std::vector<std::string>>> read_rows(const std::string &document) {
    namespace dom = simdjson::dom;
    std::vector<std::vector<std::string>> rows;
    try {
        dom::parser parser;
        const simdjson::padded_string padded(document);
        const dom::element root = parser.parse(padded);
        std::string_view error;
        if (root["error"].get(error) == simdjson::SUCCESS) {
            return Status(Code::failed_precondition, std::string(error));
        }
        for (dom::element result : root["results"].get_array()) {
            if (result["error"].get(error) == simdjson::SUCCESS) {
                return Status(Code::failed_precondition, std::string(error));
            }
            dom::array series;
            if (result["series"].get(series) != simdjson::SUCCESS) continue;
            for (dom::element one : series) {
                dom::array values;  // absent in a series without rows
                if (one["values"].get(values) != simdjson::SUCCESS) continue;
                for (dom::element row : values) {
                    rows.emplace_back();
                    for (dom::element cell : row.get_array()) rows.back().push_back(text_of(cell));
                }
            }
        }
    } catch (const simdjson::simdjson_error &error) {
        return Status(Code::data_loss,
                      std::string("the server's answer is no JSON of a query: ") + error.what());
    }
    return rows;
}

// `time >= … AND time <= …`, after WHERE.
std::string within(int64_t first_ns, int64_t last_ns) {
    return "time >= " + std::to_string(first_ns) + " AND time <= " + std::to_string(last_ns);
}

}  // namespace

Exporter::Exporter(Client &client, ExportRequest request, ExportFile &file, std::ostream &notes)
    : client_(client), request_(std::move(request)), file_(file), notes_(notes) {}

Result<Exporter::Rows> Exporter::ask(const std::string &statement) {
    auto answer = client_.request("POST", "/query",
                                  {{"db", request_.database}, {"epoch", "ns"}, {"q", statement}});
    if (!answer.ok()) return answer.status();
    return read_rows(answer->body);
}

std::string Exporter::source(const std::string &measurement) const {
    return identifier(request_.database) + '.' + identifier(request_.policy) + '.' +
           identifier(measurement);
}

Status Exporter::find_policy() {
    auto policies = ask("SHOW RETENTION POLICIES ON " + identifier(request_.database));
    if (!policies.ok()) return policies.status();
    std::string names;
    for (const auto &row : *policies) {
        if (row.empty()) continue;
        const bool is_default = row.back() == "true";
        if (request_.policy.empty() ? is_default : row[0] == request_.policy) {
            request_.policy = row[0];
            return {};
        }
        names += (names.empty() ? "" : ", ") + row[0];
    }
    return {Code::not_found,
            request_.policy.empty()
                ? "database " + request_.database + " has no default policy; name one of " + names
                : "database " + request_.database + " has no policy " + request_.policy +
                      "; there are " + names};
}

Result<std::vector<std::string>> Exporter::find_measurements() {
    auto rows = ask("SHOW MEASUREMENTS ON " + identifier(request_.database));
    if (!rows.ok()) return rows.status();
    std::vector<std::string> names;
    for (const auto &row : *rows) {
        if (row.empty()) continue;
        if (request_.measurement.empty() || row[0] == request_.measurement) names.push_back(row[0]);
    }
    if (names.empty() && !request_.measurement.empty()) {
        return Status(Code::not_found, "database " + request_.database + " has no measurement " +
                                           request_.measurement);
    }
    return names;
}

// One entry per type that a field has, but for numbers: a cast converts between them, so that
// nothing tells which type each value had, and they are asked for as the strongest.
void Exporter::add_field(std::vector<ExportField> &fields, ExportField added,
                         const std::string &measurement) {
    const auto is_number = [](FieldType type) { return type <= FieldType::uint64; };
    for (ExportField &known : fields) {
        if (known.name != added.name) continue;
        known.cast = added.cast = true;
        if (!is_number(known.type) || !is_number(added.type)) continue;
        const FieldType strongest = std::min(known.type, added.type);
        notes_ << "note: field " << known.name << " of " << measurement << " is "
               << name_of(known.type) << " and " << name_of(added.type) << "; all of it becomes "
               << name_of(strongest) << '\n';
        known.type = strongest;
        return;
    }
    fields.push_back(std::move(added));
}

Result<std::vector<ExportField>> Exporter::find_fields(const std::string &measurement) {
    auto rows = ask("SHOW FIELD KEYS ON " + identifier(request_.database) + " FROM " +
                    identifier(request_.policy) + '.' + identifier(measurement));
    if (!rows.ok()) return rows.status();
    std::vector<ExportField> fields;
    for (const auto &row : *rows) {
        if (row.size() != 2) return Status(Code::data_loss, "SHOW FIELD KEYS has other columns");
        auto type = parse_field_type(row[1]);
        if (!type.ok()) return type.status().with_context(measurement + ": " + row[0]);
        add_field(fields, {row[0], *type}, measurement);
    }
    return fields;
}

Result<std::optional<Exporter::Span>> Exporter::find_span(const std::string &measurement,
                                                          const std::vector<ExportField> &fields) {
    std::string where;
    if (request_.from_ns) where = " WHERE time >= " + std::to_string(*request_.from_ns);
    if (request_.to_ns) {
        where += where.empty() ? " WHERE " : " AND ";
        where += "time < " + std::to_string(*request_.to_ns);
    }
    std::optional<Span> span;
    for (size_t i = 0; i < fields.size(); i += kFieldsPerQuery / 2) {
        std::string statements;
        for (size_t f = i; f < std::min(fields.size(), i + kFieldsPerQuery / 2); ++f) {
            for (const char *selector : {"first", "last"}) {
                statements += std::string(statements.empty() ? "" : "; ") + "SELECT " + selector +
                              '(' + column_of(fields[f]) + ") FROM " + source(measurement) + where;
            }
        }
        auto rows = ask(statements);
        if (!rows.ok()) return rows.status();
        for (const auto &row : *rows) {
            int64_t time = 0;
            const char *end = row.empty() ? nullptr : row[0].data() + row[0].size();
            if (end == nullptr || std::from_chars(row[0].data(), end, time).ptr != end) {
                return Status(Code::data_loss, "the server's answer has no time");
            }
            if (!span) span = Span{time, time};
            span->first_ns = std::min(span->first_ns, time);
            span->last_ns = std::max(span->last_ns, time);
        }
    }
    return span;
}

Status Exporter::export_rows(const std::string &statement, const std::string &measurement,
                             const std::vector<ExportField> &fields) {
    Status status;
    bool complete = false;
    std::string lines;
    const Parameters parameters{{"db", request_.database},
                                {"epoch", "ns"},
                                {"chunked", "true"},
                                {"chunk_size", kChunkRows},
                                {"q", statement}};
    const auto answered =
        client_.stream("POST", "/query", parameters, [&](std::string_view document) {
            if (!status.ok() || document.empty()) return;
            lines.clear();
            const auto chunk = append_lines(document, measurement, fields, lines);
            status = chunk.ok() ? file_.write(lines) : chunk.status();
            if (!chunk.ok()) return;
            rows_ += chunk->rows;
            complete = !chunk->more;
        });
    if (!answered.ok()) return answered.status();
    VARVE_RETURN_IF_ERROR(status);
    if (complete) return {};
    return {Code::unavailable, "the server broke its answer off (status " +
                                   std::to_string(*answered) + "): " + statement};
}

Status Exporter::export_slice(const std::string &measurement,
                              const std::vector<ExportField> &fields, const Span &slice) {
    const std::span<const ExportField> all(fields);
    for (size_t i = 0; i < all.size(); i += kFieldsPerQuery) {
        const auto part = all.subspan(i, std::min(kFieldsPerQuery, all.size() - i));
        std::string columns;
        for (const ExportField &field : part) {
            columns += (columns.empty() ? "" : ", ") + column_of(field);
        }
        const std::string statement = "SELECT " + columns + " FROM " + source(measurement) +
                                      " WHERE " + within(slice.first_ns, slice.last_ns) +
                                      " GROUP BY *";
        VARVE_RETURN_IF_ERROR(export_rows(statement, measurement, {part.begin(), part.end()}));
    }
    return {};
}

Status Exporter::export_measurement(const std::string &measurement) {
    auto fields = find_fields(measurement);
    if (!fields.ok()) return fields.status();
    if (fields->empty()) return {};
    auto span = find_span(measurement, *fields);
    if (!span.ok()) return span.status();
    if (!*span) return {};
    ++measurements_;
    int64_t width_ns = kFirstSliceNs;
    for (Span slice = **span;;) {
        const int64_t end_ns = (*span)->last_ns;
        // Compared as a difference: the sum may leave the range.
        const auto left_ns = static_cast<uint64_t>(end_ns) - static_cast<uint64_t>(slice.first_ns);
        const bool last = left_ns < static_cast<uint64_t>(width_ns);
        slice.last_ns = last ? end_ns : slice.first_ns + (width_ns - 1);
        const auto start = std::chrono::steady_clock::now();
        VARVE_RETURN_IF_ERROR(export_slice(measurement, *fields, slice));
        if (last) return {};
        const auto took = std::chrono::steady_clock::now() - start;
        if (took < kQuick && width_ns <= INT64_MAX / 4) width_ns *= 4;
        if (took > kSlow) width_ns = std::max<int64_t>(width_ns / 4, 1'000'000'000);
        slice.first_ns = slice.last_ns + 1;
    }
}

Status Exporter::run() {
    VARVE_RETURN_IF_ERROR(find_policy());
    auto measurements = find_measurements();
    if (!measurements.ok()) return measurements.status();
    // Comments of line protocol, and what `influx -import` reads the target from.
    VARVE_RETURN_IF_ERROR(file_.write("# DML\n# CONTEXT-DATABASE: " + request_.database +
                                      "\n# CONTEXT-RETENTION-POLICY: " + request_.policy + '\n'));
    for (const std::string &measurement : *measurements) {
        const Status status = export_measurement(measurement);
        if (!status.ok()) return status.with_context("measurement " + measurement);
    }
    return {};
}

}  // namespace varve::cli
