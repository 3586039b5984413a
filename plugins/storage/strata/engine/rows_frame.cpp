#include "storage/strata/engine/rows_frame.hpp"

namespace varve::strata {
namespace {

// Appends the chosen rows of an array.
template <typename T>
void put_rows(ByteWriter &writer, std::string &out, const RowsPart &part, const T *values) {
    writer.align(8);
    if (part.rows == nullptr) {
        writer.bytes({reinterpret_cast<const char *>(values), sizeof(T) * part.row_count});
        return;
    }
    const size_t at = out.size();
    out.resize(at + sizeof(T) * part.row_count);
    char *to = out.data() + at;
    for (uint32_t i = 0; i < part.row_count; ++i, to += sizeof(T)) {
        std::memcpy(to, values + part.rows[i], sizeof(T));
    }
}

bool is_valid(const RowsColumn &column, uint32_t row) {
    return column.validity == nullptr || (column.validity[row / 64] >> (row % 64) & 1) != 0;
}

void encode_validity(ByteWriter &writer, const RowsPart &part, const RowsColumn &column) {
    writer.align(8);
    for (uint32_t from = 0; from < part.row_count; from += 64) {
        uint64_t word = 0;
        for (uint32_t i = from; i < std::min(from + 64, part.row_count); ++i) {
            word |= uint64_t{is_valid(column, part.row(i))} << (i - from);
        }
        writer.put(word);
    }
}

void encode_column(ByteWriter &writer, std::string &out, const RowsPart &part,
                   const RowsColumn &column) {
    writer.align(8);
    writer.put(column.type);
    writer.put(uint32_t{column.validity != nullptr});
    writer.text(column.name);
    if (column.validity != nullptr) encode_validity(writer, part, column);
    if (column.type == VARVE_TYPE_STRING) {
        const auto *texts = static_cast<const varve_str *>(column.values);
        writer.align(8);
        for (uint32_t i = 0; i < part.row_count; ++i) writer.put(texts[part.row(i)].size);
        for (uint32_t i = 0; i < part.row_count; ++i) writer.bytes(view(texts[part.row(i)]));
    } else if (column.type == VARVE_TYPE_BOOLEAN) {
        put_rows(writer, out, part, static_cast<const uint8_t *>(column.values));
    } else if (is_plain(column)) {
        put_rows(writer, out, part, static_cast<const uint64_t *>(column.values));
    } else {
        writer.align(8);
        for (uint32_t i = 0; i < part.row_count; ++i) writer.put(word_of(column, part.row(i)));
    }
}

void encode_part(ByteWriter &writer, std::string &out, const RowsPart &part) {
    writer.align(8);
    writer.put(part.shard_id);
    writer.put(part.from_ns);
    writer.put(part.to_ns);
    writer.put(part.row_count);
    writer.put(static_cast<uint32_t>(part.series.size()));
    writer.put(static_cast<uint32_t>(part.named.size()));
    writer.put(static_cast<uint32_t>(part.columns.size()));
    writer.text(part.measurement);
    for (const auto &[position, key] : part.named) {
        writer.put(position);
        writer.text(key);
    }
    writer.align(8);
    writer.bytes({reinterpret_cast<const char *>(part.series.data()), part.series.size_bytes()});
    put_rows(writer, out, part, part.key_index);
    put_rows(writer, out, part, part.times);
    writer.align(8);
    if (part.ordinals != nullptr) {
        put_rows(writer, out, part, part.ordinals);
    } else {
        for (uint32_t i = 0; i < part.row_count; ++i) writer.put(part.row(i));
    }
    for (const RowsColumn &column : part.columns) encode_column(writer, out, part, column);
}

template <typename T>
const T *get_rows(ByteReader &reader, uint64_t count) {
    reader.align(8);
    return reinterpret_cast<const T *>(reader.bytes(sizeof(T) * count).data());
}

bool decode_column(ByteReader &reader, uint32_t row_count, Rows &rows, RowsColumn &column) {
    reader.align(8);
    column.type = column.source_type = reader.get<uint32_t>();
    const auto has_validity = reader.get<uint32_t>();
    column.name = reader.text();
    if (column.type < VARVE_TYPE_FLOAT64 || column.type > VARVE_TYPE_BOOLEAN) return false;
    if (has_validity != 0) {
        column.validity = get_rows<uint64_t>(reader, (uint64_t{row_count} + 63) / 64);
    }
    if (column.type == VARVE_TYPE_BOOLEAN) {
        column.values = get_rows<uint8_t>(reader, row_count);
    } else if (column.type != VARVE_TYPE_STRING) {
        column.values = get_rows<uint64_t>(reader, row_count);
    } else {
        const auto *sizes = get_rows<uint32_t>(reader, row_count);
        if (!reader.ok()) return false;
        auto &texts = rows.texts.emplace_back();
        for (uint32_t i = 0; i < row_count; ++i) texts.push_back(str(reader.bytes(sizes[i])));
        column.values = texts.data();
    }
    return reader.ok();
}

bool decode_part(ByteReader &reader, Rows &rows, RowsPart &part) {
    reader.align(8);
    part.shard_id = reader.get<uint64_t>();
    part.from_ns = reader.get<int64_t>();
    part.to_ns = reader.get<int64_t>();
    part.row_count = reader.get<uint32_t>();
    const auto series = reader.get<uint32_t>();
    const auto named = reader.get<uint32_t>();
    const auto columns = reader.get<uint32_t>();
    part.measurement = reader.text();
    for (uint32_t i = 0; i < named && reader.ok(); ++i) {
        const auto position = reader.get<uint32_t>();
        part.named.emplace_back(position, reader.text());
        if (position >= series) return false;
    }
    const auto *ids = get_rows<uint32_t>(reader, series);
    if (!reader.ok()) return false;
    part.series = {ids, series};
    part.key_index = get_rows<uint32_t>(reader, part.row_count);
    part.times = get_rows<int64_t>(reader, part.row_count);
    part.ordinals = get_rows<uint32_t>(reader, part.row_count);
    if (!reader.ok()) return false;
    for (uint32_t i = 0; i < part.row_count; ++i) {
        if (part.key_index[i] >= series) return false;
        if (part.series[part.key_index[i]] == storage::kNoSeries) return false;
    }
    for (uint32_t i = 0; i < columns; ++i) {
        if (!decode_column(reader, part.row_count, rows, part.columns.emplace_back())) return false;
    }
    return true;
}

}  // namespace

uint64_t word_of(const RowsColumn &column, uint32_t row) {
    if (column.type == VARVE_TYPE_BOOLEAN) return static_cast<const uint8_t *>(column.values)[row];
    const uint64_t word = static_cast<const uint64_t *>(column.values)[row];
    if (column.type == column.source_type) return word;
    return std::bit_cast<uint64_t>(column.source_type == VARVE_TYPE_INT64
                                       ? static_cast<double>(static_cast<int64_t>(word))
                                       : static_cast<double>(word));
}

Rows rows_of_plan(const varve_batch &batch, const varve_write_opts &opts,
                  const storage::WritePlan &plan, SeriesIndex &index) {
    Rows rows;
    rows.db_id = opts.db_id;
    rows.rp_id = opts.rp_id;
    const bool has_head = index.has_head();
    rows.parts.reserve(plan.parts.size());
    for (const storage::PlanPart &planned : plan.parts) {
        const varve_table &table = *batch.tables[planned.table];
        const varve_shard_range &range = opts.shards[planned.shard];
        RowsPart &part = rows.parts.emplace_back();
        part.shard_id = range.id;
        part.from_ns = range.from_ns;
        part.to_ns = range.to_ns;
        part.measurement = view(table.measurement);
        part.series =
            std::span(plan.series).subspan(plan.first_key[planned.table], table.key_count);
        for (uint32_t i = 0; has_head && i < table.key_count; ++i) {
            if (part.series[i] != storage::kNoSeries && index.in_head(part.series[i])) {
                part.named.emplace_back(i, view(table.keys[i].text));
            }
        }
        part.key_index = table.key_index;
        part.times = table.times;
        part.ordinals = table.ordinals;
        part.rows = planned.is_whole ? nullptr : planned.rows.data();
        part.row_count = planned.row_count;
        for (const storage::PlannedColumn &column : planned.columns) {
            const varve_column &source = table.columns[column.source];
            part.columns.push_back({view(source.name), column.type, source.type, source.values,
                                    source.validity, column.known});
        }
    }
    return rows;
}

std::string encode_rows(const Rows &rows) {
    size_t estimate = 64;
    for (const RowsPart &part : rows.parts) {
        estimate += 256 + size_t{part.row_count} * (24 + 8 * part.columns.size());
        for (const auto &[position, key] : part.named) estimate += 8 + key.size();
        estimate += 4 * part.series.size();
    }
    std::string out;
    out.reserve(estimate);
    ByteWriter writer(out);
    writer.put(rows.db_id);
    writer.put(rows.rp_id);
    writer.put(static_cast<uint32_t>(rows.parts.size()));
    writer.put(uint32_t{0});
    for (const RowsPart &part : rows.parts) encode_part(writer, out, part);
    return out;
}

Result<Rows> decode_rows(std::string_view payload) {
    ByteReader reader(payload);
    Rows rows;
    rows.db_id = reader.get<uint64_t>();
    rows.rp_id = reader.get<uint64_t>();
    const auto parts = reader.get<uint32_t>();
    reader.get<uint32_t>();
    for (uint32_t i = 0; i < parts; ++i) {
        if (!reader.ok() || !decode_part(reader, rows, rows.parts.emplace_back())) {
            return Status(Code::data_loss, "a log frame of rows that makes no sense");
        }
    }
    if (!reader.ok() || !reader.at_end()) {
        return Status(Code::data_loss, "a log frame of rows that makes no sense");
    }
    return rows;
}

}  // namespace varve::strata
