// MANIFEST: which index files make up the index. Small, and replaced as a whole.
//
//   0  u32 magic "VIXM"   4  u32 version   8  u64 next file number   16 u32 id_end
//   20 u32 file count     24 per file: u64 number, uuid, u64 size in bytes
//   at the end            u64 XXH3-64 of everything before
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/strata/files/files.hpp"

namespace varve::strata {

inline constexpr uint32_t kIndexManifestMagic = 0x4d584956;  // "VIXM"
inline constexpr uint32_t kIndexManifestVersion = 1;

struct IndexFileInfo {
    uint64_t number = 0;
    Uuid uuid;
    uint64_t size_bytes = 0;

    bool operator==(const IndexFileInfo &) const = default;
};

struct IndexManifest {
    uint64_t next_number = 1;
    uint32_t id_end = 0;  // ids below were given; the heads may have given more
    std::vector<IndexFileInfo> files;
};

// Pure. data_loss when the bytes are damaged, unsupported for a newer version.
Result<IndexManifest> parse_index_manifest(std::string_view bytes);
std::string render_index_manifest(const IndexManifest &manifest);

// Durable, either whole or not at all: a temporary neighbour, sync, rename, sync of the directory.
Status write_index_manifest(const Files &files, const std::string &path,
                            const IndexManifest &manifest);

}  // namespace varve::strata
