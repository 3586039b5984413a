// name,tags,<columns>: a header per statement and change of columns, an empty line between them.
// Errors of statements do not show; bytes that are no UTF-8 stay as they are.
#pragma once

#include "query/encode/encoder.hpp"

namespace varve::query::encode {

class CsvEncoder final : public Encoder {
  public:
    CsvEncoder(std::string_view content_type, const Format &format, ByteSink &sink)
        : content_type_(content_type), format_(format), sink_(sink) {}

    std::string_view content_type() const override { return content_type_; }
    Status begin_statement(uint32_t id) override;
    void set_zone(const TimeZone &) override {}
    void add_warning(std::string) override {}
    Status end_statement(const Status &) override { return flush(kFlushSize); }
    Status end() override { return flush(0); }
    Status refuse(std::string_view error) override;
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;
    bool takes_infinite() const override { return true; }

  private:
    static constexpr size_t kFlushSize = 64 << 10;

    void append_cell(const exec::Vector &column, size_t row);
    void append_quoted(std::string_view text);
    Status flush(size_t least);

    const std::string content_type_;
    const Format format_;
    ByteSink &sink_;
    std::string out_;
    std::vector<std::string> columns_;
    std::string prefix_;  // name and tags of the series at hand
    bool has_time_ = true;
    bool header_due_ = true;
    bool any_header_ = false;
};

}  // namespace varve::query::encode
