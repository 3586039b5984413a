#include "query/exec/measurement_scan.hpp"

#include <algorithm>
#include <cstring>

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

// Takes the column's values where the vector has none yet.
void merge_column(const varve_column &column, uint32_t rows, Vector &out) {
    const auto type = static_cast<Type>(column.type);
    for (uint32_t row = 0; row < rows; ++row) {
        if (out.valid[row] != 0 || !is_set(column.validity, row)) continue;
        if (type == Type::string) {
            out.set_text(row, view(static_cast<const varve_str *>(column.values)[row]));
        } else {
            out.set(row, convert_bits(bits_at(column, row), type, out.type));
        }
    }
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
    spec.from_ns = options.from_ns;
    spec.to_ns = options.to_ns;
    spec.descending = !select.ascending;
    spec.limit_per_series = options.limit_per_series;
    spec.partitions = options.partitions;
    spec.wants_stats = options.kind == Trace::Kind::aggregate_scan;
    spec.tag_keys = select.group_tags;
    spec.tag_keys.insert(spec.tag_keys.end(), select.part_tags.begin(), select.part_tags.end());
    std::map<std::string, uint32_t> fields;
    for (const auto *list : {&select.inputs, &source.filter_inputs}) {
        for (const plan::Input &input : *list) {
            Bound bound;
            bound.input = &input;
            if (input.is_tag) {
                bound.tag = position_of(spec.tag_keys, input.name);
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
    std::sort(positions_.begin(), positions_.end());
    positions_.erase(std::unique(positions_.begin(), positions_.end()), positions_.end());
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

Vector MeasurementScan::gather(size_t partition, uint32_t series, size_t input, uint32_t rows,
                               const varve_column *columns) const {
    const Bound &bound = inputs_[input];
    Vector out;
    if (bound.input->is_tag) {
        out.reset(Type::string, rows);
        const std::string_view value = scan_->series_tag(partition, series, bound.tag);
        // An absent tag shows as null, and compares as the empty text. What a subquery groups by is
        // never absent.
        const bool absent = source_.subquery == nullptr ? value.empty() : value.data() == nullptr;
        if (absent && input < select_.inputs.size()) return out;
        for (uint32_t row = 0; row < rows; ++row) out.set_text(row, value);
        return out;
    }
    out.reset(bound.input->type, rows);
    for (const uint32_t position : bound.columns) {
        const varve_column &column = columns[position];
        if (out.type != Type::string && out.type != Type::boolean && bound.direct >= 0 &&
            column.validity == nullptr) {
            if (rows == 0) return out;
            std::memcpy(out.bits.data(), column.values, rows * sizeof(uint64_t));
            std::fill(out.valid.begin(), out.valid.end(), 1);
            return out;
        }
        merge_column(column, rows, out);
    }
    return out;
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
