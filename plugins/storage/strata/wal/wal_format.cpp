#include "storage/strata/wal/wal_format.hpp"

namespace varve::strata {
namespace {

uint64_t header_sum(const WalHeader &header) {
    return checksum({reinterpret_cast<const char *>(&header), offsetof(WalHeader, sum)}, 0);
}

uint64_t frame_sum(const FrameHeader &header, std::string_view payload, uint64_t seed) {
    return checksum({reinterpret_cast<const char *>(&header), offsetof(FrameHeader, sum)},
                    checksum(payload, seed));
}

// The frame at `at`, if it is sound and its LSN is above `lsn`.
bool read_frame(std::string_view bytes, size_t at, uint64_t seed, uint64_t lsn, Frame &frame) {
    ByteReader reader(bytes.substr(at));
    const auto header = reader.get<FrameHeader>();
    const std::string_view payload = reader.bytes(header.length);
    if (!reader.ok() || header.magic != kWalFrameMagic || header.lsn <= lsn) return false;
    if (header.sum != frame_sum(header, payload, seed)) return false;
    frame = {static_cast<FrameType>(header.type), header.lsn, payload};
    return header.codec == 0 && header.length == header.raw_length;
}

bool all_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

std::string render_wal_header(WalHeader header) {
    header.sum = header_sum(header);
    std::string page(kWalPageSize, '\0');
    std::memcpy(page.data(), &header, sizeof header);
    std::memcpy(page.data() + kWalPageSize / 2, &header, sizeof header);
    return page;
}

FrameHeader make_frame_header(FrameType type, uint64_t lsn, std::string_view payload,
                              uint64_t seed) {
    FrameHeader header;
    header.type = static_cast<uint16_t>(type);
    header.length = static_cast<uint32_t>(payload.size());
    header.raw_length = header.length;
    header.lsn = lsn;
    header.sum = frame_sum(header, payload, seed);
    return header;
}

Result<WalContents> parse_wal_segment(std::string_view bytes) {
    WalContents contents;
    bool found = false;
    for (const size_t copy : {size_t{0}, size_t{kWalPageSize / 2}}) {
        if (bytes.size() < copy + sizeof(WalHeader) || found) continue;
        std::memcpy(&contents.header, bytes.data() + copy, sizeof(WalHeader));
        found = contents.header.magic == kWalMagic &&
                contents.header.sum == header_sum(contents.header);
    }
    if (!found) {
        if (all_zero(bytes.substr(0, kWalPageSize))) return contents;
        return Status(Code::data_loss, "the log segment's header is damaged");
    }
    if (contents.header.version != kWalVersion) {
        return Status(Code::unsupported,
                      "the log segment has version " + std::to_string(contents.header.version) +
                          "; this Varve reads version " + std::to_string(kWalVersion));
    }
    contents.used = true;
    const uint64_t seed = contents.header.uuid.seed();
    uint64_t lsn = 0;
    uint64_t bad_from = 0;
    for (size_t at = kWalPageSize; at + kWalFrameHeaderSize <= bytes.size();) {
        Frame frame{};
        if (!read_frame(bytes, at, seed, lsn, frame)) {
            if (bad_from == 0) bad_from = at;
            at += kWalAlignment;
            continue;
        }
        if (bad_from != 0 && !contents.damaged) {
            contents.damaged = true;
            contents.damage_offset = bad_from;
        }
        contents.frames.push_back(frame);
        lsn = frame.lsn;
        at += frame_size(frame.payload.size());
    }
    return contents;
}

}  // namespace varve::strata
