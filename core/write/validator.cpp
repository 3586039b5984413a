#include "write/validator.hpp"

#include <algorithm>
#include <string_view>

#include "base/status.hpp"

namespace varve {
namespace {

// Whether ",ti" stands anywhere: most keys have no such tag, and this tells it 16 bytes at a time.
bool may_have_time_tag(std::string_view key) {
    constexpr size_t kBlock = 16;
    if (key.size() <= kBlock + 1) return key.find(",ti") != std::string_view::npos;
    const auto block_has = [](const char *p) {
        uint8_t found = 0;
        for (size_t i = 0; i < kBlock; ++i) {
            found |= static_cast<uint8_t>((p[i] == ',') & (p[i + 1] == 't') & (p[i + 2] == 'i'));
        }
        return found != 0;
    };
    const size_t last = key.size() - kBlock - 2;  // may overlap the one before
    for (size_t at = 0; at < last; at += kBlock) {
        if (block_has(key.data() + at)) return true;
    }
    return block_has(key.data() + last);
}

// True if the canonical key has a tag whose key is exactly "time".
bool has_time_tag(std::string_view key) {
    if (!may_have_time_tag(key)) return false;
    for (size_t at = key.find(",time="); at != std::string_view::npos;
         at = key.find(",time=", at + 1)) {
        if (at == 0 || key[at - 1] != '\\') return true;
    }
    return false;
}

class TableValidator {
  public:
    TableValidator(Submission &submission, uint32_t index, int64_t now_ns, Rejects &rejects)
        : submission_(submission),
          // The batch is ours now; `keep` is the one member that is written after it was made.
          table_(const_cast<varve_table &>(*submission.batch->tables[index])),
          keep_(submission.keeps[index]),
          now_ns_(now_ns),
          rejects_(rejects) {}

    void reject(uint32_t row, std::string_view reason, const std::string &error) {
        if (keep_.empty()) {
            keep_.assign((table_.row_count + 63) / 64, ~uint64_t{0});
            table_.keep = keep_.data();
        }
        uint64_t &word = keep_[row / 64];
        const uint64_t bit = uint64_t{1} << (row % 64);
        if ((word & bit) == 0) return;
        word &= ~bit;
        ++submission_.dropped;
        if (submission_.first_error.empty()) submission_.first_error = error;
        const std::string_view key = view(table_.keys[table_.key_index[row]].text);
        rejects_.add(
            {now_ns_, submission_.database, std::string(reason), error,
             std::string(key.substr(0, kRejectTextMax)) + ' ' + std::to_string(table_.times[row])});
    }

    void check_names() {
        const std::string measurement(view(table_.measurement));
        if (table_.column_count == 1 && view(table_.columns[0].name) == "time") {
            for (uint32_t row = 0; row < table_.row_count; ++row) {
                reject(row, "invalid_field_name",
                       "invalid field name: input field \"time\" on measurement \"" + measurement +
                           "\" is invalid");
            }
        }
        for (uint32_t key = 0; key < table_.key_count; ++key) {
            if (!has_time_tag(view(table_.keys[key].text))) continue;
            for (uint32_t row = 0; row < table_.row_count; ++row) {
                if (table_.key_index[row] != key) continue;
                reject(row, "invalid_tag_key",
                       "invalid tag key: input tag \"time\" on measurement \"" + measurement +
                           "\" is invalid");
            }
        }
    }

    void check_age(int64_t oldest_ns) {
        for (uint32_t row = 0; row < table_.row_count; ++row) {
            if (table_.times[row] < oldest_ns) {
                reject(row, "beyond_retention_policy", "points beyond retention policy");
            }
        }
    }

  private:
    Submission &submission_;
    varve_table &table_;
    std::vector<uint64_t> &keep_;
    const int64_t now_ns_;
    Rejects &rejects_;
};

}  // namespace

void validate(Submission &submission, const RetentionPolicy &policy, int64_t now_ns,
              Rejects &rejects) {
    submission.keeps.resize(submission.batch->table_count);
    for (uint32_t i = 0; i < submission.batch->table_count; ++i) {
        TableValidator table(submission, i, now_ns, rejects);
        table.check_names();
        if (policy.duration_ns != 0) table.check_age(now_ns - policy.duration_ns);
    }
}

}  // namespace varve
