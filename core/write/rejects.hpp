// Rejected rows: counted by reason, the last ones kept to be read at /varve/v1/rejects.
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/self_metrics.hpp"

namespace varve {

// A row that was not stored. Texts are cut at kRejectTextMax bytes.
struct RejectedRow {
    int64_t at_ns = 0;  // when it was rejected
    std::string database;
    std::string reason;  // the label: "parse", "type_conflict", …
    std::string error;   // the words the sender was given
    std::string row;     // the line as received, or the series key and time
};

inline constexpr size_t kRejectTextMax = 1024;

class Rejects {
  public:
    // kept_max: how many rows are remembered (write.rejects_kept).
    Rejects(SelfMetrics &metrics, size_t kept_max) : metrics_(metrics), kept_max_(kept_max) {}

    void add(RejectedRow row);
    // Rows of the same reason that are counted but not kept.
    void count(std::string_view reason, uint64_t rows);

    // The newest first.
    std::vector<RejectedRow> last() const;

  private:
    SelfMetrics &metrics_;
    const size_t kept_max_;
    mutable std::mutex mutex_;
    std::deque<RejectedRow> kept_;
};

// The label for a codec's words: "max key length exceeded…" → "key_too_long".
std::string_view reject_label(std::string_view parse_error);

}  // namespace varve
