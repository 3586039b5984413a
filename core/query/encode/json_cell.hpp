// A value of a column as JSON.
#pragma once

#include "query/encode/json_writer.hpp"
#include "query/exec/rows/row_sink.hpp"

namespace varve::query::encode {

void append_json_cell(const exec::Vector &column, size_t row, JsonWriter &json);

}  // namespace varve::query::encode
