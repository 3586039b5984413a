#include "storage/strata/index/file/index_file.hpp"

#include "common/series_key.hpp"
#include "storage/strata/index/file/file_key_reader.hpp"

namespace varve::strata {

IndexFile::IndexFile(std::string path, uint64_t number, FileView mapped)
    : path_(std::move(path)), number_(number), view_(std::move(mapped)) {}

Result<std::shared_ptr<const IndexFile>> IndexFile::open(const Files &files,
                                                         const std::string &path, uint64_t number,
                                                         const IndexFileInfo *expected) {
    auto mapped = files.map(path);
    if (!mapped.ok()) return mapped.status();
    std::shared_ptr<IndexFile> file(new IndexFile(path, number, std::move(*mapped)));
    if (Status status = file->check_header(expected); !status.ok()) {
        return status.with_context(path);
    }
    return std::shared_ptr<const IndexFile>(std::move(file));
}

Status IndexFile::check_header(const IndexFileInfo *expected) {
    const auto damaged = [](const char *what) { return Status(Code::data_loss, what); };
    const std::string_view bytes = view_.bytes();
    if (bytes.size() < kIndexPageSize) return damaged("the index file is shorter than its header");
    std::memcpy(&header_, bytes.data(), sizeof header_);
    if (header_.magic != kIndexMagic) return damaged("the file is no index file");
    // Every version has its uuid and the page's sum at these places, so damage is not a version.
    seed_ = header_.uuid.seed();
    uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + kIndexPageSize - 8, 8);
    if (sum != page_sum(bytes.substr(0, kIndexPageSize - 8), seed_, 0)) {
        return damaged("the header of the index file is damaged");
    }
    if (header_.version != kIndexVersion) {
        return {Code::unsupported, "the index file has version " + std::to_string(header_.version) +
                                       ", known is " + std::to_string(kIndexVersion)};
    }
    if (expected != nullptr &&
        (expected->uuid != header_.uuid || expected->size_bytes != header_.file_size)) {
        return damaged("the index file is not the one the MANIFEST names");
    }
    const IndexHeader &h = header_;
    const uint64_t pages = bytes.size() / kIndexPageSize;
    const uint64_t sum_pages = (h.data_page_count + kSumsPerPage - 1) / kSumsPerPage;
    if (h.file_size != bytes.size() || bytes.size() % kIndexPageSize != 0 ||
        h.data_page_count > pages || 1 + h.data_page_count + sum_pages != pages ||
        sum_pages > kSumPagesMax) {
        return damaged("the index file has the wrong size");
    }
    const uint64_t data_end = (1 + h.data_page_count) * kIndexPageSize;
    for (const SectionPlace &place : h.sections) {
        if (place.offset < kIndexPageSize || place.offset > data_end ||
            place.size > data_end - place.offset) {
            return damaged("a section of the index file lies outside of it");
        }
    }
    const auto sized = [&](IndexSection section, uint64_t size) {
        return h.sections[section].size == size;
    };
    if (!sized(kHashSection, uint64_t{h.bucket_count} * kSlotsPerBucket * sizeof(HashSlot)) ||
        !sized(kBlocksSection, uint64_t{h.block_count} * sizeof(SeriesBlock)) ||
        !sized(kShapeDirSection, (uint64_t{h.shape_count} + 1) * 4) ||
        !sized(kColumnsSection, uint64_t{h.column_count} * sizeof(ColumnEntry)) ||
        !sized(kFirstSection, (uint64_t{h.measurement_count} + 1) * 4) || h.bucket_count == 0 ||
        h.column_count < kFirstTagColumn || h.id_min >= h.id_end ||
        h.series_count > h.id_end - h.id_min) {
        return damaged("the header of the index file contradicts itself");
    }
    checked_ = std::vector<std::atomic<uint64_t>>(pages / 64 + 1);
    return {};
}

bool IndexFile::check_page(uint64_t page) const {
    std::atomic<uint64_t> &word = checked_[page / 64];
    const uint64_t bit = uint64_t{1} << (page % 64);
    if ((word.load(std::memory_order_acquire) & bit) != 0) return true;
    if (!page_is_sound(page)) return unsound("a page does not have its checksum");
    word.fetch_or(bit, std::memory_order_release);
    return true;
}

bool IndexFile::page_is_sound(uint64_t page) const {
    const std::string_view bytes = view_.bytes();
    const uint64_t data_pages = header_.data_page_count;
    uint64_t at = 0;
    if (page > data_pages) {
        at = kHeaderSumsOffset + (page - data_pages - 1) * 8;
    } else {
        const uint64_t place = page - 1;
        if (!check_page(1 + data_pages + place / kSumsPerPage)) return false;
        at = (1 + data_pages) * kIndexPageSize + place * 8;
    }
    uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + at, 8);
    return sum == page_sum(bytes.substr(page * kIndexPageSize, kIndexPageSize), seed_, page);
}

bool IndexFile::read(IndexSection section, uint64_t offset, uint64_t size,
                     std::string_view &out) const {
    const SectionPlace &place = header_.sections[section];
    if (offset > place.size || size > place.size - offset) {
        return unsound("an offset points outside of its section");
    }
    const uint64_t begin = place.offset + offset;
    if (size != 0) {
        const uint64_t last = (begin + size - 1) / kIndexPageSize;
        for (uint64_t page = begin / kIndexPageSize; page <= last; ++page) {
            if (!check_page(page)) return false;
        }
    }
    out = view_.bytes().substr(begin, size);
    return true;
}

bool IndexFile::posting(const PostingPlace &place, Bitmap &out) const {
    std::string_view bytes;
    if (!read(kPostingsSection, place.offset, place.size, bytes)) return false;
    auto parsed = Bitmap::parse(bytes);
    if (!parsed.ok() || parsed->empty()) return unsound("a posting is no bitmap");
    if (!may_hold(parsed->min()) || !may_hold(parsed->max())) {
        return unsound("a posting has ids the file has not");
    }
    out = std::move(*parsed);
    return true;
}

bool IndexFile::find(std::string_view key, uint64_t hash, uint64_t hash_seed, FileKeyReader &reader,
                     uint32_t &id) const {
    id = kNoSeries;
    if (header_.hash_seed != hash_seed) hash = series_key::hash(key, header_.hash_seed);
    const auto fingerprint = static_cast<uint32_t>(hash);
    uint32_t bucket = bucket_of(hash, header_.bucket_count);
    for (uint32_t probes = 0; probes < header_.bucket_count; ++probes) {
        HashSlot slots[kSlotsPerBucket];
        if (!read_at(kHashSection, bucket, slots)) return false;
        for (const HashSlot &slot : slots) {
            if (slot.id == kNoSeries) return true;
            if (slot.fingerprint != fingerprint) continue;
            bool same = false;
            if (!reader.has_key(slot.id, key, same)) return false;
            if (same) {
                id = slot.id;
                return true;
            }
        }
        bucket = bucket + 1 == header_.bucket_count ? 0 : bucket + 1;
    }
    return unsound("the hash table has no end");
}

Status IndexFile::verify() const {
    const uint64_t pages = header_.file_size / kIndexPageSize;
    for (uint64_t page = 1; page < pages; ++page) {
        if (!page_is_sound(page)) {
            unsound("a page does not have its checksum");
            return damage();
        }
    }
    return {};
}

bool IndexFile::unsound(const char *what) const {
    const char *none = nullptr;
    unsound_.compare_exchange_strong(none, what);
    return false;
}

Status IndexFile::damage() const {
    const char *what = unsound_.load();
    return {Code::data_loss, path_ + ": " + (what == nullptr ? "the file is damaged" : what)};
}

std::shared_ptr<const Bitmap> IndexFile::cached(const std::string &question) const {
    const std::lock_guard lock(cache_mutex_);
    for (const Answer &answer : answers_) {
        if (answer.question == question) return answer.bitmap;
    }
    return nullptr;
}

void IndexFile::cache(const std::string &question, std::shared_ptr<const Bitmap> answer) const {
    const uint64_t size = question.size() + answer->size_bytes();
    if (size > kCacheSizeMax) return;
    const std::lock_guard lock(cache_mutex_);
    for (const Answer &known : answers_) {
        if (known.question == question) return;
    }
    while (answers_.size() >= kAnswersMax ||
           (!answers_.empty() && answers_size_ + size > kCacheSizeMax)) {
        answers_size_ -= answers_.front().question.size() + answers_.front().bitmap->size_bytes();
        answers_.erase(answers_.begin());
    }
    answers_size_ += size;
    answers_.push_back({question, std::move(answer)});
}

void IndexFile::drop_caches() const {
    const std::lock_guard lock(cache_mutex_);
    answers_.clear();
    answers_size_ = 0;
}

uint64_t IndexFile::memory_bytes() const {
    const std::lock_guard lock(cache_mutex_);
    return sizeof *this + checked_.size() * 8 + answers_size_;
}

}  // namespace varve::strata
