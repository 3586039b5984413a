// MessagePack as InfluxDB 1.x writes it: the keys of its JSON; times are extension type 5, eight
// bytes of seconds and four of nanoseconds, or integers where an epoch is asked for. A statement
// that failed is a map with `error` alone.
//
// A list begins with its length, so an answer is put together before it is sent: whole, or with a
// chunk size chunk by chunk. Whole ones are bounded by kAnswerSizeMax.
#pragma once

#include "query/encode/encoder.hpp"
#include "query/encode/msgpack_writer.hpp"

namespace varve::query::encode {

class MsgpackEncoder final : public Encoder {
  public:
    static constexpr size_t kAnswerSizeMax = 256 << 20;  // bytes

    MsgpackEncoder(const Format &format, ByteSink &sink) : format_(format), sink_(sink) {}

    std::string_view content_type() const override { return "application/x-msgpack"; }
    Status begin_statement(uint32_t id) override;
    void set_zone(const TimeZone &) override {}
    void add_warning(std::string text) override { warnings_.push_back(std::move(text)); }
    void mark_series_partial() override { series_partial_ = true; }
    Status end_statement(const Status &status) override;
    Status end() override;
    Status refuse(std::string_view error) override;
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;

  private:
    // Entries of a list whose length is not known yet.
    struct List {
        MsgpackWriter entries;
        size_t count = 0;
    };

    bool chunked() const { return format_.chunk_size != 0; }
    void append_row(std::span<const int64_t> times, std::span<const exec::Vector> values,
                    size_t row);
    void append_cell(const exec::Vector &column, size_t row);
    void close_series(bool goes_on);
    void close_result(bool goes_on);
    Status send_document();

    const Format format_;
    ByteSink &sink_;
    uint32_t statement_ = 0;
    std::vector<std::string> warnings_;
    exec::SeriesHead head_;
    bool series_open_ = false;
    bool series_partial_ = false;
    List results_;
    List series_;
    List rows_;
};

}  // namespace varve::query::encode
