// Answers of /query as line protocol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"

namespace varve::cli {

// The stronger first: what InfluxQL prefers when a field has several.
enum class FieldType { float64, int64, uint64, string, boolean };

// "float", "integer", "unsigned", "string", "boolean", as SHOW FIELD KEYS names them.
Result<FieldType> parse_field_type(std::string_view name);
std::string_view name_of(FieldType type);

struct ExportField {
    std::string name;
    FieldType type = FieldType::float64;
    bool cast = false;  // the field has other types as well: ask for this one
};

struct WrittenChunk {
    uint64_t rows = 0;
    bool more = false;  // the answer goes on in another chunk
};

// Appends one line per row of `document`, a chunk of the answer to `SELECT field, … GROUP BY *`
// with epoch=ns, whose columns are the time and then `fields` in order. Numbers keep the server's
// digits. Errors (then `out` is as before): what the server says of the statement as
// failed_precondition, data_loss if the document is none of /query.
Result<WrittenChunk> append_lines(std::string_view document, std::string_view measurement,
                                  const std::vector<ExportField> &fields, std::string &out);

}  // namespace varve::cli
