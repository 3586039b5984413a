// Results of statements as bytes, written as they come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/time.hpp"
#include "query/encode/byte_sink.hpp"
#include "query/exec/rows/row_sink.hpp"

namespace varve::query::encode {

// The unit of times. text = RFC 3339 in JSON, nanoseconds in CSV.
enum class Epoch : uint8_t { text, nanosecond, microsecond, millisecond, second, minute, hour };

// "" = text; "u", "ms", "s", "m", "h"; anything else is nanoseconds, as in InfluxDB.
Epoch parse_epoch(std::string_view text);
int64_t epoch_ticks(int64_t time_ns, Epoch epoch);

// The elements of a list cell, see SeriesHead::has_list; they borrow the text.
std::vector<std::string_view> list_elements(std::string_view lines);

struct Format {
    Epoch epoch = Epoch::text;
    bool pretty = false;
    uint64_t chunk_size = 0;  // rows per document; 0 = one document
    uint64_t rows_max = 0;    // in one document that is not chunked; 0 = no limit
};

// One per request: begin_statement, series and rows, end_statement, …, end.
class Encoder : public exec::RowSink {
  public:
    // "json", "csv", "application/csv", "msgpack", "series_array" (InfluxDB 0.8's); anything else
    // is JSON. Borrows the sink.
    static std::unique_ptr<Encoder> make(std::string_view format_name, const Format &format,
                                         ByteSink &sink);

    // Rows it was given so far.
    uint64_t row_count() const { return row_count_; }

    // No further row would show.
    virtual bool is_full() const { return false; }

    virtual std::string_view content_type() const = 0;
    virtual Status begin_statement(uint32_t id) = 0;
    // Local times of the statement's rows (tz()).
    virtual void set_zone(const TimeZone &zone) = 0;
    virtual void add_warning(std::string text) = 0;
    // The series at hand had more rows than are given.
    virtual void mark_series_partial() {}
    // A status that is not ok is the statement's error, after whatever rows it gave.
    virtual Status end_statement(const Status &status) = 0;
    virtual Status end() = 0;
    // Instead of all of the above: the whole request was refused.
    virtual Status refuse(std::string_view error) = 0;

  protected:
    void count_rows(size_t rows) { row_count_ += rows; }

  private:
    uint64_t row_count_ = 0;
};

}  // namespace varve::query::encode
