#include "common/batch/batch_builder.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace varve {
namespace {

size_t value_size(uint32_t type) {
    if (type == VARVE_TYPE_STRING) return sizeof(varve_str);
    return type == VARVE_TYPE_BOOLEAN ? 1 : 8;
}

template <typename T>
T *regrown(Arena &arena, const T *old, size_t count, size_t capacity) {
    T *fresh = arena.array<T>(capacity);
    if (count != 0) std::memcpy(fresh, old, count * sizeof(T));
    return fresh;
}

// An array that no vector instruction reads: aligned for its elements alone.
template <typename T>
T *plain_array(Arena &arena, size_t count) {
    T *array = static_cast<T *>(arena.allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_value_construct_n(array, count);
    return array;
}

}  // namespace

TableBuilder::TableBuilder(Arena &arena, std::string_view measurement,
                           std::span<const FieldSpec> fields)
    : arena_(arena),
      measurement_(measurement),
      fields_(plain_array<FieldSpec>(arena, fields.size())),
      values_(plain_array<void *>(arena, fields.size())),
      decimals_(plain_array<uint8_t>(arena, fields.size())),
      field_count_(static_cast<uint32_t>(fields.size())) {
    std::copy(fields.begin(), fields.end(), fields_);
}

void TableBuilder::grow(size_t rows_hint) {
    constexpr size_t kFirst = 16;
    // A hint may be wrong: from half as much again to eight times what there is.
    const size_t hinted =
        std::clamp(row_count_ + rows_hint, row_count_ * size_t{3} / 2, row_count_ * size_t{8});
    grow_rows(std::max(kFirst, rows_hint == 0 ? row_count_ * size_t{2} : hinted));
}

void TableBuilder::grow_rows(size_t capacity) {
    times_ = regrown(arena_, times_, row_count_, capacity);
    key_indexes_ = regrown(arena_, key_indexes_, row_count_, capacity);
    ordinals_ = regrown(arena_, ordinals_, row_count_, capacity);
    for (size_t i = 0; i < field_count_; ++i) {
        const size_t size = value_size(fields_[i].type);
        values_[i] = regrown(arena_, static_cast<const char *>(values_[i]), row_count_ * size,
                             capacity * size);
    }
    capacity_ = static_cast<uint32_t>(capacity);
}

void TableBuilder::reserve(size_t rows, size_t keys) {
    grow_rows(rows);
    key_capacity_ = static_cast<uint32_t>(keys);
    keys_ = arena_.array<varve_series_key>(keys);
}

void TableBuilder::grow_keys() {
    constexpr uint32_t kFirst = 8;
    // Where most rows bring a new key, there will be about as many keys as rows.
    const bool as_rows = key_count_ * 2 > row_count_ && capacity_ > key_count_;
    key_capacity_ = std::max(kFirst, as_rows ? capacity_ : key_capacity_ * 2);
    keys_ = regrown(arena_, keys_, key_count_, key_capacity_);
}

void TableBuilder::fill(varve_table &table) {
    auto *columns = plain_array<varve_column>(arena_, field_count_);
    for (size_t i = 0; i < field_count_; ++i) {
        columns[i] = {str(fields_[i].name), fields_[i].type, decimals_[i], {}, values_[i], nullptr};
    }
    table.struct_size = sizeof table;
    table.key_count = key_count_;
    table.row_count = row_count_;
    table.column_count = field_count_;
    table.measurement = str(measurement_);
    table.keys = keys_;
    table.key_index = key_indexes_;
    table.times = times_;
    table.ordinals = ordinals_;
    table.columns = columns;
    table.keep = nullptr;
}

// Everything that lives as long as the batch.
struct BatchBuilder::Owner {
    ~Owner() {
        if (release) release();
    }

    varve_batch batch{};
    Arena arena;
    std::vector<TableBuilder *> builders;  // in the arena
    std::unordered_multimap<size_t, TableBuilder *> by_shape;
    std::vector<varve_table> tables;
    std::vector<const varve_table *> table_pointers;
    std::function<void()> release;
};

BatchBuilder::BatchBuilder() : owner_(std::make_unique<Owner>()) {}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder &&) noexcept = default;
BatchBuilder &BatchBuilder::operator=(BatchBuilder &&) noexcept = default;

Arena &BatchBuilder::arena() {
    return owner_->arena;
}

TableBuilder &BatchBuilder::table(std::string_view measurement, std::span<const FieldSpec> fields) {
    size_t shape = std::hash<std::string_view>()(measurement);
    for (const FieldSpec &field : fields) {
        shape = shape * 31 + std::hash<std::string_view>()(field.name) + field.type;
    }
    const auto [from, to] = owner_->by_shape.equal_range(shape);
    for (auto at = from; at != to; ++at) {
        TableBuilder &table = *at->second;
        if (table.measurement() == measurement && std::ranges::equal(table.fields(), fields)) {
            return table;
        }
    }
    Arena &arena = owner_->arena;
    auto *made = new (arena.allocate(sizeof(TableBuilder), alignof(TableBuilder)))
        TableBuilder(arena, measurement, fields);
    owner_->builders.push_back(made);
    owner_->by_shape.emplace(shape, made);
    return *made;
}

uint64_t BatchBuilder::row_count() const {
    uint64_t rows = 0;
    for (const TableBuilder *table : owner_->builders) rows += table->row_count();
    return rows;
}

void BatchBuilder::on_release(std::function<void()> release) {
    owner_->release = std::move(release);
}

varve_batch *BatchBuilder::finish(uint64_t hash_seed, uint64_t producer) {
    std::unique_ptr<Owner> owner = std::move(owner_);
    owner_ = std::make_unique<Owner>();
    varve_batch &batch = owner->batch;
    owner->tables.reserve(owner->builders.size());
    for (TableBuilder *builder : owner->builders) {
        if (builder->row_count() == 0) continue;
        builder->fill(owner->tables.emplace_back());
        owner->table_pointers.push_back(&owner->tables.back());
        batch.row_count += builder->row_count();
        batch.value_count += uint64_t{builder->row_count()} * builder->fields().size();
    }
    if (batch.row_count == 0) return nullptr;
    batch.struct_size = sizeof batch;
    batch.table_count = static_cast<uint32_t>(owner->tables.size());
    batch.tables = owner->table_pointers.data();
    batch.hash_seed = hash_seed;
    batch.producer = producer;
    batch.size_bytes = owner->arena.size_bytes();
    batch.owner = owner.get();
    batch.release = [](varve_batch *released) { delete static_cast<Owner *>(released->owner); };
    return &owner.release()->batch;
}

}  // namespace varve
