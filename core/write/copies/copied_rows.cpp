#include "write/copies/copied_rows.hpp"

#include <algorithm>

#include <varve/cpp/bytes.hpp>

namespace varve {

namespace {

bool has_bit(const uint64_t *bits, uint32_t row) {
    return bits == nullptr || ((bits[row / 64] >> (row % 64)) & 1) != 0;
}

RowBatch::Value value_at(const varve_column &column, uint32_t row) {
    RowBatch::Value out{view(column.name), column.type, 0, {}};
    if (column.type == VARVE_TYPE_STRING) {
        out.text = view(static_cast<const varve_str *>(column.values)[row]);
    } else if (column.type == VARVE_TYPE_BOOLEAN) {
        out.bits = static_cast<const uint8_t *>(column.values)[row];
    } else {
        out.bits = static_cast<const uint64_t *>(column.values)[row];
    }
    return out;
}

// The rows of one table by one rule.
class TableCopier {
  public:
    TableCopier(const varve_table &table, const TargetName &target, RowBatch &out,
                CopiedRows &result)
        : table_(table), target_(target), out_(out), result_(result) {}

    void copy() {
        for (uint32_t row = 0; row < table_.row_count; ++row) {
            if (has_bit(table_.keep, row)) copy_row(row);
        }
    }

  private:
    void copy_row(uint32_t row);
    void take_key(uint32_t row);
    // What placeholders name goes into the name, the rest is the copy's.
    void take_values(uint32_t row);
    // False: no series can be called so.
    bool begin_series();

    const varve_table &table_;
    const TargetName &target_;
    RowBatch &out_;
    CopiedRows &result_;
    int64_t key_ = -1;                  // of the row at hand
    Tags tags_;                         // those of the key that stay
    std::vector<std::string> by_tags_;  // what the tags give to the name
    std::vector<std::string> in_name_;
    std::vector<RowBatch::Value> values_;
    std::string name_;  // of the last copy
    int64_t begun_ = -1;
    Status begun_status_;
};

void TableCopier::take_key(uint32_t row) {
    if (key_ == table_.key_index[row]) return;
    key_ = table_.key_index[row];
    tags_ = split_tags(view(table_.keys[key_].text));
    by_tags_.assign(target_.columns().size(), {});
    std::erase_if(tags_, [&](const auto &tag) {
        bool is_named = false;
        for (size_t i = 0; i < by_tags_.size(); ++i) {
            if (target_.columns()[i] != tag.first) continue;
            by_tags_[i] = tag.second;
            is_named = true;
        }
        return is_named;
    });
}

void TableCopier::take_values(uint32_t row) {
    in_name_ = by_tags_;
    values_.clear();
    for (uint32_t c = 0; c < table_.column_count; ++c) {
        const varve_column &column = table_.columns[c];
        if (!has_bit(column.validity, row)) continue;
        const RowBatch::Value value = value_at(column, row);
        bool is_named = false;
        for (size_t i = 0; i < in_name_.size(); ++i) {
            if (target_.columns()[i] != value.name) continue;
            in_name_[i] = name_text(value);
            is_named = true;
        }
        if (!is_named) values_.push_back(value);
    }
}

bool TableCopier::begin_series() {
    std::string name = target_.name(view(table_.measurement), in_name_);
    if (begun_ == key_ && name == name_) return begun_status_.ok();
    name_ = std::move(name);
    begun_ = key_;
    begun_status_ = out_.begin_series(name_, tags_);
    return begun_status_.ok();
}

void TableCopier::copy_row(uint32_t row) {
    take_key(row);
    take_values(row);
    if (values_.empty()) return;
    if (begin_series()) return out_.add_row(table_.times[row], values_);
    ++result_.unnamed;
    if (result_.first_error.empty()) result_.first_error = begun_status_.text();
}

// Both batches as one.
class JoinedBatch {
  public:
    JoinedBatch(varve_batch *first, varve_batch *second) : parts_{first, second} {
        batch_ = *first;
        for (const varve_batch *part : parts_) {
            tables_.insert(tables_.end(), part->tables, part->tables + part->table_count);
        }
        batch_.table_count = static_cast<uint32_t>(tables_.size());
        batch_.tables = tables_.data();
        batch_.row_count += second->row_count;
        batch_.value_count += second->value_count;
        batch_.size_bytes += second->size_bytes;
        batch_.owner = this;
        batch_.release = [](varve_batch *batch) {
            delete static_cast<JoinedBatch *>(batch->owner);
        };
    }
    ~JoinedBatch() {
        for (varve_batch *part : parts_) part->release(part);
    }
    JoinedBatch(const JoinedBatch &) = delete;
    JoinedBatch &operator=(const JoinedBatch &) = delete;
    varve_batch *batch() { return &batch_; }

  private:
    varve_batch *const parts_[2];
    std::vector<const varve_table *> tables_;
    varve_batch batch_{};
};

}  // namespace

Result<CopiedRows> copy_rows(varve_batch *batch, const CopyRules::List &rules, uint64_t size_max) {
    CopiedRows out;
    RowBatch rows(static_cast<uint32_t>(batch->row_count));
    for (uint32_t t = 0; t < batch->table_count; ++t) {
        const varve_table &table = *batch->tables[t];
        for (const CopyRule &rule : rules) {
            if (!rule.matches(view(table.measurement))) continue;
            TableCopier(table, rule.target, rows, out).copy();
            if (rows.size_bytes() <= size_max) continue;
            return Status(Code::resource_exhausted, "continuous queries make more than " +
                                                        std::to_string(size_max) +
                                                        " bytes of copies of one write");
        }
    }
    out.rows = rows.row_count();
    if (out.rows == 0) return out;
    out.batch = (new JoinedBatch(batch, rows.finish(batch->hash_seed)))->batch();
    return out;
}

}  // namespace varve
