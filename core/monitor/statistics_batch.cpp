#include "monitor/statistics_batch.hpp"

#include <xxhash.h>

#include <cstring>
#include <deque>
#include <memory>

#include <varve/cpp/bytes.hpp>

namespace varve::monitor {
namespace {

// A 64-byte aligned array of a column's values.
struct alignas(64) ValueLine {
    int64_t values[8];
};

// One table: the modules of one name with the same values' names. Texts and arrays stay where they
// are.
struct Table {
    varve_table raw{};
    std::string measurement;
    std::vector<std::string> fields;
    std::deque<std::string> keys;
    std::vector<varve_series_key> raw_keys;
    std::vector<uint32_t> key_index;
    std::vector<int64_t> times;
    std::vector<uint32_t> ordinals;
    std::vector<std::vector<int64_t>> values;           // per field
    std::vector<std::unique_ptr<ValueLine[]>> aligned;  // the same, as storage wants them
    std::vector<varve_column> columns;
};

struct Owner {
    varve_batch raw{};
    std::deque<Table> tables;
    std::vector<const varve_table *> raw_tables;
};

// What of a name must have a backslash before it; a name that ends in one would swallow what
// follows.
void append_escaped(std::string &out, std::string_view name, std::string_view specials) {
    for (const char c : name) {
        if (specials.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    while (!out.empty() && out.back() == '\\') out.pop_back();
}

// The tags of a std::map are in the order that a key wants.
std::string series_key(const std::string &name, const std::map<std::string, std::string> &tags) {
    std::string key;
    append_escaped(key, name, ", ");
    for (const auto &[tag, value] : tags) {
        if (value.empty()) continue;
        key += ',';
        append_escaped(key, tag, ",= ");
        key += '=';
        append_escaped(key, value, ",= ");
    }
    return key;
}

std::vector<std::string> names_of(const std::map<std::string, int64_t> &values) {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const auto &[name, value] : values) names.push_back(name);
    return names;
}

Table &table_for(Owner &owner, const Module &module) {
    std::vector<std::string> fields = names_of(module.values);
    for (Table &table : owner.tables) {
        if (table.measurement == module.name && table.fields == fields) return table;
    }
    Table &made = owner.tables.emplace_back();
    made.measurement = module.name;
    made.fields = std::move(fields);
    made.values.resize(made.fields.size());
    return made;
}

void fill(Table &table) {
    const size_t rows = table.times.size();
    const size_t lines = (rows + 7) / 8;
    for (size_t i = 0; i < table.fields.size(); ++i) {
        table.aligned.push_back(std::make_unique<ValueLine[]>(lines));
        std::memcpy(table.aligned.back().get(), table.values[i].data(), rows * sizeof(int64_t));
        varve_column column{};
        column.name = str(table.fields[i]);
        column.type = VARVE_TYPE_INT64;
        column.values = table.aligned.back().get();
        table.columns.push_back(column);
    }
    varve_table &raw = table.raw;
    raw.struct_size = sizeof raw;
    raw.key_count = static_cast<uint32_t>(table.raw_keys.size());
    raw.row_count = static_cast<uint32_t>(rows);
    raw.column_count = static_cast<uint32_t>(table.columns.size());
    raw.measurement = str(table.measurement);
    raw.keys = table.raw_keys.data();
    raw.key_index = table.key_index.data();
    raw.times = table.times.data();
    raw.ordinals = table.ordinals.data();
    raw.columns = table.columns.data();
}

}  // namespace

varve_batch *make_batch(const Modules &modules, std::string_view hostname, int64_t time_ns,
                        uint64_t hash_seed) {
    auto owner = std::make_unique<Owner>();
    varve_batch &batch = owner->raw;
    for (const Module &module : modules) {
        if (module.values.empty()) continue;
        Table &table = table_for(*owner, module);
        std::map<std::string, std::string> tags = module.tags;
        tags["hostname"] = hostname;
        const std::string &key = table.keys.emplace_back(series_key(module.name, tags));
        const XXH64_hash_t hash = XXH3_64bits_withSeed(key.data(), key.size(), hash_seed);
        table.key_index.push_back(static_cast<uint32_t>(table.raw_keys.size()));
        table.raw_keys.push_back({str(key), hash, 0});
        table.times.push_back(time_ns);
        table.ordinals.push_back(static_cast<uint32_t>(batch.row_count++));
        size_t field = 0;
        for (const auto &[name, value] : module.values) table.values[field++].push_back(value);
        batch.value_count += module.values.size();
    }
    if (batch.row_count == 0) return nullptr;
    for (Table &table : owner->tables) {
        fill(table);
        owner->raw_tables.push_back(&table.raw);
    }
    batch.struct_size = sizeof batch;
    batch.table_count = static_cast<uint32_t>(owner->raw_tables.size());
    batch.tables = owner->raw_tables.data();
    batch.hash_seed = hash_seed;
    batch.size_bytes = batch.value_count * sizeof(int64_t);
    batch.owner = owner.get();
    batch.release = [](varve_batch *made) { delete static_cast<Owner *>(made->owner); };
    return &owner.release()->raw;
}

}  // namespace varve::monitor
