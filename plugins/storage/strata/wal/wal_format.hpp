// The write-ahead log's bytes. docs/format/wal.md says the same in prose.
//
// segment "w-<n>.vwal", written with zeros before use
//   header page, 4096 bytes: two copies of the header, at 0 and at 2048
//     0  u32 magic "VWAL"   4  u32 version    8  u64 number n
//     16 uuid, 16 bytes     32 u64 first_lsn  40 u64 previous_lsn
//     48 u64 size           56 u64 XXH3-64 of bytes 0..56
//   frames from 4096 on, each at a multiple of 16
//     0  u32 magic "VWFR"   4  u16 type       6  u8 codec (0 = raw)   7  u8 reserved, zero
//     8  u32 length as stored                 12 u32 raw length
//     16 u64 LSN
//     24 u64 XXH3-64 of bytes 0..24, seeded with XXH3-64 of the payload, seeded with the uuid's
//     seed 32 payload
//
// LSNs rise by one from frame to frame. `previous_lsn` is the last LSN that was in the log before
// this segment was begun: less found there means that frames are lost; LSNs between it and
// `first_lsn` were never used. A segment may repeat frames of the one before (after a failed sync);
// the first copy counts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/strata/files/files.hpp"

namespace varve::strata {

inline constexpr uint32_t kWalMagic = 0x4c415756;       // "VWAL"
inline constexpr uint32_t kWalFrameMagic = 0x52465756;  // "VWFR"
inline constexpr uint32_t kWalVersion = 2;
inline constexpr uint64_t kWalPageSize = 4096;
inline constexpr uint64_t kWalFrameHeaderSize = 32;
inline constexpr uint64_t kWalAlignment = 16;
inline constexpr uint64_t kWalPayloadMax = uint64_t{1} << 30;

enum class FrameType : uint16_t { rows = 1, shard_drop = 2, database_drop = 3, tombstone = 4 };

struct WalHeader {
    uint32_t magic = kWalMagic;
    uint32_t version = kWalVersion;
    uint64_t number = 0;
    Uuid uuid;
    uint64_t first_lsn = 0;
    uint64_t previous_lsn = 0;
    uint64_t size_bytes = 0;
    uint64_t sum = 0;
};
static_assert(sizeof(WalHeader) == 64, "written as it lies in memory");

struct FrameHeader {
    uint32_t magic = kWalFrameMagic;
    uint16_t type = 0;
    uint8_t codec = 0;
    uint8_t reserved = 0;
    uint32_t length = 0;
    uint32_t raw_length = 0;
    uint64_t lsn = 0;
    uint64_t sum = 0;
};
static_assert(sizeof(FrameHeader) == kWalFrameHeaderSize, "written as it lies in memory");

// The header page of a segment.
std::string render_wal_header(WalHeader header);
// The header of a frame with its checksum.
FrameHeader make_frame_header(FrameType type, uint64_t lsn, std::string_view payload,
                              uint64_t seed);
// The space of a frame in the segment.
inline uint64_t frame_size(uint64_t payload_size) {
    return (kWalFrameHeaderSize + payload_size + kWalAlignment - 1) / kWalAlignment * kWalAlignment;
}

struct Frame {
    FrameType type;
    uint64_t lsn;
    std::string_view payload;
};

// What one segment holds.
struct WalContents {
    bool used = false;  // false: prepared, but never begun
    WalHeader header;
    std::vector<Frame> frames;
    bool damaged = false;  // sound frames behind unsound bytes
    uint64_t damage_offset = 0;
};

// Pure; frames point into `bytes`. data_loss when both copies of the header are damaged,
// unsupported for a newer version.
Result<WalContents> parse_wal_segment(std::string_view bytes);

}  // namespace varve::strata
