#include "query/exec/measurement_scan.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "query/exec/evaluate.hpp"
#include "query/exec/subquery/subqueries.hpp"

namespace varve::query::exec {

namespace {

bool is_set(const uint64_t *validity, uint32_t row) {
    return validity == nullptr || (validity[row >> 6] >> (row & 63) & 1) != 0;
}

uint64_t bits_at(const varve_column &column, uint32_t row) {
    if (column.type == VARVE_TYPE_BOOLEAN) return static_cast<const uint8_t *>(column.values)[row];
    return static_cast<const uint64_t *>(column.values)[row];
}

// The column's values of these rows, where the vector has none yet from `at` on.
void merge_rows(const varve_column &column, std::span<const uint32_t> rows, size_t at,
                Vector &out) {
    const auto type = static_cast<Type>(column.type);
    for (size_t i = 0; i < rows.size(); ++i) {
        if (out.valid[at + i] != 0 || !is_set(column.validity, rows[i])) continue;
        if (type == Type::string) {
            out.set_text(at + i, view(static_cast<const varve_str *>(column.values)[rows[i]]));
        } else {
            out.set(at + i, convert_bits(bits_at(column, rows[i]), type, out.type));
        }
    }
}

std::vector<uint32_t> all_rows(uint32_t count) {
    std::vector<uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
}

bool takes(const plan::Input &input, Type type) {
    if (type == input.type) return true;
    return input.converts && plan::is_numeric(type) && plan::is_numeric(input.type);
}

uint32_t position_of(std::vector<std::string> &list, const std::string &name) {
    const auto found = std::find(list.begin(), list.end(), name);
    if (found != list.end()) return static_cast<uint32_t>(found - list.begin());
    list.push_back(name);
    return static_cast<uint32_t>(list.size() - 1);
}

}  // namespace

Result<std::unique_ptr<MeasurementScan>> MeasurementScan::open(const Run &run,
                                                               const plan::ScanSource &source,
                                                               const Options &options) {
    const plan::Select &select = run.select;
    std::unique_ptr<MeasurementScan> out(new MeasurementScan(select, source));
    ScanSpec spec;
    spec.source = &source;
    spec.from_ns = std::max(options.from_ns, source.readable.min_ns);
    spec.to_ns = std::min(options.to_ns, source.readable.max_ns + 1);
    spec.descending = !select.ascending;
    spec.limit_per_series = options.limit_per_series;
    spec.partitions = options.partitions;
    const bool wants_one_row = options.kind == Trace::Kind::row_scan &&
                               options.limit_per_series == 1 && !source.filter.has_value();
    spec.wants_stats = options.kind == Trace::Kind::aggregate_scan || wants_one_row;
    // Statistics answer blocks that lie in one bucket.
    spec.stats_span_max_ns = select.window.interval_ns;
    spec.tag_keys = select.group_tags;
    spec.tag_keys.insert(spec.tag_keys.end(), select.part_tags.begin(), select.part_tags.end());
    std::map<std::string, uint32_t> fields;
    for (const auto *list : {&select.inputs, &source.filter_inputs}) {
        for (const plan::Input &input : *list) {
            Bound bound;
            bound.input = &input;
            if (input.is_tag) {
                if (!input.is_origin) bound.tag = position_of(spec.tag_keys, input.name);
            } else if (input.type != Type::none) {
                fields[input.name] = position_of(spec.fields, input.name);
            }
            out->inputs_.push_back(std::move(bound));
        }
    }
    Result<std::unique_ptr<Scan>> scan =
        source.subquery != nullptr
            ? run.subqueries->open(run, std::move(spec))
            : StorageScan::open(run.snapshot_of(source), std::move(spec), run.budget);
    if (!scan.ok()) return scan.status();
    out->scan_ = std::move(*scan);
    if (run.trace != nullptr) {
        out->scan_ = traced_scan(std::move(out->scan_), run.trace->scan(options.kind));
    }
    out->bind(fields);
    return out;
}

void MeasurementScan::bind(std::map<std::string, uint32_t> &fields) {
    const auto &columns = scan_->columns();
    for (Bound &bound : inputs_) {
        if (bound.input->is_tag || bound.input->type == Type::none) continue;
        const uint32_t field = fields[bound.input->name];
        for (uint32_t position = 0; position < columns.size(); ++position) {
            if (columns[position].field != field) continue;
            if (takes(*bound.input, columns[position].type)) bound.columns.push_back(position);
        }
        if (bound.columns.size() == 1 && columns[bound.columns[0]].type == bound.input->type) {
            bound.direct = static_cast<int>(bound.columns[0]);
        }
        positions_.insert(positions_.end(), bound.columns.begin(), bound.columns.end());
    }
    const auto sort_out = [](std::vector<uint32_t> &list) {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    for (size_t i = select_.inputs.size(); i < inputs_.size(); ++i) {
        filter_positions_.insert(filter_positions_.end(), inputs_[i].columns.begin(),
                                 inputs_[i].columns.end());
    }
    sort_out(filter_positions_);
    sort_out(positions_);
}

std::string MeasurementScan::group_key(size_t partition, uint32_t series) const {
    return joined_tags(partition, series, select_.group_tags.size());
}

std::string MeasurementScan::part_key(size_t partition, uint32_t series) const {
    return joined_tags(partition, series, select_.group_tags.size() + select_.part_tags.size());
}

std::string MeasurementScan::joined_tags(size_t partition, uint32_t series, size_t count) const {
    std::string key;
    for (uint32_t tag = 0; tag < count; ++tag) {
        key += scan_->series_tag(partition, series, tag);
        key += '\0';
    }
    return key;
}

std::vector<std::string> split_group_key(const std::string &key, size_t tags) {
    std::vector<std::string> values;
    size_t from = 0;
    for (size_t i = 0; i < tags; ++i) {
        const size_t to = key.find('\0', from);
        values.push_back(key.substr(from, to - from));
        from = to + 1;
    }
    return values;
}

const uint64_t *MeasurementScan::plain_values(const Bound &bound, const varve_column *columns) {
    if (bound.direct < 0) return nullptr;
    const varve_column &column = columns[bound.direct];
    const bool is_plain = column.validity == nullptr && column.type != VARVE_TYPE_STRING &&
                          column.type != VARVE_TYPE_BOOLEAN;
    return is_plain ? static_cast<const uint64_t *>(column.values) : nullptr;
}

Vector MeasurementScan::gather(size_t partition, uint32_t series, size_t input, uint32_t rows,
                               const varve_column *columns) const {
    const Bound &bound = inputs_[input];
    Vector out;
    const uint64_t *const plain = rows == 0 ? nullptr : plain_values(bound, columns);
    if (plain != nullptr) {
        out.reset(bound.input->type, rows);
        std::memcpy(out.bits.data(), plain, rows * sizeof(uint64_t));
        std::fill(out.valid.begin(), out.valid.end(), 1);
        return out;
    }
    out.reset(bound.input->is_tag ? Type::string : bound.input->type, 0);
    append_rows(partition, series, input, all_rows(rows), columns, out);
    return out;
}

void MeasurementScan::append_rows(size_t partition, uint32_t series, size_t input,
                                  std::span<const uint32_t> rows, const varve_column *columns,
                                  Vector &out) const {
    const Bound &bound = inputs_[input];
    const size_t at = out.valid.size();
    out.append_null(rows.size());
    const uint64_t *const plain = rows.empty() ? nullptr : plain_values(bound, columns);
    if (plain != nullptr) {
        uint64_t *const bits = out.bits.data() + at;
        for (size_t i = 0; i < rows.size(); ++i) bits[i] = plain[rows[i]];
        std::fill(out.valid.begin() + static_cast<ptrdiff_t>(at), out.valid.end(), 1);
        return;
    }
    if (!bound.input->is_tag) {
        for (const uint32_t position : bound.columns) {
            merge_rows(columns[position], rows, at, out);
        }
        return;
    }
    const std::string_view value = bound.input->is_origin
                                       ? std::string_view(source_.measurement)
                                       : scan_->series_tag(partition, series, bound.tag);
    // An absent tag shows as null, and compares as the empty text. What a subquery groups by is
    // never absent.
    const bool absent = source_.subquery == nullptr ? value.empty() : value.data() == nullptr;
    if (absent && input < select_.inputs.size()) return;
    for (size_t i = 0; i < rows.size(); ++i) out.set_text(at + i, value);
}

bool MeasurementScan::knows_first_row(const varve_block &block) const {
    if (block.exact == 0 || block.stats == nullptr || has_filter()) return false;
    const int64_t time_ns = select_.ascending ? block.t_min : block.t_max;
    if (time_ns < select_.range.min_ns || time_ns > select_.range.max_ns) return false;
    if (positions_.empty()) return false;
    return std::all_of(positions_.begin(), positions_.end(), [&](uint32_t position) {
        const varve_block_stats &stats = block.stats[position];
        return scan_->columns()[position].type != Type::string && stats.count == block.rows &&
               (stats.present & VARVE_STATS_FIRSTLAST) != 0;
    });
}

void MeasurementScan::append_first_row(size_t partition, const varve_block &block, size_t input,
                                       Vector &out) const {
    const Bound &bound = inputs_[input];
    if (bound.input->is_tag) {
        const uint32_t row = 0;
        return append_rows(partition, block.series, input, {&row, 1}, nullptr, out);
    }
    out.append_null(1);
    if (bound.columns.empty()) return;
    // All columns have a value: the strongest type's counts.
    const uint32_t position = bound.columns.front();
    const varve_block_stats &stats = block.stats[position];
    const uint64_t bits = select_.ascending ? stats.first.as_uint : stats.last.as_uint;
    out.set(out.valid.size() - 1, convert_bits(bits, scan_->columns()[position].type, out.type));
}

std::vector<uint32_t> MeasurementScan::rows_that_count(const LoadedRows &rows) const {
    std::vector<const uint64_t *> validities;
    bool all_have_value = source_.subquery != nullptr && !select_.feeds_stream;
    for (size_t i = 0; i < select_.inputs.size(); ++i) {
        if (!select_.inputs[i].counts) continue;
        for (const uint32_t position : inputs_[i].columns) {
            validities.push_back(rows.loaded.columns[position].validity);
            all_have_value = all_have_value || validities.back() == nullptr;
        }
    }
    std::vector<uint32_t> out;
    for (uint32_t row = 0; row < rows.loaded.row_count; ++row) {
        if (!rows.passing.empty() && rows.passing[row] == 0) continue;
        const bool counts =
            all_have_value || std::any_of(validities.begin(), validities.end(),
                                          [&](const uint64_t *bits) { return is_set(bits, row); });
        if (counts) out.push_back(row);
    }
    return out;
}

Status MeasurementScan::load(size_t partition, const varve_block &block, LoadedRows &out) const {
    out.passing.clear();
    if (has_filter()) {
        VARVE_RETURN_IF_ERROR(scan_->load(partition, block, filter_positions_, out.loaded));
        out.passing = passing(partition, block.series, out.loaded);
        // Where no row passes, nothing else is read.
        if (std::find(out.passing.begin(), out.passing.end(), 1) == out.passing.end()) return {};
    }
    return scan_->load(partition, block, positions_, out.loaded);
}

std::vector<uint8_t> MeasurementScan::passing(size_t partition, uint32_t series,
                                              const varve_loaded &loaded) const {
    if (!has_filter()) return {};
    std::vector<Vector> values(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); ++i) {
        if (i < select_.inputs.size()) continue;
        values[i] = gather(partition, series, i, loaded.row_count, loaded.columns);
    }
    return evaluate_condition(*source_.filter, values, loaded.row_count);
}

}  // namespace varve::query::exec
