#include "query/exec/rows/row_keeper.hpp"

#include <cstring>

namespace varve::query::exec {

Status RowKeeper::charge(size_t rows, size_t columns) {
    const uint64_t size = rows * (sizeof(int64_t) + columns * (sizeof(std::string_view) + 1));
    VARVE_RETURN_IF_ERROR(budget_.check());
    VARVE_RETURN_IF_ERROR(budget_.charge(size));
    charged_ += size;
    return {};
}

Status RowKeeper::append(const Vector &from, size_t row, Vector &column) {
    const bool is_null = !from.is_valid(row) || column.type == Type::none;
    const size_t at = column.valid.size();
    if (is_null || column.type != Type::string) {
        column.append_null(1);
        if (!is_null) column.set(at, convert_bits(from.bits[row], from.type, column.type));
        return {};
    }
    const std::string_view text = from.text[row];
    // Texts repeat from row to row: the one before is taken if it is the same.
    std::string_view kept = at == 0 ? std::string_view() : column.text[at - 1];
    if (kept != text || kept.data() == nullptr) {
        auto *copy = static_cast<char *>(texts_.allocate(text.size() + 1, 1));
        if (copy == nullptr) return texts_.status();
        std::memcpy(copy, text.data(), text.size());
        kept = {copy, text.size()};
    }
    column.append_null(1);
    column.set_text(at, kept);
    return {};
}

}  // namespace varve::query::exec
