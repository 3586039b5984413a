#include "storage/common/write_plan.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
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
            const varve_storage_limits &limits, PlanView &engine)
        : batch_(batch), opts_(opts), limits_(limits), engine_(engine) {}

    Result<WritePlan> run() {
        VARVE_RETURN_IF_ERROR(resolve_keys());
        for (uint32_t table = 0; table < batch_.table_count; ++table) route(table);
        std::stable_sort(
            plan_.parts.begin(), plan_.parts.end(),
            [](const PlanPart &a, const PlanPart &b) { return a.first_ordinal < b.first_ordinal; });
        for (PlanPart &part : plan_.parts) {
            VARVE_RETURN_IF_ERROR(check_types(part));
            VARVE_RETURN_IF_ERROR(check_rows(part));
            plan_.outcome.accepted += part.row_count;
            if (part.row_count != 0) commit_fields(part);
        }
        std::erase_if(plan_.parts, [](const PlanPart &part) { return part.row_count == 0; });
        return std::move(plan_);
    }

  private:
    const varve_table &table_of(const PlanPart &part) const { return *batch_.tables[part.table]; }

    // What is known of a key of a table.
    enum class Key : uint8_t {
        unchecked,  // has not been asked whether a limit allows it
        accepted,
        too_long
    };

    struct Staged {
        uint64_t check;
        uint32_t series;
    };

    // The keys with hashes that are the engine's.
    std::span<const varve_series_key> keys_of(const varve_table &table) {
        const std::span<const varve_series_key> given(table.keys, table.key_count);
        const bool is_hashed =
            batch_.hash_seed == engine_.hash_seed() &&
            std::all_of(given.begin(), given.end(),
                        [](const varve_series_key &key) { return key.check != 0; });
        if (is_hashed) return given;
        auto &hashed = hashed_.emplace_back(given.begin(), given.end());
        for (varve_series_key &key : hashed) {
            const auto hashes = series_key::hashes(view(key.text), engine_.hash_seed());
            key.hash = hashes.hash;
            key.check = hashes.check;
        }
        return hashed;
    }

    Status resolve_keys() {
        keys_.reserve(batch_.table_count);
        plan_.first_key.reserve(batch_.table_count);
        size_t count = 0;
        for (uint32_t table = 0; table < batch_.table_count; ++table) {
            keys_.push_back(keys_of(*batch_.tables[table]));
            plan_.first_key.push_back(count);
            count += keys_.back().size();
        }
        plan_.series.assign(count, kNoSeries);
        states_.assign(count, Key::unchecked);
        live_.assign(count, 0);
        for (uint32_t table = 0; table < batch_.table_count; ++table) {
            if (table + 1 < batch_.table_count) engine_.prefetch(keys_[table + 1]);
            const size_t first = plan_.first_key[table];
            const size_t keys = keys_[table].size();
            VARVE_RETURN_IF_ERROR(engine_.find_all(keys_[table],
                                                   std::span(plan_.series).subspan(first, keys),
                                                   std::span(live_).subspan(first, keys)));
            for (size_t i = 0; i < keys; ++i) {
                if (live_[first + i] != 0) states_[first + i] = Key::accepted;
                if (keys_[table][i].text.size > series_key::kSizeMax) {
                    states_[first + i] = Key::too_long;
                }
            }
        }
        return {};
    }

    void reject(const PlanPart &part, uint32_t row, uint32_t kind, uint32_t column = 0,
                uint32_t existing = 0, uint64_t limit = 0) {
        plan_.outcome.reject({part.table, row, column, kind, existing, 0, limit});
    }

    void route(uint32_t position) {
        if (!route_whole(position)) route_rows(position);
    }

    // A table of one shard, the common case: no list of rows is needed.
    bool route_whole(uint32_t position) {
        const varve_table &table = *batch_.tables[position];
        if (table.keep != nullptr || table.row_count == 0) return false;
        const auto [low, high] = std::minmax_element(table.times, table.times + table.row_count);
        const varve_shard_range *shard = shard_of(*low);
        if (shard == nullptr || shard != shard_of(*high)) return false;
        const uint32_t first =
            table.ordinals == nullptr
                ? 0
                : *std::min_element(table.ordinals, table.ordinals + table.row_count);
        plan_.parts.push_back({position,
                               static_cast<uint32_t>(shard - opts_.shards),
                               first,
                               table.row_count,
                               true,
                               {},
                               {}});
        return true;
    }

    // Null when no shard takes the time.
    const varve_shard_range *shard_of(int64_t time) const {
        const varve_shard_range *first = opts_.shards;
        const varve_shard_range *last = first + opts_.shard_count;
        const varve_shard_range *shard = std::upper_bound(
            first, last, time,
            [](int64_t t, const varve_shard_range &range) { return t < range.to_ns; });
        // The last instant of all belongs to a range that ends there.
        if (shard == last && first != last && last[-1].to_ns == INT64_MAX) --shard;
        return shard == last || time < shard->from_ns ? nullptr : shard;
    }

    void route_rows(uint32_t position) {
        const varve_table &table = *batch_.tables[position];
        std::map<uint32_t, PlanPart> parts;
        PlanPart *part = nullptr;
        const varve_shard_range *shard = nullptr;
        for (uint32_t row = 0; row < table.row_count; ++row) {
            if (table.keep != nullptr && (table.keep[row / 64] >> (row % 64) & 1) == 0) continue;
            const int64_t time = table.times[row];
            if (shard == nullptr || time < shard->from_ns || time >= shard->to_ns) {
                shard = shard_of(time);
                if (shard == nullptr) {
                    plan_.outcome.reject({position, row, 0, VARVE_REJECT_NO_SHARD, 0, 0, 0});
                    continue;
                }
                const auto at = static_cast<uint32_t>(shard - opts_.shards);
                PlanPart fresh{position, at, UINT32_MAX, 0, false, {}, {}};
                part = &parts.try_emplace(at, std::move(fresh)).first->second;
                if (part->rows.empty()) part->rows.reserve(table.row_count - row);
            }
            part->first_ordinal = std::min(part->first_ordinal, ordinal(table, row));
            part->rows.push_back(row);
            ++part->row_count;
        }
        for (auto &[at, made] : parts) plan_.parts.push_back(std::move(made));
    }

    // Takes out the rows for which the predicate holds; it is asked once each, in order.
    template <typename Predicate>
    void remove_rows(PlanPart &part, Predicate predicate) {
        if (part.is_whole) {
            part.is_whole = false;
            part.rows.resize(part.row_count);
            std::iota(part.rows.begin(), part.rows.end(), 0u);
        }
        std::erase_if(part.rows, predicate);
        part.row_count = static_cast<uint32_t>(part.rows.size());
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
        if (table.column_count == 0) {
            return {Code::invalid_argument, "a table without columns"};
        }
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
            const uint32_t type = widens ? uint32_t{VARVE_TYPE_FLOAT64} : column.type;
            part.columns.push_back({i, type, widens, (types >> type & 1) != 0});
            if (fits) continue;
            const uint32_t existing = strongest(types);
            remove_rows(part, [&](uint32_t row) {
                if (!is_valid(column, row) || (widens && exact_as_float(column, row))) return false;
                reject(part, row, VARVE_REJECT_TYPE_CONFLICT, i, existing);
                return true;
            });
        }
        return {};
    }

    Status check_rows(PlanPart &part) {
        const varve_table &table = table_of(part);
        const auto keys = std::span(states_).subspan(plan_.first_key[part.table], table.key_count);
        const auto identity = find_identity(part);
        if (!identity &&
            std::all_of(keys.begin(), keys.end(), [](Key key) { return key == Key::accepted; })) {
            return {};
        }
        Status status;
        remove_rows(part, [&](uint32_t row) {
            const uint32_t key = table.key_index[row];
            if (keys[key] == Key::too_long) {
                reject(part, row, VARVE_REJECT_KEY_TOO_LONG, 0, 0, series_key::kSizeMax);
                return true;
            }
            if (keys[key] == Key::unchecked) {
                const auto made = stage(part, row);
                if (!made.ok()) status = made.status();
                if (!made.ok() || !*made) return true;
            }
            if (!identity || identity_fits(part, row, *identity)) return false;
            reject(part, row, VARVE_REJECT_IDENTITY_CLASH, *identity);
            return true;
        });
        return status;
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
    bool identity_fits(const PlanPart &part, uint32_t row, uint32_t column) {
        const varve_table &table = table_of(part);
        if (!is_valid(table.columns[column], row)) return true;
        const uint32_t series = plan_.series[plan_.first_key[part.table] + table.key_index[row]];
        const uint64_t number = static_cast<const uint64_t *>(table.columns[column].values)[row];
        const auto point = std::make_pair(series, table.times[row]);
        const auto staged = identities_.find(point);
        if (staged != identities_.end()) return staged->second == number;
        const auto stored =
            engine_.integer_at(series, view(table.measurement), opts_.shards[part.shard].id,
                               point.second, view(opts_.identity_column));
        if (stored && *stored != number) return false;
        identities_.emplace(point, number);
        return true;
    }

    // Makes a series that is not live part of the plan, unless a limit forbids it.
    Result<bool> stage(const PlanPart &part, uint32_t row) {
        const varve_table &table = table_of(part);
        const varve_series_key &key = keys_[part.table][table.key_index[row]];
        const size_t place = plan_.first_key[part.table] + table.key_index[row];
        uint32_t &series = plan_.series[place];
        Key &state = states_[place];
        if (is_staged(key, series)) {
            state = Key::accepted;
            return true;
        }
        if (limits_.series_max != 0 &&
            engine_.live_count() + staged_.size() >= limits_.series_max) {
            reject(part, row, VARVE_REJECT_SERIES_LIMIT, 0, 0, limits_.series_max);
            return false;
        }
        if (limits_.measurement_series_max != 0 && !measurement_fits(view(table.measurement))) {
            reject(part, row, VARVE_REJECT_MEASUREMENT_LIMIT, 0, 0, limits_.measurement_series_max);
            return false;
        }
        if (limits_.tag_values_max != 0) {
            series_key::Parts parts;
            if (Status status = series_key::split(view(key.text), parts); !status.ok()) {
                return status;
            }
            for (uint32_t i = 0; i < parts.tags.size(); ++i) {
                if (tag_value_fits(parts.measurement, parts.tags[i])) continue;
                reject(part, row, VARVE_REJECT_TAG_VALUE_LIMIT, i, 0, limits_.tag_values_max);
                return false;
            }
            for (const series_key::Tag &tag : parts.tags) stage_tag_value(parts.measurement, tag);
        }
        if (series == kNoSeries) {
            const auto made = engine_.make(view(key.text), {key.hash, key.check});
            if (!made.ok()) return made.status();
            series = *made;
        }
        staged_.emplace(key.hash, Staged{key.check, series});
        if (limits_.measurement_series_max != 0) {
            ++measurement_series_[std::string(view(table.measurement))];
        }
        state = Key::accepted;
        return true;
    }

    // Whether the plan has made the key's series live already, for another table or for a key that
    // stands twice in one; sets it.
    bool is_staged(const varve_series_key &key, uint32_t &series) const {
        const auto [from, to] = staged_.equal_range(key.hash);
        for (auto at = from; at != to; ++at) {
            if (at->second.check != key.check) continue;
            series = at->second.series;
            return true;
        }
        return false;
    }

    bool measurement_fits(std::string_view measurement) {
        const auto [at, first] = measurement_series_.try_emplace(std::string(measurement), 0);
        if (first) at->second = engine_.measurement_series_count(measurement);
        return at->second < limits_.measurement_series_max;
    }

    using TagSlot = std::pair<std::string, std::string>;

    bool tag_value_fits(std::string_view measurement, const series_key::Tag &tag) {
        if (engine_.has_tag_value(measurement, tag)) return true;
        const auto staged = staged_values_.find(TagSlot(measurement, tag.key));
        const uint64_t count = staged == staged_values_.end() ? 0 : staged->second.size();
        if (count != 0 && staged->second.count(std::string(tag.value)) != 0) return true;
        return engine_.tag_value_count(measurement, tag.key) + count < limits_.tag_values_max;
    }

    void stage_tag_value(std::string_view measurement, const series_key::Tag &tag) {
        if (engine_.has_tag_value(measurement, tag)) return;
        staged_values_[TagSlot(measurement, tag.key)].emplace(std::string(tag.value), true);
    }

    void commit_fields(const PlanPart &part) {
        const varve_table &table = table_of(part);
        for (const PlannedColumn &column : part.columns) {
            if (column.known) continue;
            const varve_column &source = table.columns[column.source];
            if ((types_of(part, view(source.name)) >> column.type & 1) != 0) continue;
            bool any = false;
            for (uint32_t i = 0; i < part.row_count && !any; ++i) {
                any = is_valid(source, part.row(i));
            }
            if (!any) continue;
            staged_fields_[field_slot(part.shard, view(table.measurement), view(source.name))] |=
                1u << column.type;
            plan_.new_fields.push_back({part.shard, part.table, column.source, column.type});
        }
    }

    const varve_batch &batch_;
    const varve_write_opts &opts_;
    const varve_storage_limits &limits_;
    PlanView &engine_;
    WritePlan plan_;
    std::vector<std::span<const varve_series_key>> keys_;           // per table
    std::deque<std::vector<varve_series_key>> hashed_;              // of tables that are not
    std::vector<Key> states_;                                       // like plan_.series
    std::vector<uint8_t> live_;                                     // like plan_.series
    std::unordered_map<std::string, uint64_t> measurement_series_;  // live and staged
    // Series that the plan makes live, by the hash of their keys.
    std::unordered_multimap<uint64_t, Staged> staged_;
    std::unordered_map<std::string, uint32_t> staged_fields_;
    std::map<TagSlot, std::map<std::string, bool>> staged_values_;
    std::map<std::pair<uint32_t, int64_t>, uint64_t> identities_;
};

}  // namespace

Result<WritePlan> plan_write(const varve_batch &batch, const varve_write_opts &opts,
                             const varve_storage_limits &limits, PlanView &engine) {
    return Planner(batch, opts, limits, engine).run();
}

}  // namespace varve::storage
