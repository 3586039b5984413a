#include "query/encode/json_cell.hpp"

namespace varve::query::encode {

void append_json_cell(const exec::Vector &column, size_t row, JsonWriter &json) {
    if (!column.is_valid(row)) return json.null();
    switch (column.type) {
        case exec::Type::none:
            return json.null();
        case exec::Type::floating:
            return json.number(column.number(row));
        case exec::Type::integer:
            return json.integer(column.integer(row));
        case exec::Type::unsigned_integer:
            return json.unsigned_integer(column.bits[row]);
        case exec::Type::boolean:
            return json.boolean(column.bits[row] != 0);
        case exec::Type::string:
            return json.text(column.text[row]);
    }
}

}  // namespace varve::query::encode
