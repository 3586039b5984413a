// MANIFEST: what a shard consists of, as a log of edits. docs/format/manifest.md has the bytes.
//
// header (32 bytes)
//   0  u32 magic "VMAN"    4  u32 version    8  u64 seed of the records' checksums
//   16 u64 reserved, zero  24 u64 XXH3-64 of bytes 0..24
// record (32 bytes + payload, padded with zeros to a multiple of 8)
//   0  u32 magic "VMRC"    4  u16 type       6  u16 reserved, zero
//   8  u64 sequence from 1 16 u32 payload length            20 u32 reserved, zero
//   24 u64 XXH3-64 of bytes 0..24, seeded with XXH3-64 of the payload (seeded with the file's seed)
//
// Reading stops at the first record that is not whole. Bytes behind it are either an edit that was
// never finished or damage; both mean the same: the list of segments can't be trusted to be
// complete, and the shard takes up every sound segment that lies in its directory.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/strata/files/files.hpp"

namespace varve::strata {

inline constexpr uint32_t kManifestMagic = 0x4e414d56;        // "VMAN"
inline constexpr uint32_t kManifestRecordMagic = 0x43524d56;  // "VMRC"
inline constexpr uint32_t kManifestVersion = 2;

// One segment as the manifest knows it.
struct SegmentInfo {
    uint64_t id = 0;
    Uuid uuid;
    uint64_t size_bytes = 0;
    uint64_t lsn_min = 0;
    uint64_t lsn_max = 0;
    int64_t time_min = 0;
    int64_t time_max = 0;
    uint64_t row_count = 0;

    bool operator==(const SegmentInfo &) const = default;
};

// Whose shard it is. Names are for recovery without the catalog.
struct ShardIdentity {
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    uint64_t shard_id = 0;
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    uint64_t created_lsn = 0;  // the first write of this life of the shard
    std::string db_name;
    std::string rp_name;

    bool operator==(const ShardIdentity &) const = default;
};

struct ManifestState {
    ShardIdentity identity;
    uint64_t flushed_lsn = 0;
    std::vector<SegmentInfo> segments;           // in the order of their LSNs
    std::map<uint64_t, std::string> tombstones;  // LSN → scan/tombstone.hpp's bytes
    std::set<uint64_t> removed;                  // segments that edits of this file took out
    uint64_t sequence = 0;                       // of the last record
    uint64_t seed = 0;
    uint64_t size_bytes = 0;  // of the sound part
    bool complete = true;     // false: bytes behind the sound part
};

// What one edit changes.
struct ManifestEdit {
    uint64_t flushed_lsn = 0;
    std::vector<SegmentInfo> added;
    std::vector<uint64_t> removed;
    std::map<uint64_t, std::string> tombstones{};  // new ones
    std::vector<uint64_t> settled{};               // LSNs of tombstones that hide nothing any more
};

// Pure. data_loss when the header or the first record is damaged; unsupported for a newer version.
Result<ManifestState> parse_manifest(std::string_view bytes);

// The bytes of a manifest that says just this.
std::string render_manifest(const ManifestState &state);
// The bytes of one more record.
std::string render_edit(const ManifestEdit &edit, uint64_t sequence, uint64_t seed);

// An open manifest. One thread at a time.
class Manifest {
  public:
    // Replaces the file as a whole: a temporary neighbour, sync, rename, sync of the directory.
    static Result<Manifest> create(const Files &files, const std::string &path,
                                   ManifestState state);

    // Takes up a file that was read as `state`; writes it anew if it is not whole.
    static Result<Manifest> open(const Files &files, const std::string &path, ManifestState state);

    const ManifestState &state() const { return state_; }
    // Appends an edit; durable when it returns. After an error the file is written anew first.
    Status apply(const ManifestEdit &edit);
    // Notes other names.
    Status rename(const std::string &db_name, const std::string &rp_name);

    // Whether the state says more than whose shard it is.
    static bool has_edit(const ManifestState &state);

    static constexpr uint64_t kSizeMax = 1 << 20;  // then the file is written anew

  private:
    Manifest(const Files &files, std::string path) : files_(files), path_(std::move(path)) {}
    Status rewrite();

    Files files_;
    std::string path_;
    OpenFile file_;
    ManifestState state_;
    bool stale_ = false;  // the file's end is unknown
};

}  // namespace varve::strata
