#include "write/row_batch.hpp"

#include <cstring>
#include <new>
#include <utility>

#include <xxhash.h>
#include <varve/cpp/bytes.hpp>

namespace varve {

struct RowBatch::Table {
    struct Column {
        std::string name;
        uint32_t type = 0;
        std::vector<uint64_t> bits;  // strings: their end in `text`
        std::string text;
    };

    // Whether a row with these values belongs here.
    bool fits(std::string_view of_measurement, std::span<const Value> values) const {
        if (columns.size() != values.size() || measurement != of_measurement) return false;
        for (size_t i = 0; i < values.size(); ++i) {
            if (columns[i].type != values[i].type || columns[i].name != values[i].name) {
                return false;
            }
        }
        return true;
    }

    std::string measurement;
    std::vector<Column> columns;
    std::vector<std::string> keys;
    std::unordered_map<std::string, uint32_t> positions;  // of keys
    uint64_t last_series = 0;
    uint32_t last_key = 0;
    std::vector<uint32_t> key_index;
    std::vector<int64_t> times;
    std::vector<uint32_t> ordinals;
};

// Owns what a batch points to.
class RowBatch::Finished {
  public:
    Finished(std::vector<std::unique_ptr<Table>> tables, uint64_t hash_seed)
        : tables_(std::move(tables)), shown_(tables_.size()) {
        batch_.struct_size = sizeof batch_;
        batch_.table_count = static_cast<uint32_t>(tables_.size());
        batch_.hash_seed = hash_seed;
        for (size_t i = 0; i < tables_.size(); ++i) show(*tables_[i], shown_[i]);
        for (const Shown &shown : shown_) pointers_.push_back(&shown.table);
        batch_.tables = pointers_.data();
        batch_.owner = this;
        batch_.release = [](varve_batch *batch) { delete static_cast<Finished *>(batch->owner); };
    }
    varve_batch *batch() { return &batch_; }

  private:
    struct Free {
        void operator()(char *bytes) const { ::operator delete(bytes, kAlignment); }
    };
    static constexpr std::align_val_t kAlignment{64};  // of columns

    struct Shown {
        varve_table table{};
        std::vector<varve_series_key> keys;
        std::vector<varve_column> columns;
    };

    void show(const Table &table, Shown &shown) {
        const uint64_t seed = batch_.hash_seed;
        for (const std::string &key : table.keys) {
            shown.keys.push_back({str(key), XXH3_64bits_withSeed(key.data(), key.size(), seed), 0});
        }
        for (const Table::Column &column : table.columns) {
            shown.columns.push_back(
                {str(column.name),
                 column.type,
                 VARVE_DECIMALS_UNKNOWN,
                 {},
                 column.type == VARVE_TYPE_STRING ? texts(column) : numbers(column),
                 nullptr});
        }
        shown.table = {sizeof(varve_table),
                       static_cast<uint32_t>(table.keys.size()),
                       static_cast<uint32_t>(table.times.size()),
                       static_cast<uint32_t>(table.columns.size()),
                       str(table.measurement),
                       shown.keys.data(),
                       table.key_index.data(),
                       table.times.data(),
                       table.ordinals.data(),
                       shown.columns.data(),
                       nullptr};
        batch_.row_count += table.times.size();
        batch_.value_count += table.times.size() * table.columns.size();
    }

    template <typename T>
    T *allocate(size_t count) {
        values_.emplace_back(static_cast<char *>(::operator new(count * sizeof(T), kAlignment)));
        batch_.size_bytes += count * sizeof(T);
        return reinterpret_cast<T *>(values_.back().get());
    }
    const void *texts(const Table::Column &column) {
        auto *out = allocate<varve_str>(column.bits.size());
        size_t from = 0;
        for (size_t row = 0; row < column.bits.size(); ++row) {
            const size_t to = column.bits[row];
            out[row] = str(std::string_view(column.text).substr(from, to - from));
            from = to;
        }
        return out;
    }
    const void *numbers(const Table::Column &column) {
        if (column.type == VARVE_TYPE_BOOLEAN) {
            auto *out = allocate<uint8_t>(column.bits.size());
            for (size_t row = 0; row < column.bits.size(); ++row) {
                out[row] = column.bits[row] != 0 ? 1 : 0;
            }
            return out;
        }
        auto *out = allocate<uint64_t>(column.bits.size());
        std::memcpy(out, column.bits.data(), column.bits.size() * sizeof *out);
        return out;
    }

    const std::vector<std::unique_ptr<Table>> tables_;
    std::vector<Shown> shown_;
    std::vector<const varve_table *> pointers_;
    std::vector<std::unique_ptr<char, Free>> values_;
    varve_batch batch_{};
};

RowBatch::RowBatch(uint32_t first_ordinal) : first_ordinal_(first_ordinal) {}
RowBatch::~RowBatch() = default;

Status RowBatch::begin_series(std::string_view measurement, const Tags &tags) {
    Result<std::string> key = make_series_key(measurement, tags);
    if (!key.ok()) return key.status();
    measurement_ = measurement;
    key_ = std::move(*key);
    ++series_;
    return {};
}

RowBatch::Table &RowBatch::table_for(std::span<const Value> values) {
    if (last_table_ != nullptr && last_table_->fits(measurement_, values)) return *last_table_;
    std::vector<Table *> &known = by_measurement_[measurement_];
    for (Table *table : known) {
        if (table->fits(measurement_, values)) return *(last_table_ = table);
    }
    auto table = std::make_unique<Table>();
    table->measurement = measurement_;
    for (const Value &value : values) {
        table->columns.push_back({std::string(value.name), value.type, {}, {}});
    }
    tables_.push_back(std::move(table));
    known.push_back(tables_.back().get());
    return *(last_table_ = known.back());
}

void RowBatch::add_row(int64_t time_ns, std::span<const Value> values) {
    if (values.empty()) return;
    Table &table = table_for(values);
    if (table.last_series != series_) {
        const auto [at, is_new] =
            table.positions.emplace(key_, static_cast<uint32_t>(table.keys.size()));
        if (is_new) table.keys.push_back(key_);
        table.last_key = at->second;
        table.last_series = series_;
        size_bytes_ += is_new ? key_.size() * 2 : 0;
    }
    table.key_index.push_back(table.last_key);
    table.times.push_back(time_ns);
    table.ordinals.push_back(first_ordinal_ + static_cast<uint32_t>(row_count_++));
    for (size_t i = 0; i < values.size(); ++i) {
        Table::Column &column = table.columns[i];
        column.text += values[i].text;
        column.bits.push_back(column.type == VARVE_TYPE_STRING ? column.text.size()
                                                               : values[i].bits);
        size_bytes_ += sizeof(uint64_t) + values[i].text.size();
    }
}

varve_batch *RowBatch::finish(uint64_t hash_seed) {
    if (row_count_ == 0) return nullptr;
    auto *finished = new Finished(std::exchange(tables_, {}), hash_seed);
    by_measurement_.clear();
    last_table_ = nullptr;
    row_count_ = 0;
    size_bytes_ = 0;
    return finished->batch();
}

}  // namespace varve
