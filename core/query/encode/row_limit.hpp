// At most so many rows in one document, InfluxDB's max-row-limit: the rows beyond are dropped, the
// series that lost some says "partial", series behind it are left out.
#pragma once

#include <algorithm>
#include <memory>

#include "query/encode/encoder.hpp"

namespace varve::query::encode {

// In front of another encoder, for answers that are not chunked.
class RowLimit final : public Encoder {
  public:
    RowLimit(std::unique_ptr<Encoder> inner, uint64_t rows_max)
        : inner_(std::move(inner)), rows_max_(rows_max) {}

    bool is_full() const override { return row_count() >= rows_max_; }
    bool series_full() const override { return is_full(); }
    std::string_view content_type() const override { return inner_->content_type(); }
    Status begin_statement(uint32_t id) override { return inner_->begin_statement(id); }
    void set_zone(const TimeZone &zone) override { inner_->set_zone(zone); }
    void add_warning(std::string text) override { inner_->add_warning(std::move(text)); }
    void mark_series_partial() override { inner_->mark_series_partial(); }
    Status end_statement(const Status &status) override { return inner_->end_statement(status); }
    Status end() override { return inner_->end(); }
    Status refuse(std::string_view error) override { return inner_->refuse(error); }
    Status begin_series(const exec::SeriesHead &head) override {
        series_left_out_ = is_full();
        return series_left_out_ ? Status() : inner_->begin_series(head);
    }
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t rows) override {
        const size_t kept = std::min<uint64_t>(rows, rows_max_ - row_count());
        count_rows(kept);
        if (kept < rows && !series_left_out_) inner_->mark_series_partial();
        return kept == 0 ? Status() : inner_->rows(times, values, kept);
    }

  private:
    const std::unique_ptr<Encoder> inner_;
    const uint64_t rows_max_;
    bool series_left_out_ = false;  // the one at hand
};

}  // namespace varve::query::encode
