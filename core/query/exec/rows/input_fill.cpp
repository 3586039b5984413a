#include "query/exec/rows/input_fill.hpp"

namespace varve::query::exec {

namespace {

bool fills_inputs(const plan::Select &select) {
    if (select.fill.kind != plan::FillKind::number && select.fill.kind != plan::FillKind::previous)
        return false;
    if (select.join != nullptr || !select.streams.empty() || select.feeds_stream) return false;
    return select.aggregates.empty() || select.needs_point;
}

}  // namespace

uint64_t fill_bits(const plan::Fill &fill, Type type) {
    if (type == Type::floating) return std::bit_cast<uint64_t>(fill.number);
    if (fill.is_integer) return static_cast<uint64_t>(fill.integer);
    return convert_bits(std::bit_cast<uint64_t>(fill.number), Type::floating, type);
}

InputFill::InputFill(const plan::Select &select)
    : select_(select),
      first_(select.aggregates.size()),
      active_(fills_inputs(select)),
      last_(select.inputs.size()),
      last_texts_(select.inputs.size()) {}

void InputFill::begin() {
    for (Last &last : last_) last.is_set = false;
}

std::vector<Vector> InputFill::filled(std::span<const Vector> columns, size_t from, size_t count) {
    std::vector<Vector> out(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
        out[i].reset(columns[i].type, 0);
        for (size_t row = from; row < from + count; ++row) out[i].append_from(columns[i], row);
        if (i < first_ || out[i].type == Type::none) continue;
        if (select_.fill.kind == plan::FillKind::number) {
            put_number(out[i]);
        } else {
            repeat(i - first_, out[i]);
        }
    }
    return out;
}

void InputFill::put_number(Vector &column) const {
    if (!plan::is_numeric(column.type)) return;
    for (size_t row = 0; row < column.valid.size(); ++row) {
        if (!column.is_valid(row)) column.set(row, fill_bits(select_.fill, column.type));
    }
}

void InputFill::repeat(size_t input, Vector &column) {
    Last &last = last_[input];
    last_texts_[input] = last.text;
    std::string_view text = last_texts_[input];
    for (size_t row = 0; row < column.valid.size(); ++row) {
        if (column.is_valid(row)) {
            last.is_set = true;
            if (column.type == Type::string) text = column.text[row];
            if (column.type != Type::string) last.bits = column.bits[row];
        } else if (last.is_set) {
            if (column.type == Type::string) column.set_text(row, text);
            if (column.type != Type::string) column.set(row, last.bits);
        }
    }
    last.text = text;
}

}  // namespace varve::query::exec
