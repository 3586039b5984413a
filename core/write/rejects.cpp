#include "write/rejects.hpp"

namespace varve {

void Rejects::count(std::string_view reason, uint64_t rows) {
    metrics_
        .counter("varve_write_rejected_total", "Rows that were not stored, by reason.",
                 {{"reason", std::string(reason)}})
        .add(static_cast<double>(rows));
}

void Rejects::add(RejectedRow row) {
    count(row.reason, 1);
    if (row.error.size() > kRejectTextMax) row.error.resize(kRejectTextMax);
    if (row.row.size() > kRejectTextMax) row.row.resize(kRejectTextMax);
    const std::scoped_lock lock(mutex_);
    kept_.push_front(std::move(row));
    if (kept_.size() > kept_max_) kept_.pop_back();
}

std::vector<RejectedRow> Rejects::last() const {
    const std::scoped_lock lock(mutex_);
    return {kept_.begin(), kept_.end()};
}

std::string_view reject_label(std::string_view parse_error) {
    if (parse_error.starts_with("max key length exceeded")) return "key_too_long";
    if (parse_error.starts_with("time outside range")) return "time_out_of_range";
    return "parse";
}

}  // namespace varve
