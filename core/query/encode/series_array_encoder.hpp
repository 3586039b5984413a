// InfluxDB 0.8's answers: an array of series, [{"name":…,"columns":[…],"points":[[…]]}]; in chunks
// one series' piece after the other, without an array and with nothing between them.
#pragma once

#include "query/encode/encoder.hpp"
#include "query/encode/json_writer.hpp"

namespace varve::query::encode {

// Times in milliseconds unless asked otherwise. A column without a name holds further types of the
// one before it. A column `sequence_number` behind the time shows where the first row has one.
// Infinite values are null. An error of a statement or a request is its bare text.
class SeriesArrayEncoder final : public Encoder {
  public:
    SeriesArrayEncoder(const Format &format, ByteSink &sink)
        : format_(format), sink_(sink), json_(format.pretty) {}

    std::string_view content_type() const override { return "application/json"; }
    bool takes_infinite() const override { return true; }
    Status begin_statement(uint32_t) override { return {}; }
    void set_zone(const TimeZone &) override {}
    void add_warning(std::string) override {}
    // An error is the caller's to tell: it may come as the answer's status.
    Status end_statement(const Status &status) override;
    Status end() override;
    Status refuse(std::string_view error) override;
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;

  private:
    bool chunked() const { return format_.chunk_size != 0; }
    void open_series(std::span<const exec::Vector> values);
    Status close_series();
    void append_time(int64_t time_ns);
    void append_row(std::span<const exec::Vector> values, size_t row);
    Status flush(size_t least);

    const Format format_;
    ByteSink &sink_;
    JsonWriter json_;
    exec::SeriesHead head_;
    struct Shown {
        std::string name;
        size_t end = 0;  // of its vectors
    };
    std::vector<Shown> columns_;
    size_t first_ = 0;  // the first vector that shows
    bool list_open_ = false;
    bool series_begun_ = false;
    bool series_open_ = false;
    uint64_t rows_in_piece_ = 0;
};

}  // namespace varve::query::encode
