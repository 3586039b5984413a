// What happens to the files: open, flush, merge, collect. Each change is: a new file, durable; a
// new MANIFEST, durable; the new state for readers; then the files that are no longer named go. A
// power cut anywhere leaves either the old or the new MANIFEST with all it names.
#include <algorithm>
#include <bit>

#include "storage/strata/index/file/index_writer.hpp"
#include "storage/strata/index/series_index.hpp"

namespace varve::strata {
namespace {

constexpr std::string_view kPrefix = "i-";
constexpr std::string_view kSuffix = ".vidx";
constexpr uint32_t kCollectTriesMax = 5;

// Whether to go on without the file, whose keys stand in segments and log as well. Anything else
// may pass, or needs a newer server.
bool is_damage(const Status &status) {
    return status.code() == Code::data_loss || status.code() == Code::not_found ||
           status.code() == Code::io_error;
}

}  // namespace

std::string SeriesIndex::path_of(uint64_t number) const {
    return directory_ + "/" + std::string(kPrefix) + std::to_string(number) + std::string(kSuffix);
}

// ---- open ----

Result<IndexManifest> SeriesIndex::read_manifest(const std::vector<std::string> &names,
                                                 std::vector<Damage> &damaged) const {
    auto bytes = files_.read_all(manifest_path());
    if (bytes.ok()) {
        auto manifest = parse_index_manifest(*bytes);
        if (manifest.ok() || manifest.code() == Code::unsupported) return manifest;
        damaged.push_back({manifest_path(), manifest.status().text()});
        return salvage(names, damaged);
    }
    if (bytes.code() != Code::not_found) return bytes.status();
    const bool any = std::any_of(names.begin(), names.end(), [](const std::string &name) {
        return number_in_name(name, kPrefix, kSuffix) != 0;
    });
    if (!any) return IndexManifest();
    damaged.push_back({manifest_path(), "the index MANIFEST is missing"});
    return salvage(names, damaged);
}

// Without a MANIFEST: every sound file but those whose ids a newer one holds too, which then was
// made from them.
Result<IndexManifest> SeriesIndex::salvage(const std::vector<std::string> &names,
                                           std::vector<Damage> &damaged) const {
    std::vector<uint64_t> numbers;
    for (const std::string &name : names) {
        const uint64_t number = number_in_name(name, kPrefix, kSuffix);
        if (number != 0) numbers.push_back(number);
    }
    std::sort(numbers.rbegin(), numbers.rend());
    IndexManifest manifest;
    Bitmap taken;
    for (const uint64_t number : numbers) {
        manifest.next_number = std::max(manifest.next_number, number + 1);
        const auto file = IndexFile::open(files_, path_of(number), number, nullptr);
        Bitmap ids;
        if (!file.ok() && !is_damage(file.status())) return file.status();
        if (!file.ok() || !(*file)->posting((*file)->header().all, ids)) {
            damaged.push_back(
                {path_of(number), file.ok() ? (*file)->damage().text() : file.status().text()});
            continue;
        }
        if (ids.intersects(taken)) continue;
        taken |= ids;
        manifest.files.insert(manifest.files.begin(), (*file)->info());
        manifest.id_end = std::max(manifest.id_end, (*file)->header().id_end);
    }
    return manifest;
}

Status SeriesIndex::open_files(const IndexManifest &manifest, std::vector<Damage> &damaged) {
    State next;
    next.head = std::make_shared<Head>();
    for (const IndexFileInfo &info : manifest.files) {
        auto file = IndexFile::open(files_, path_of(info.number), info.number, &info);
        if (file.ok()) {
            next.files.push_back(std::move(*file));
        } else if (is_damage(file.status())) {
            damaged.push_back({path_of(info.number), file.status().text()});
        } else {
            return file.status();
        }
    }
    const std::lock_guard lock(mutex_);
    id_end_ = manifest.id_end;
    for (const auto &file : next.files) id_end_ = std::max(id_end(), file->header().id_end);
    publish(std::move(next));
    return {};
}

// What can't be removed stays behind until the next start.
void SeriesIndex::remove_strangers(const std::vector<std::string> &names,
                                   const IndexManifest &manifest) const {
    for (const std::string &name : names) {
        const uint64_t number = number_in_name(name, kPrefix, kSuffix);
        const bool named =
            std::any_of(manifest.files.begin(), manifest.files.end(),
                        [&](const IndexFileInfo &file) { return file.number == number; });
        if ((number == 0 || named) && !name.ends_with(".tmp")) continue;
        const Status removed = files_.remove(directory_ + "/" + name);
        if (!removed.ok()) files_.host().log_warning(removed.text());
    }
}

Status SeriesIndex::open(std::vector<Damage> &damaged) {
    const std::lock_guard task_lock(task_mutex_);
    VARVE_RETURN_IF_ERROR(files_.make_directory(directory_));
    auto names = files_.list(directory_);
    if (!names.ok()) return names.status();
    const size_t sound = damaged.size();
    auto manifest = read_manifest(*names, damaged);
    if (!manifest.ok()) return manifest.status().with_context(manifest_path());
    // What salvage left out for being damaged is the caller's to move away.
    if (damaged.size() == sound) remove_strangers(*names, *manifest);
    next_number_ = manifest->next_number;
    for (const std::string &name : *names) {
        next_number_ = std::max(next_number_, number_in_name(name, kPrefix, kSuffix) + 1);
    }
    VARVE_RETURN_IF_ERROR(open_files(*manifest, damaged));
    const bool fresh = std::find(names->begin(), names->end(), "MANIFEST") == names->end();
    incomplete_ = std::find(names->begin(), names->end(), "INCOMPLETE") != names->end();
    if (!fresh && damaged.size() == sound) return {};
    if (damaged.size() != sound) VARVE_RETURN_IF_ERROR(mark_incomplete());
    VARVE_RETURN_IF_ERROR(commit(state()->files));
    return files_.sync_directory(parent_of(directory_));
}

// ---- flush ----

Status SeriesIndex::commit(const FileList &files) {
    IndexManifest manifest;
    manifest.next_number = next_number_;
    manifest.id_end = id_end();
    for (const auto &file : files) manifest.files.push_back(file->info());
    return write_index_manifest(files_, manifest_path(), manifest);
}

std::shared_ptr<Head> SeriesIndex::freeze() {
    const std::lock_guard lock(mutex_);
    if (state_->frozen != nullptr) return state_->frozen;  // the last flush failed
    if (state_->head->size() == 0) return nullptr;
    State next = *state_;
    next.frozen = std::exchange(next.head, std::make_shared<Head>());
    publish(next);
    return next.frozen;
}

Result<std::shared_ptr<const IndexFile>> SeriesIndex::write_file(const SeriesTable &table) {
    const uint64_t number = next_number_++;
    auto info = write_index(files_, path_of(number), number, table, hash_seed_);
    if (!info.ok()) return info.status();
    return IndexFile::open(files_, path_of(number), number, &*info);
}

Result<bool> SeriesIndex::flush() {
    const std::lock_guard task_lock(task_mutex_);
    const bool again = state()->frozen != nullptr;
    for (int round = 0; round < (again ? 2 : 1); ++round) {
        const std::shared_ptr<Head> frozen = freeze();
        if (frozen == nullptr) return round > 0;
        std::shared_ptr<const IndexFile> file;
        {
            SeriesTable table;
            for (uint32_t i = 0; i < frozen->size(); ++i) {
                const Head::Entry &entry = frozen->entry(i);
                VARVE_RETURN_IF_ERROR(table.add(entry.id, entry.view(), entry.hash));
            }
            auto written = write_file(table);
            if (!written.ok()) return written.status();
            file = std::move(*written);
        }
        FileList files = state()->files;
        files.push_back(file);
        if (Status status = commit(files); !status.ok()) return status;
        const std::lock_guard lock(mutex_);
        State next = *state_;
        next.files = std::move(files);
        next.frozen = nullptr;
        publish(std::move(next));
    }
    return true;
}

// ---- merge ----

SeriesIndex::FileList SeriesIndex::replaced(const FileList &files, const FileList &inputs,
                                            const std::shared_ptr<const IndexFile> &output) {
    FileList kept;
    for (const auto &file : files) {
        if (std::find(inputs.begin(), inputs.end(), file) == inputs.end()) kept.push_back(file);
    }
    if (output != nullptr) kept.push_back(output);
    return kept;
}

void SeriesIndex::remove_files(const FileList &files) const {
    for (const auto &file : files) {
        const Status status = files_.remove(file->path());
        if (!status.ok()) files_.host().log_warning(status.text());
    }
}

Result<std::shared_ptr<const IndexFile>> SeriesIndex::rewrite(const FileList &inputs,
                                                              const Bitmap *ids) {
    SeriesTable table;
    std::string key;
    for (const auto &file : inputs) {
        Bitmap wanted;
        if (!file->posting(file->header().all, wanted)) return file->damage();
        if (ids != nullptr) wanted &= *ids;
        FileKeyReader reader(file);
        Status status;
        wanted.for_each([&](uint32_t id) {
            if (!status.ok()) return;
            if (!reader.key_of(id, key) || (key.empty() && !file->unsound("a series is missing"))) {
                status = file->damage();
                return;
            }
            status = table.add(id, key, series_key::hash(key, hash_seed_));
            if (!status.ok()) {
                (void)file->unsound("a series has a malformed key");
                status = file->damage();
            }
        });
        if (!status.ok()) return status;
    }
    if (table.series().empty()) return std::shared_ptr<const IndexFile>();
    return write_file(table);
}

SeriesIndex::FileList SeriesIndex::merge_candidates(bool everything) const {
    const FileList files = state()->files;
    if (everything) return files.size() > 1 ? files : FileList();
    // A tier: files whose numbers of series have the same power of four.
    for (int tier = 0; tier <= 16; ++tier) {
        FileList found;
        uint64_t series = 0;
        for (const auto &file : files) {
            const uint32_t count = file->header().series_count;
            if ((static_cast<int>(std::bit_width(count)) + 1) / 2 != tier) continue;
            if (series + count > options_.merge_series_max) break;
            series += count;
            found.push_back(file);
        }
        if (found.size() >= options_.merge_files_min) return found;
    }
    return {};
}

Status SeriesIndex::merge(bool everything) {
    const std::lock_guard task_lock(task_mutex_);
    while (true) {
        const FileList inputs = merge_candidates(everything);
        if (inputs.empty()) return {};
        auto output = rewrite(inputs, nullptr);
        if (!output.ok()) return output.status();
        const FileList files = replaced(state()->files, inputs, *output);
        VARVE_RETURN_IF_ERROR(commit(files));
        {
            const std::lock_guard lock(mutex_);
            State next = *state_;
            next.files = files;
            publish(std::move(next));
        }
        remove_files(inputs);
    }
}

// ---- garbage ----

Result<bool> SeriesIndex::try_collect(const Bitmap &keep) {
    Bitmap kept = keep;
    {
        const std::lock_guard lock(mutex_);
        kept |= given_;
    }
    const FileList all = state()->files;
    FileList inputs;
    FileList outputs;
    FileList files;
    Bitmap removed;
    for (const auto &file : all) {
        Bitmap gone;
        if (!file->posting(file->header().all, gone)) return file->damage();
        gone -= kept;
        if (gone.empty()) {
            files.push_back(file);
            continue;
        }
        removed |= gone;
        inputs.push_back(file);
        auto output = rewrite({file}, &kept);
        if (!output.ok()) return output.status();
        if (*output == nullptr) continue;
        outputs.push_back(*output);
        files.push_back(*output);
    }
    // The lock is held over the MANIFEST here: an id given now would otherwise be on its way out.
    const std::lock_guard lock(mutex_);
    if (given_.intersects(removed)) {
        remove_files(outputs);
        return false;
    }
    if (!inputs.empty()) {
        if (Status status = commit(files); !status.ok()) return status;
        State next = *state_;
        next.files = files;
        ++next.collections;
        publish(std::move(next));
    }
    collecting_.store(false, std::memory_order_release);
    given_.clear();
    remove_files(inputs);
    return true;
}

Status SeriesIndex::collect(const Bitmap &keep) {
    const std::lock_guard task_lock(task_mutex_);
    if (!collecting_.load(std::memory_order_acquire)) {
        return {Code::failed_precondition, "collect without begin_collect"};
    }
    Status status(Code::unavailable, "series to be collected are being written again; try later");
    for (uint32_t i = 0; i < kCollectTriesMax; ++i) {
        const auto done = try_collect(keep);
        if (done.ok() && *done) return {};
        if (done.ok()) continue;
        status = done.status();
        break;
    }
    const std::lock_guard lock(mutex_);
    collecting_.store(false, std::memory_order_release);
    given_.clear();
    return status;
}

// ---- damage ----

Status SeriesIndex::verify() const {
    for (const auto &file : state()->files) VARVE_RETURN_IF_ERROR(file->verify());
    return {};
}

Status SeriesIndex::abandon(const std::string &path) {
    const std::lock_guard task_lock(task_mutex_);
    FileList inputs;
    for (const auto &file : state()->files) {
        if (file->path() == path) inputs.push_back(file);
    }
    if (inputs.empty()) return {Code::not_found, path + " is no file of the series index"};
    const FileList files = replaced(state()->files, inputs, nullptr);
    VARVE_RETURN_IF_ERROR(mark_incomplete());
    VARVE_RETURN_IF_ERROR(commit(files));
    const std::lock_guard lock(mutex_);
    State next = *state_;
    next.files = files;
    ++next.collections;
    publish(std::move(next));
    return {};
}

}  // namespace varve::strata
