// The series of one database: canonical key <-> dense number (id), and which series have which
// tags.
//
//   writer --intern--> Head (memory) --flush--> i-1.vidx  i-2.vidx ... --merge--> i-9.vidx
//                                               named by MANIFEST, mapped, immutable
//
// Ids are given in order of arrival and never again to another key. What is in the head is durable
// only through the engine's log (in_head tells), what is in a file needs no log. Files hold
// disjoint sets of ids; an answer is the union of the answers of all files, the head being flushed
// and the head.
//
// Threads: [writer] calls come from one thread at a time (the engine's lock of the database),
// [task] calls from one other thread at a time, [any] calls from any number of threads; all three
// at the same time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <varve/kind/storage.h>

#include "storage/strata/files/files.hpp"
#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/index/file/index_manifest.hpp"
#include "storage/strata/index/head.hpp"
#include "storage/strata/index/series_cache.hpp"
#include "storage/strata/index/tag_counts.hpp"
#include "storage/strata/index/tag_source.hpp"

namespace varve::strata {

class KeyCursor;

struct IndexOptions {
    // Series that the writer's cache remembers per generation, of two.
    uint32_t cache_series_max = 2 << 20;
    // Tiered merge: this many neighbours of about one size become one file.
    uint32_t merge_files_min = 4;
    // More series are never merged into one file unless `everything` is asked for: a merge holds
    // about 150 bytes a series in memory.
    uint64_t merge_series_max = 4 << 20;
};

class SeriesIndex {
  public:
    // A file that was left out, and why.
    struct Damage {
        std::string path;
        std::string reason;
    };
    struct Statistics {
        uint64_t file_count = 0;
        uint64_t disk_bytes = 0;
        uint64_t memory_bytes = 0;  // heads and caches
        uint64_t head_bytes = 0;    // keys not in a file yet
        uint64_t head_series = 0;
    };

    SeriesIndex(const Files &files, std::string directory, uint64_t hash_seed,
                IndexOptions options = {});
    ~SeriesIndex();
    SeriesIndex(const SeriesIndex &) = delete;
    SeriesIndex &operator=(const SeriesIndex &) = delete;

    // Before anything else. Makes the directory, reads MANIFEST, maps the files and removes others
    // of its kind; does not go through them. Damaged or missing files are left out, stay where they
    // are and are reported; the caller moves them away (the next open removes them) and restores
    // their ids. unsupported for files of a newer version.
    Status open(std::vector<Damage> &damaged);

    // ---- [writer] ----
    // `hashes` are series_key::hashes(key, hash_seed). kNoSeries when the key is unknown, and when
    // a damaged file can't tell (then intern fails).
    uint32_t find(std::string_view key, const series_key::Hashes &hashes);
    // The same for many keys, and whether each is live. data_loss when a damaged file can't tell.
    Status find_all(std::span<const varve_series_key> keys, std::span<uint32_t> ids,
                    std::span<uint8_t> live);
    // A find_all of these comes soon: asked ahead, it hides what the look-ups wait for.
    void prefetch(std::span<const varve_series_key> keys) const;
    // Finds or makes. invalid_argument when the key is not canonical, data_loss when a file is
    // damaged, resource_exhausted when the head or the ids are used up.
    Result<uint32_t> intern(std::string_view key, const series_key::Hashes &hashes);
    // The same for a key that find_all did not find.
    Result<uint32_t> make(std::string_view key, const series_key::Hashes &hashes);
    // Says that `id` is `key`: from the log or from segments. Idempotent. data_loss when the index
    // knows otherwise.
    Status restore(uint32_t id, std::string_view key);
    // Not in a durable file yet, so the log must carry its key.
    bool in_head(uint32_t id);
    // Whether any series is.
    bool has_head();
    // Above every id ever given.
    uint32_t id_end() const { return id_end_.load(std::memory_order_acquire); }
    // Ids are at least this from now on; from what else remembers ids.
    void reserve_ids(uint32_t id_end);
    // Live series are those that have data; the engine tells. Only they count against limits.
    void revive(uint32_t id);
    void forget(const Bitmap &ids);
    // What is live now, all at once.
    void set_live(Bitmap live);
    bool live(uint32_t id) const { return live_.contains(id); }
    uint64_t live_count() const { return live_count_; }
    uint64_t live_among(const Bitmap &ids) const { return live_.and_cardinality(ids); }
    // Over live series, exact. The first call of either goes through all live keys; from then on
    // every revive and forget does for its series.
    uint64_t tag_value_count(std::string_view measurement, std::string_view tag);
    bool has_tag_value(std::string_view measurement, std::string_view tag, std::string_view value);
    void drop_caches();
    // Garbage collection begins: from here to the end of collect every id that find or intern
    // gives is kept. The engine works out `keep` after this.
    void begin_collect();

    // ---- [any] ----
    // Assigns. not_found for an id nobody has, data_loss when its file is damaged. KeyCursor is
    // faster for many.
    Status key_of(uint32_t id, std::string &out) const;
    // Every id ever made that matches, whether live or not. An absent tag reads as "".
    // invalid_argument as storage::Predicate::compile says.
    Result<Bitmap> select(std::string_view measurement, const varve_series_predicate *tree) const;
    // Entries ascend bytewise, from behind request.after to request.limit or until the sink stops.
    // Only series in `among` count; request.measurement narrows further, request.series is not
    // looked at.
    Status list_measurements(const Bitmap &among, const varve_schema_request &request,
                             varve_schema_sink sink) const;
    Status list_tag_keys(const Bitmap &among, const varve_schema_request &request,
                         varve_schema_sink sink) const;
    Status list_tag_values(const Bitmap &among, const varve_schema_request &request,
                           varve_schema_sink sink) const;
    Status list_series(const Bitmap &among, const varve_schema_request &request,
                       varve_schema_sink sink) const;
    Statistics statistics() const;

    // ---- [task] ----
    // The head becomes a file. False when it was empty. After an error nothing is lost: the head
    // stays in memory and the next flush tries again.
    Result<bool> flush();
    // Merges files where that pays; `everything`: into one.
    Status merge(bool everything);
    // Rewrites the files without the ids that are neither in `keep` nor live nor given since
    // begin_collect. Ids in the heads stay.
    Status collect(const Bitmap &keep);
    // Reads every byte of every file. data_loss names the first damaged file.
    Status verify() const;
    // A file turned out to be damaged: goes on without it. Its ids may be restored.
    Status abandon(const std::string &path);
    // Goes on without the files that do not verify, and says which.
    Status abandon_damaged(std::vector<Damage> &damaged);
    // Links (or copies) the files and writes their MANIFEST into a directory that exists.
    Status link_to(const std::string &directory);
    // Files were left out, and their ids are perhaps not restored and flushed: until mark_complete
    // every open says so, by the file INCOMPLETE.
    bool incomplete() const { return incomplete_.load(); }
    // The files know every id below that was not collected; the heads may know more.
    uint32_t files_end() const;
    Status mark_complete();
    // Reads every byte of an index that is not open; changes nothing. Adds to `file_count`.
    static Status verify_files(const Files &files, const std::string &directory,
                               std::vector<Damage> &damaged, uint64_t &file_count);

  private:
    friend class KeyCursor;

    // What readers hold on to; replaced as a whole.
    struct State {
        std::vector<std::shared_ptr<const IndexFile>> files;  // ascending by number
        std::shared_ptr<Head> frozen;                         // being flushed; may be null
        std::shared_ptr<Head> head;
        uint64_t collections = 0;  // how often ids were taken out
    };
    using FileList = std::vector<std::shared_ptr<const IndexFile>>;

    std::shared_ptr<const State> state() const;
    void publish(State next);  // mutex_ is held
    TagSources sources() const;

    // ---- the writer's ----
    const State &writer_state();
    void prefetch(uint64_t hash) const;
    Status look_up(std::string_view key, const series_key::Hashes &hashes, uint32_t &id);
    Status look_up_once(std::string_view key, const series_key::Hashes &hashes, uint32_t &id);
    Status append(std::string_view key, const series_key::Hashes &hashes, uint32_t id);
    void count_tags(uint32_t id, int change);
    void set_up_counts();

    Status mark_incomplete();

    // ---- open's ----
    Result<IndexManifest> read_manifest(const std::vector<std::string> &names,
                                        std::vector<Damage> &damaged) const;
    Result<IndexManifest> salvage(const std::vector<std::string> &names,
                                  std::vector<Damage> &damaged) const;
    Status open_files(const IndexManifest &manifest, std::vector<Damage> &damaged);
    void remove_strangers(const std::vector<std::string> &names,
                          const IndexManifest &manifest) const;

    // ---- the task's ----
    std::string path_of(uint64_t number) const;
    std::string manifest_path() const { return directory_ + "/MANIFEST"; }
    Status commit(const FileList &files);
    std::shared_ptr<Head> freeze();
    Result<std::shared_ptr<const IndexFile>> write_file(const SeriesTable &table);
    // The series of `inputs` with these ids (null = all) as one new file; null when none is left.
    Result<std::shared_ptr<const IndexFile>> rewrite(const FileList &inputs, const Bitmap *ids);
    FileList merge_candidates(bool everything) const;
    // The files without `inputs` and with `output` (null = none).
    static FileList replaced(const FileList &files, const FileList &inputs,
                             const std::shared_ptr<const IndexFile> &output);
    void remove_files(const FileList &files) const;
    Result<bool> try_collect(const Bitmap &keep);

    const Files files_;
    const std::string directory_;
    const uint64_t hash_seed_;
    const IndexOptions options_;

    mutable std::mutex mutex_;  // state_, the head's growth, collecting_, given_; held briefly
    std::shared_ptr<const State> state_;
    std::atomic<uint64_t> version_{0};  // of state_
    std::atomic<uint32_t> id_end_{0};
    std::atomic<bool> incomplete_{false};

    // The writer's.
    std::shared_ptr<const State> writer_state_;
    std::vector<std::unique_ptr<FileKeyReader>> writer_readers_;  // one per file
    uint64_t writer_version_ = 0;
    std::unique_ptr<KeyCursor> writer_keys_;  // made when first needed, for count_tags
    SeriesCache cache_;
    bool cache_missed_ = false;  // at the last look-up
    Bitmap live_;
    uint64_t live_count_ = 0;
    TagCounts counts_;
    bool counts_tags_ = false;

    std::atomic<bool> collecting_{false};
    Bitmap given_;  // while collecting: ids that must stay

    // The task's.
    mutable std::mutex task_mutex_;
    uint64_t next_number_ = 1;
};

// Reads the keys of many series, fastest when ids ascend. Sees the index as it was when it was
// made. One thread.
class KeyCursor {
  public:
    explicit KeyCursor(const SeriesIndex &index);
    ~KeyCursor();
    // Assigns. Errors as SeriesIndex::key_of.
    Status key_of(uint32_t id, std::string &out);

  private:
    std::shared_ptr<const SeriesIndex::State> state_;
    std::vector<std::unique_ptr<FileKeyReader>> readers_;  // one per file
    size_t last_ = 0;                                      // the file that had the last id
};

}  // namespace varve::strata
