#include "query/encode/encoder.hpp"

#include "query/encode/csv_encoder.hpp"
#include "query/encode/json_encoder.hpp"
#include "query/encode/msgpack_encoder.hpp"
#include "query/encode/row_limit.hpp"
#include "query/encode/series_array_encoder.hpp"

namespace varve::query::encode {

Epoch parse_epoch(std::string_view text) {
    if (text.empty()) return Epoch::text;
    if (text == "u") return Epoch::microsecond;
    if (text == "ms") return Epoch::millisecond;
    if (text == "s") return Epoch::second;
    if (text == "m") return Epoch::minute;
    if (text == "h") return Epoch::hour;
    return Epoch::nanosecond;
}

int64_t epoch_ticks(int64_t time_ns, Epoch epoch) {
    switch (epoch) {
        case Epoch::text:
        case Epoch::nanosecond:
            return time_ns;
        case Epoch::microsecond:
            return time_ns / 1000;
        case Epoch::millisecond:
            return time_ns / 1000000;
        case Epoch::second:
            return time_ns / 1000000000;
        case Epoch::minute:
            return time_ns / 60000000000;
        case Epoch::hour:
            return time_ns / 3600000000000;
    }
    return time_ns;
}

std::vector<std::string_view> list_elements(std::string_view lines) {
    std::vector<std::string_view> out;
    for (size_t from = 0, to = 0; (to = lines.find('\n', from)) != lines.npos; from = to + 1) {
        out.push_back(lines.substr(from, to - from));
    }
    return out;
}

namespace {

std::unique_ptr<Encoder> make_unlimited(std::string_view format_name, const Format &format,
                                        ByteSink &sink) {
    if (format_name == "csv" || format_name == "text/csv") {
        return std::make_unique<CsvEncoder>("text/csv", format, sink);
    }
    if (format_name == "application/csv") {
        return std::make_unique<CsvEncoder>("application/csv", format, sink);
    }
    if (format_name == "series_array") return std::make_unique<SeriesArrayEncoder>(format, sink);
    if (format_name == "msgpack") return std::make_unique<MsgpackEncoder>(format, sink);
    return std::make_unique<JsonEncoder>(format, sink);
}

}  // namespace

std::unique_ptr<Encoder> Encoder::make(std::string_view format_name, const Format &format,
                                       ByteSink &sink) {
    auto encoder = make_unlimited(format_name, format, sink);
    if (format.rows_max == 0 || format.chunk_size != 0) return encoder;
    return std::make_unique<RowLimit>(std::move(encoder), format.rows_max);
}

}  // namespace varve::query::encode
