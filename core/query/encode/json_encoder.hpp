// {"results":[{"statement_id":0,"series":[…]}]}: one document, or with a chunk size one per chunk.
#pragma once

#include "query/encode/encoder.hpp"
#include "query/encode/json_writer.hpp"

namespace varve::query::encode {

class JsonEncoder final : public Encoder {
  public:
    JsonEncoder(const Format &format, ByteSink &sink)
        : format_(format), sink_(sink), json_(format.pretty) {}

    std::string_view content_type() const override { return "application/json"; }
    Status begin_statement(uint32_t id) override;
    void set_zone(const TimeZone &zone) override { zone_ = zone; }
    void add_warning(std::string text) override { warnings_.push_back(std::move(text)); }
    void mark_series_partial() override { series_partial_ = true; }
    Status end_statement(const Status &status) override;
    Status end() override;
    Status refuse(std::string_view error) override;
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;

  private:
    bool chunked() const { return format_.chunk_size != 0; }
    void open_result();
    void open_series();
    void close_series(bool goes_on);
    void close_result(bool goes_on, const Status &status);
    void append_time(int64_t time_ns);
    void append_list(std::string_view lines);
    Status flush(size_t least);

    const Format format_;
    ByteSink &sink_;
    JsonWriter json_;
    TimeZone zone_;
    std::vector<std::string> warnings_;
    uint32_t statement_ = 0;
    exec::SeriesHead head_;
    bool document_open_ = false;
    bool result_open_ = false;
    bool list_open_ = false;  // the result's "series"
    bool series_open_ = false;
    bool series_partial_ = false;
    uint64_t rows_in_series_ = 0;
};

}  // namespace varve::query::encode
