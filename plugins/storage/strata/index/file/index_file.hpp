// An index file, mapped and read in place. Nothing in it is trusted: a page is checked against its
// sum when it is first touched, and every number against its bounds when it is used.
//
// The reading functions answer false when the file turns out to be damaged; damage() then says how.
// All of it is immutable and may be read by any number of threads.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/index/file/index_format.hpp"
#include "storage/strata/index/file/index_manifest.hpp"

namespace varve::strata {

class FileKeyReader;

class IndexFile {
  public:
    // data_loss when the file is damaged, cut off, or not the one that is expected (null = any);
    // unsupported for a newer version. Touches the header only.
    static Result<std::shared_ptr<const IndexFile>> open(const Files &files,
                                                         const std::string &path, uint64_t number,
                                                         const IndexFileInfo *expected);

    const std::string &path() const { return path_; }
    IndexFileInfo info() const { return {number_, header_.uuid, header_.file_size}; }
    const IndexHeader &header() const { return header_; }
    bool may_hold(uint32_t id) const { return id >= header_.id_min && id < header_.id_end; }

    // The id of a key, kNoSeries when it has none. `hash` is with `hash_seed`; a file made with
    // another seed hashes anew. `reader` is one of this file's.
    bool find(std::string_view key, uint64_t hash, uint64_t hash_seed, FileKeyReader &reader,
              uint32_t &id) const;
    // A find with this hash comes soon.
    void prefetch(uint64_t hash) const {
        const uint64_t bucket = bucket_of(hash, header_.bucket_count);
        __builtin_prefetch(view_.bytes().data() + header_.sections[kHashSection].offset +
                           bucket * kSlotsPerBucket * sizeof(HashSlot));
    }

    // Bytes of a section, checked; they live as long as the file.
    bool read(IndexSection section, uint64_t offset, uint64_t size, std::string_view &out) const;
    template <typename T>
    bool read_at(IndexSection section, uint64_t place, T &out) const {
        std::string_view bytes;
        if (!read(section, place * sizeof(T), sizeof(T), bytes)) return false;
        std::memcpy(&out, bytes.data(), sizeof out);
        return true;
    }
    bool posting(const PostingPlace &place, Bitmap &out) const;
    // Checks every page. data_loss.
    Status verify() const;

    // Notes that the content makes no sense; always false.
    bool unsound(const char *what) const;
    // data_loss with the path and what is wrong. Only after something answered false.
    Status damage() const;

    // What select found for a text that names (measurement, tag, pattern); null when it is not
    // known. The file never changes, so neither does the answer.
    std::shared_ptr<const Bitmap> cached(const std::string &question) const;
    void cache(const std::string &question, std::shared_ptr<const Bitmap> answer) const;
    void drop_caches() const;
    uint64_t memory_bytes() const;

  private:
    IndexFile(std::string path, uint64_t number, FileView mapped);
    Status check_header(const IndexFileInfo *expected);
    bool page_is_sound(uint64_t page) const;
    bool check_page(uint64_t page) const;

    struct Answer {
        std::string question;
        std::shared_ptr<const Bitmap> bitmap;
    };
    static constexpr uint64_t kCacheSizeMax = 8 << 20;  // bytes of answers
    static constexpr size_t kAnswersMax = 64;

    const std::string path_;
    const uint64_t number_;
    const FileView view_;
    IndexHeader header_;
    uint64_t seed_ = 0;
    // One bit a page: its sum was found right.
    mutable std::vector<std::atomic<uint64_t>> checked_;
    mutable std::atomic<const char *> unsound_{nullptr};
    mutable std::mutex cache_mutex_;
    mutable std::vector<Answer> answers_;  // the oldest first
    mutable uint64_t answers_size_ = 0;
};

}  // namespace varve::strata
