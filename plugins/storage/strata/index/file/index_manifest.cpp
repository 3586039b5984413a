#include "storage/strata/index/file/index_manifest.hpp"

namespace varve::strata {

Result<IndexManifest> parse_index_manifest(std::string_view bytes) {
    const auto damaged = [] { return Status(Code::data_loss, "the index MANIFEST is damaged"); };
    if (bytes.size() < 8) return damaged();
    ByteReader reader(bytes.substr(0, bytes.size() - 8));
    const uint32_t magic = reader.get<uint32_t>();
    const uint32_t version = reader.get<uint32_t>();
    const uint64_t sum = ByteReader(bytes.substr(bytes.size() - 8)).get<uint64_t>();
    if (magic != kIndexManifestMagic || sum != checksum(bytes.substr(0, bytes.size() - 8), 0)) {
        return damaged();
    }
    if (version != kIndexManifestVersion) {
        return Status(Code::unsupported, "the index MANIFEST has version " +
                                             std::to_string(version) + ", known is " +
                                             std::to_string(kIndexManifestVersion));
    }
    IndexManifest manifest;
    manifest.next_number = reader.get<uint64_t>();
    manifest.id_end = reader.get<uint32_t>();
    const uint32_t count = reader.get<uint32_t>();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
        manifest.files.push_back(reader.get<IndexFileInfo>());
    }
    if (!reader.ok() || !reader.at_end()) return damaged();
    return manifest;
}

std::string render_index_manifest(const IndexManifest &manifest) {
    static_assert(sizeof(IndexFileInfo) == 32, "written as it lies in memory");
    std::string out;
    ByteWriter writer(out);
    writer.put(kIndexManifestMagic);
    writer.put(kIndexManifestVersion);
    writer.put(manifest.next_number);
    writer.put(manifest.id_end);
    writer.put(static_cast<uint32_t>(manifest.files.size()));
    for (const IndexFileInfo &file : manifest.files) writer.put(file);
    writer.put(checksum(out, 0));
    return out;
}

Status write_index_manifest(const Files &files, const std::string &path,
                            const IndexManifest &manifest) {
    return files.write_whole(path, render_index_manifest(manifest));
}

}  // namespace varve::strata
