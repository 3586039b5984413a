#include "storage/common/write_plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace varve::storage {
namespace {

// Whether an integer survives the way to double and back.
bool exact_as_float(const varve_column &column, uint32_t row) {
    if (column.type == VARVE_TYPE_INT64) {
        const int64_t value = static_cast<const int64_t *>(column.values)[row];
        const auto wide = static_cast<double>(value);
        return wide < 0x1p63 && static_cast<int64_t>(wide) == value;
    }
    const uint64_t value = static_cast<const uint64_t *>(column.values)[row];
    const auto wide = static_cast<double>(value);
    return wide < 0x1p64 && static_cast<uint64_t>(wide) == value;
}

uint32_t strongest(uint32_t types) {
    for (uint32_t type = kTypeFirst; type <= kTypeLast; ++type) {
        if ((types >> type & 1) != 0) return type;
    }
    return VARVE_TYPE_ANY;
}

class Planner {
  public:
    Planner(const varve_batch &batch, const varve_write_opts &opts,
            const varve_storage_limits &limits, SeriesIndex &index, PlanView &engine)
        : batch_(batch), opts_(opts), limits_(limits), index_(index), engine_(engine) {}

    Result<WritePlan> run() {
        static std::atomic<uint64_t> plans{0};
        plan_number_ = ++plans;
        if (limits_.tag_values_max != 0) index_.count_tag_values();
        plan_.series.resize(batch_.table_count);
        for (uint32_t table = 0; table < batch_.table_count; ++table) {
            VARVE_RETURN_IF_ERROR(resolve_keys(table));
            route(table);
        }
        std::stable_sort(
            plan_.parts.begin(), plan_.parts.end(),
            [](const PlanPart &a, const PlanPart &b) { return a.first_ordinal < b.first_ordinal; });
        for (PlanPart &part : plan_.parts) {
            VARVE_RETURN_IF_ERROR(check_types(part));
            check_rows(part);
            plan_.outcome.accepted += part.rows.size();
            if (!part.rows.empty()) commit_fields(part);
        }
        std::erase_if(plan_.parts, [](const PlanPart &part) { return part.rows.empty(); });
        return std::move(plan_);
    }

  private:
    const varve_table &table_of(const PlanPart &part) const { return *batch_.tables[part.table]; }

    Status resolve_keys(uint32_t position) {
        const varve_table &table = *batch_.tables[position];
        auto &series = plan_.series[position];
        series.resize(table.key_count);
        for (uint32_t i = 0; i < table.key_count; ++i) {
            const std::string_view key = view(table.keys[i].text);
            if (key.size() > series_key::kSizeMax) continue;
            const uint64_t hash = batch_.hash_seed == index_.hash_seed()
                                      ? table.keys[i].hash
                                      : series_key::hash(key, index_.hash_seed());
            auto interned = index_.intern(key, hash);
            if (!interned.ok()) return interned.status();
            series[i] = *interned;
        }
        return {};
    }

    void reject(const PlanPart &part, uint32_t row, uint32_t kind, uint32_t column = 0,
                uint32_t existing = 0, uint64_t limit = 0) {
        plan_.outcome.reject({part.table, row, column, kind, existing, 0, limit});
    }

    void route(uint32_t position) {
        const varve_table &table = *batch_.tables[position];
        const varve_shard_range *first = opts_.shards;
        const varve_shard_range *last = first + opts_.shard_count;
        std::map<uint32_t, PlanPart> parts;
        PlanPart *part = nullptr;
        const varve_shard_range *shard = nullptr;
        for (uint32_t row = 0; row < table.row_count; ++row) {
            if (table.keep != nullptr && (table.keep[row / 64] >> (row % 64) & 1) == 0) continue;
            const int64_t time = table.times[row];
            if (shard == nullptr || time < shard->from_ns || time >= shard->to_ns) {
                shard = std::upper_bound(
                    first, last, time,
                    [](int64_t t, const varve_shard_range &range) { return t < range.to_ns; });
                // The last instant of all belongs to a range that ends there.
                if (shard == last && first != last && last[-1].to_ns == INT64_MAX) --shard;
                if (shard == last || time < shard->from_ns) {
                    plan_.outcome.reject({position, row, 0, VARVE_REJECT_NO_SHARD, 0, 0, 0});
                    shard = nullptr;
                    continue;
                }
                const auto at = static_cast<uint32_t>(shard - first);
                part = &parts.try_emplace(at, PlanPart{position, at, UINT32_MAX, {}, {}})
                            .first->second;
                if (part->rows.empty()) part->rows.reserve(table.row_count - row);
            }
            part->first_ordinal = std::min(part->first_ordinal, ordinal(table, row));
            part->rows.push_back(row);
        }
        for (auto &[at, made] : parts) plan_.parts.push_back(std::move(made));
    }

    static uint32_t ordinal(const varve_table &table, uint32_t row) {
        return table.ordinals == nullptr ? row : table.ordinals[row];
    }

    static std::string field_slot(uint32_t shard, std::string_view measurement,
                                  std::string_view field) {
        std::string slot = std::to_string(shard) + ',';
        series_key::append_escaped_measurement(measurement, slot);
        slot += ' ';
        slot += field;
        return slot;
    }

    uint32_t types_of(const PlanPart &part, std::string_view field) {
        const std::string_view measurement = view(table_of(part).measurement);
        const ShardSchema *schema = engine_.schema(opts_.shards[part.shard].id);
        uint32_t types = schema == nullptr ? 0 : schema->types_now(measurement, field);
        if (staged_fields_.empty()) return types;
        const auto staged = staged_fields_.find(field_slot(part.shard, measurement, field));
        return staged == staged_fields_.end() ? types : types | staged->second;
    }

    Status check_types(PlanPart &part) {
        const varve_table &table = table_of(part);
        for (uint32_t i = 0; i < table.column_count; ++i) {
            const varve_column &column = table.columns[i];
            if (column.type < kTypeFirst || column.type > kTypeLast) {
                return {Code::invalid_argument,
                        "a column of unknown type " + std::to_string(column.type)};
            }
            const uint32_t types = types_of(part, view(column.name));
            const bool fits = types == 0 || (types >> column.type & 1) != 0 ||
                              opts_.on_type_conflict == VARVE_ON_CONFLICT_BOTH;
            const bool widens =
                !fits && opts_.on_type_conflict == VARVE_ON_CONFLICT_COERCE &&
                (types >> VARVE_TYPE_FLOAT64 & 1) != 0 &&
                (column.type == VARVE_TYPE_INT64 || column.type == VARVE_TYPE_UINT64);
            part.columns.push_back(
                {i, widens ? uint32_t{VARVE_TYPE_FLOAT64} : column.type, widens});
            if (fits) continue;
            const uint32_t existing = strongest(types);
            std::erase_if(part.rows, [&](uint32_t row) {
                if (!is_valid(column, row) || (widens && exact_as_float(column, row))) return false;
                reject(part, row, VARVE_REJECT_TYPE_CONFLICT, i, existing);
                return true;
            });
        }
        return {};
    }

    void check_rows(PlanPart &part) {
        const varve_table &table = table_of(part);
        const auto identity = find_identity(part);
        std::erase_if(part.rows, [&](uint32_t row) {
            const uint32_t key = table.key_index[row];
            Series *series = plan_.series[part.table][key];
            if (series == nullptr) {
                reject(part, row, VARVE_REJECT_KEY_TOO_LONG, 0, 0, series_key::kSizeMax);
                return true;
            }
            if (identity && !identity_fits(part, row, *series, *identity)) {
                reject(part, row, VARVE_REJECT_IDENTITY_CLASH, *identity);
                return true;
            }
            return !series->live() && series->staged_by != plan_number_ &&
                   !stage(part, row, *series);
        });
    }

    std::optional<uint32_t> find_identity(const PlanPart &part) const {
        const std::string_view wanted = view(opts_.identity_column);
        if (wanted.empty()) return std::nullopt;
        for (const PlannedColumn &column : part.columns) {
            const varve_column &source = table_of(part).columns[column.source];
            const bool integer =
                source.type == VARVE_TYPE_INT64 || source.type == VARVE_TYPE_UINT64;
            if (integer && view(source.name) == wanted) return column.source;
        }
        return std::nullopt;
    }

    // Whether the point is new or carries the number it has already; notes the number.
    bool identity_fits(const PlanPart &part, uint32_t row, const Series &series, uint32_t column) {
        const varve_table &table = table_of(part);
        if (!is_valid(table.columns[column], row)) return true;
        const uint64_t number = static_cast<const uint64_t *>(table.columns[column].values)[row];
        const auto point = std::make_pair(series.id, table.times[row]);
        const auto staged = identities_.find(point);
        if (staged != identities_.end()) return staged->second == number;
        const auto stored = engine_.integer_at(series, opts_.shards[part.shard].id, point.second,
                                               view(opts_.identity_column));
        if (stored && *stored != number) return false;
        identities_.emplace(point, number);
        return true;
    }

    // Makes a new series part of the plan, unless a limit forbids it.
    bool stage(const PlanPart &part, uint32_t row, Series &series) {
        if (limits_.series_max != 0 && index_.live_count() + staged_count_ >= limits_.series_max) {
            reject(part, row, VARVE_REJECT_SERIES_LIMIT, 0, 0, limits_.series_max);
            return false;
        }
        if (limits_.tag_values_max != 0) {
            const auto &tags = series.parts.tags;
            for (uint32_t i = 0; i < tags.size(); ++i) {
                if (tag_value_fits(series.measurement(), tags[i])) continue;
                reject(part, row, VARVE_REJECT_TAG_VALUE_LIMIT, i, 0, limits_.tag_values_max);
                return false;
            }
            for (const series_key::Tag &tag : tags) stage_tag_value(series.measurement(), tag);
        }
        series.staged_by = plan_number_;
        ++staged_count_;
        return true;
    }

    using TagSlot = std::pair<std::string, std::string>;

    bool tag_value_fits(std::string_view measurement, const series_key::Tag &tag) {
        if (index_.has_tag_value(measurement, tag)) return true;
        const auto staged = staged_values_.find(TagSlot(measurement, tag.key));
        const uint64_t count = staged == staged_values_.end() ? 0 : staged->second.size();
        if (count != 0 && staged->second.count(std::string(tag.value)) != 0) return true;
        return index_.tag_value_count(measurement, tag.key) + count < limits_.tag_values_max;
    }

    void stage_tag_value(std::string_view measurement, const series_key::Tag &tag) {
        if (index_.has_tag_value(measurement, tag)) return;
        staged_values_[TagSlot(measurement, tag.key)].emplace(std::string(tag.value), true);
    }

    void commit_fields(const PlanPart &part) {
        const varve_table &table = table_of(part);
        for (const PlannedColumn &column : part.columns) {
            const varve_column &source = table.columns[column.source];
            if ((types_of(part, view(source.name)) >> column.type & 1) != 0) continue;
            const bool any = std::any_of(part.rows.begin(), part.rows.end(),
                                         [&](uint32_t row) { return is_valid(source, row); });
            if (!any) continue;
            staged_fields_[field_slot(part.shard, view(table.measurement), view(source.name))] |=
                1u << column.type;
            plan_.new_fields.push_back({part.shard, part.table, column.source, column.type});
        }
    }

    const varve_batch &batch_;
    const varve_write_opts &opts_;
    const varve_storage_limits &limits_;
    SeriesIndex &index_;
    PlanView &engine_;
    WritePlan plan_;
    uint64_t plan_number_ = 0;
    uint64_t staged_count_ = 0;
    std::unordered_map<std::string, uint32_t> staged_fields_;
    std::map<TagSlot, std::map<std::string, bool>> staged_values_;
    std::map<std::pair<uint32_t, int64_t>, uint64_t> identities_;
};

}  // namespace

Result<WritePlan> plan_write(const varve_batch &batch, const varve_write_opts &opts,
                             const varve_storage_limits &limits, SeriesIndex &index,
                             PlanView &engine) {
    return Planner(batch, opts, limits, index, engine).run();
}

}  // namespace varve::storage
