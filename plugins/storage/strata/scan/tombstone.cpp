#include "storage/strata/scan/tombstone.hpp"

#include "storage/strata/files/bytes.hpp"

namespace varve::strata {

std::string encode_tombstone(const Tombstone &tombstone) {
    std::string out;
    ByteWriter writer(out);
    writer.put(tombstone.lsn);
    writer.put(tombstone.range.first);
    writer.put(tombstone.range.last);
    std::string series;
    tombstone.series.serialise(series);
    writer.text(series);
    writer.put(static_cast<uint32_t>(tombstone.conditions.size()));
    for (const RowCondition &condition : tombstone.conditions) {
        writer.text(condition.column);
        writer.put(condition.op);
        writer.put(condition.type);
        writer.put(condition.bits);
        writer.text(condition.text);
    }
    return out;
}

Result<Tombstone> decode_tombstone(std::string_view bytes) {
    ByteReader reader(bytes);
    Tombstone tombstone;
    tombstone.lsn = reader.get<uint64_t>();
    tombstone.range.first = reader.get<int64_t>();
    tombstone.range.last = reader.get<int64_t>();
    auto series = Bitmap::parse(reader.text());
    const auto count = reader.get<uint32_t>();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
        RowCondition &condition = tombstone.conditions.emplace_back();
        condition.column = reader.text();
        condition.op = reader.get<uint32_t>();
        condition.type = reader.get<uint32_t>();
        condition.bits = reader.get<uint64_t>();
        condition.text = reader.text();
    }
    if (!reader.ok() || !reader.at_end() || !series.ok()) {
        return Status(Code::data_loss, "a delete that makes no sense");
    }
    tombstone.series = std::move(*series);
    return tombstone;
}

}  // namespace varve::strata
