// Looking after an index: damaged files out, copies of the sound ones, a check from outside.
#include <algorithm>

#include "storage/strata/index/series_index.hpp"

namespace varve::strata {

void SeriesIndex::set_live(Bitmap live) {
    live_ = std::move(live);
    live_count_ = live_.cardinality();
    counts_tags_ = false;
}

uint32_t SeriesIndex::files_end() const {
    uint32_t end = 0;
    for (const auto &file : state()->files) end = std::max(end, file->header().id_end);
    return end;
}

Status SeriesIndex::mark_incomplete() {
    auto file = files_.open(directory_ + "/INCOMPLETE", VARVE_FILE_WRITE | VARVE_FILE_CREATE);
    if (!file.ok()) return file.status();
    VARVE_RETURN_IF_ERROR(file->sync());
    VARVE_RETURN_IF_ERROR(files_.sync_directory(directory_));
    incomplete_ = true;
    return {};
}

Status SeriesIndex::mark_complete() {
    if (!incomplete_) return {};
    VARVE_RETURN_IF_ERROR(files_.remove(directory_ + "/INCOMPLETE"));
    VARVE_RETURN_IF_ERROR(files_.sync_directory(directory_));
    incomplete_ = false;
    return {};
}

Status SeriesIndex::abandon_damaged(std::vector<Damage> &damaged) {
    for (const auto &file : FileList(state()->files)) {
        const Status status = file->verify();
        if (status.ok()) continue;
        VARVE_RETURN_IF_ERROR(abandon(file->path()));
        damaged.push_back({file->path(), status.text()});
    }
    return {};
}

Status SeriesIndex::link_to(const std::string &directory) {
    const std::lock_guard task_lock(task_mutex_);
    IndexManifest manifest;
    manifest.next_number = next_number_;
    manifest.id_end = id_end();
    for (const auto &file : state()->files) {
        manifest.files.push_back(file->info());
        const std::string name = file->path().substr(file->path().rfind('/'));
        VARVE_RETURN_IF_ERROR(files_.link_or_copy(file->path(), directory + name));
    }
    return write_index_manifest(files_, directory + "/MANIFEST", manifest);
}

Status SeriesIndex::verify_files(const Files &files, const std::string &directory,
                                 std::vector<Damage> &damaged, uint64_t &file_count) {
    const std::string path = directory + "/MANIFEST";
    ++file_count;
    const auto bytes = files.read_all(path);
    if (bytes.code() == Code::not_found) return {};
    const auto manifest = bytes.ok() ? parse_index_manifest(*bytes) : bytes.status();
    if (!manifest.ok()) {
        damaged.push_back({path, manifest.status().text()});
        return {};
    }
    for (const IndexFileInfo &info : manifest->files) {
        ++file_count;
        const std::string one = directory + "/i-" + std::to_string(info.number) + ".vidx";
        const auto file = IndexFile::open(files, one, info.number, &info);
        const Status status = file.ok() ? (*file)->verify() : file.status();
        if (!status.ok()) damaged.push_back({one, status.text()});
    }
    return {};
}

}  // namespace varve::strata
