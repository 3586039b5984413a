#include "storage/strata/manifest/manifest.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

enum RecordType : uint16_t { kShardRecord = 1, kEditRecord = 2 };

constexpr size_t kHeaderSize = 32;

std::string render_record(uint16_t type, uint64_t sequence, uint64_t seed,
                          std::string_view payload) {
    std::string out;
    ByteWriter writer(out);
    writer.put(kManifestRecordMagic);
    writer.put(type);
    writer.put(uint16_t{0});
    writer.put(sequence);
    writer.put(static_cast<uint32_t>(payload.size()));
    writer.put(uint32_t{0});
    writer.put(checksum(out, checksum(payload, seed)));
    writer.bytes(payload);
    writer.align(8);
    return out;
}

std::string render_identity(const ShardIdentity &identity) {
    std::string out;
    ByteWriter writer(out);
    writer.put(identity.db_id);
    writer.put(identity.rp_id);
    writer.put(identity.shard_id);
    writer.put(identity.from_ns);
    writer.put(identity.to_ns);
    writer.put(identity.created_lsn);
    writer.text(identity.db_name);
    writer.text(identity.rp_name);
    return out;
}

bool read_identity(std::string_view payload, ShardIdentity &identity) {
    ByteReader reader(payload);
    identity.db_id = reader.get<uint64_t>();
    identity.rp_id = reader.get<uint64_t>();
    identity.shard_id = reader.get<uint64_t>();
    identity.from_ns = reader.get<int64_t>();
    identity.to_ns = reader.get<int64_t>();
    identity.created_lsn = reader.get<uint64_t>();
    identity.db_name = reader.text();
    identity.rp_name = reader.text();
    return reader.ok() && reader.at_end();
}

std::string encode_edit(const ManifestEdit &edit) {
    std::string payload;
    ByteWriter writer(payload);
    writer.put(edit.flushed_lsn);
    writer.put(static_cast<uint32_t>(edit.added.size()));
    writer.put(static_cast<uint32_t>(edit.removed.size()));
    writer.put(static_cast<uint32_t>(edit.tombstones.size()));
    writer.put(static_cast<uint32_t>(edit.settled.size()));
    for (const SegmentInfo &info : edit.added) writer.put(info);
    for (const uint64_t id : edit.removed) writer.put(id);
    for (const auto &[lsn, bytes] : edit.tombstones) {
        writer.put(lsn);
        writer.text(bytes);
    }
    for (const uint64_t lsn : edit.settled) writer.put(lsn);
    return payload;
}

Result<ManifestEdit> decode_edit(std::string_view payload) {
    ByteReader reader(payload);
    ManifestEdit edit;
    edit.flushed_lsn = reader.get<uint64_t>();
    const auto added = reader.get<uint32_t>();
    const auto removed = reader.get<uint32_t>();
    const auto tombstones = reader.get<uint32_t>();
    const auto settled = reader.get<uint32_t>();
    for (uint32_t i = 0; i < added && reader.ok(); ++i) {
        edit.added.push_back(reader.get<SegmentInfo>());
    }
    for (uint32_t i = 0; i < removed && reader.ok(); ++i) {
        edit.removed.push_back(reader.get<uint64_t>());
    }
    for (uint32_t i = 0; i < tombstones && reader.ok(); ++i) {
        const auto lsn = reader.get<uint64_t>();
        edit.tombstones[lsn] = reader.text();
    }
    for (uint32_t i = 0; i < settled && reader.ok(); ++i) {
        edit.settled.push_back(reader.get<uint64_t>());
    }
    if (!reader.ok() || !reader.at_end()) return Status(Code::data_loss, "a damaged edit");
    return edit;
}

void apply_edit(const ManifestEdit &edit, ManifestState &state) {
    for (const uint64_t id : edit.removed) {
        state.removed.insert(id);
        std::erase_if(state.segments, [&](const SegmentInfo &info) { return info.id == id; });
    }
    state.segments.insert(state.segments.end(), edit.added.begin(), edit.added.end());
    std::stable_sort(
        state.segments.begin(), state.segments.end(),
        [](const SegmentInfo &a, const SegmentInfo &b) { return a.lsn_max < b.lsn_max; });
    for (const auto &[lsn, bytes] : edit.tombstones) state.tombstones[lsn] = bytes;
    for (const uint64_t lsn : edit.settled) state.tombstones.erase(lsn);
    state.flushed_lsn = std::max(state.flushed_lsn, edit.flushed_lsn);
}

// Reads the record at `at` into the state; false when it is not whole and sound.
bool read_record(std::string_view bytes, size_t &at, ManifestState &state, bool &has_identity) {
    ByteReader reader(bytes.substr(at));
    const auto magic = reader.get<uint32_t>();
    const auto type = reader.get<uint16_t>();
    reader.get<uint16_t>();
    const auto sequence = reader.get<uint64_t>();
    const auto size = reader.get<uint32_t>();
    reader.get<uint32_t>();
    const auto sum = reader.get<uint64_t>();
    const std::string_view payload = reader.bytes(size);
    reader.align(8);
    if (!reader.ok() || magic != kManifestRecordMagic || sequence != state.sequence + 1) {
        return false;
    }
    if (sum != checksum(bytes.substr(at, 24), checksum(payload, state.seed))) return false;
    if (type == kShardRecord) {
        if (!read_identity(payload, state.identity)) return false;
        has_identity = true;
    } else {
        const auto edit = decode_edit(payload);
        if (type != kEditRecord || !has_identity || !edit.ok()) return false;
        apply_edit(*edit, state);
    }
    state.sequence = sequence;
    at += reader.position();
    return true;
}

}  // namespace

static_assert(sizeof(SegmentInfo) == 72, "written to the manifest as it lies in memory");

Result<ManifestState> parse_manifest(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto magic = reader.get<uint32_t>();
    const auto version = reader.get<uint32_t>();
    ManifestState state;
    state.seed = reader.get<uint64_t>();
    reader.get<uint64_t>();
    const auto sum = reader.get<uint64_t>();
    if (!reader.ok() || magic != kManifestMagic || sum != checksum(bytes.substr(0, 24), 0)) {
        return Status(Code::data_loss, "the manifest's header is damaged");
    }
    if (version != kManifestVersion) {
        return Status(Code::unsupported, "the manifest has version " + std::to_string(version) +
                                             "; this Varve reads version " +
                                             std::to_string(kManifestVersion));
    }
    size_t at = kHeaderSize;
    bool has_identity = false;
    while (at < bytes.size() && read_record(bytes, at, state, has_identity)) {
    }
    if (!has_identity) return Status(Code::data_loss, "the manifest's first record is damaged");
    state.size_bytes = at;
    state.complete = at == bytes.size();
    return state;
}

std::string render_edit(const ManifestEdit &edit, uint64_t sequence, uint64_t seed) {
    return render_record(kEditRecord, sequence, seed, encode_edit(edit));
}

bool Manifest::has_edit(const ManifestState &state) {
    return state.flushed_lsn != 0 || !state.segments.empty() || !state.tombstones.empty();
}

std::string render_manifest(const ManifestState &state) {
    std::string out;
    ByteWriter writer(out);
    writer.put(kManifestMagic);
    writer.put(kManifestVersion);
    writer.put(state.seed);
    writer.put(uint64_t{0});
    writer.put(checksum(out, 0));
    out += render_record(kShardRecord, 1, state.seed, render_identity(state.identity));
    if (Manifest::has_edit(state)) {
        out += render_edit({state.flushed_lsn, state.segments, {}, state.tombstones, {}}, 2,
                           state.seed);
    }
    return out;
}

Result<Manifest> Manifest::create(const Files &files, const std::string &path,
                                  ManifestState state) {
    Manifest manifest(files, path);
    manifest.state_ = std::move(state);
    if (Status status = manifest.rewrite(); !status.ok()) return status;
    return manifest;
}

Result<Manifest> Manifest::open(const Files &files, const std::string &path, ManifestState state) {
    if (!state.complete) return create(files, path, std::move(state));
    auto file = files.open(path, VARVE_FILE_WRITE);
    if (!file.ok()) return file.status();
    Manifest manifest(files, path);
    manifest.file_ = std::move(*file);
    manifest.state_ = std::move(state);
    return manifest;
}

Status Manifest::rewrite() {
    stale_ = true;
    state_.seed = files_.random_uuid().low;
    const std::string bytes = render_manifest(state_);
    const std::string temporary = path_ + ".tmp";
    {
        auto file =
            files_.open(temporary, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
        if (!file.ok()) return file.status();
        VARVE_RETURN_IF_ERROR(file->write(0, bytes));
        VARVE_RETURN_IF_ERROR(file->sync());
        VARVE_RETURN_IF_ERROR(files_.rename(temporary, path_));
        VARVE_RETURN_IF_ERROR(files_.sync_directory(parent_of(path_)));
        file_ = std::move(*file);
    }
    state_.size_bytes = bytes.size();
    state_.sequence = has_edit(state_) ? 2 : 1;
    state_.complete = true;
    stale_ = false;
    return {};
}

Status Manifest::apply(const ManifestEdit &edit) {
    ManifestState next = state_;
    const std::string record = render_edit(edit, state_.sequence + 1, state_.seed);
    apply_edit(edit, next);
    if (stale_ || state_.size_bytes + record.size() > kSizeMax) {
        std::swap(state_, next);
        Status status = rewrite();
        if (!status.ok()) std::swap(state_, next);
        return status;
    }
    stale_ = true;
    VARVE_RETURN_IF_ERROR(file_.write(state_.size_bytes, record));
    VARVE_RETURN_IF_ERROR(file_.sync());
    stale_ = false;
    next.sequence = state_.sequence + 1;
    next.size_bytes = state_.size_bytes + record.size();
    state_ = std::move(next);
    return {};
}

Status Manifest::rename(const std::string &db_name, const std::string &rp_name) {
    if (state_.identity.db_name == db_name && state_.identity.rp_name == rp_name) return {};
    state_.identity.db_name = db_name;
    state_.identity.rp_name = rp_name;
    return rewrite();
}

}  // namespace varve::strata
