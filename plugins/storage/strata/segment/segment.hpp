// Reads a segment. What finds the groups (schema, filter, root of the block index, codebooks) is
// checked and held in memory; leaves, keys, statistics and chunks are read and checked when asked
// for.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "storage/strata/codec/codec.hpp"
#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/manifest/manifest.hpp"
#include "storage/strata/memtable/memtable.hpp"
#include "storage/strata/segment/group.hpp"
#include "storage/strata/segment/index_cache.hpp"

namespace varve::strata {

using Leaf = std::vector<GroupEntry>;

class Segment {
  public:
    struct SchemaColumn {
        std::string_view measurement;
        std::string_view name;
        uint32_t type;
    };

    // Opens and checks what is resident. data_loss for damage, unsupported for a newer version.
    // What is read of the block index is kept in `cache`, if there is one.
    static Result<std::shared_ptr<Segment>> open(const Files &files, const std::string &path,
                                                 std::shared_ptr<IndexCache> cache = nullptr);
    ~Segment();

    const SegmentHeader &header() const { return header_; }
    const SegmentFooter &footer() const { return footer_; }
    bool dense() const { return (header_.flags & kDenseTier) != 0; }
    SegmentInfo info(uint64_t id) const;
    const std::string &path() const { return path_; }
    const std::vector<SchemaColumn> &schema() const { return schema_; }
    const std::vector<uint32_t> &shape(uint32_t position) const { return shapes_[position]; }
    const Bitmap &filter() const { return filter_; }
    const Codebooks &codebooks() const { return *codebooks_; }

    // Ties the segment to the shard's columns.
    void bind(std::vector<const Column *> columns) { columns_ = std::move(columns); }
    const std::vector<const Column *> &columns() const { return columns_; }

    // ---- [any] ----
    // Calls visit(leaf position) for the leaves that may hold groups of the series.
    template <typename Visit>
    void leaves_of(uint32_t series, Visit visit) const {
        const auto own_end = root_.begin() + static_cast<int64_t>(own_leaves_);
        auto at = std::lower_bound(
            root_.begin(), own_end, series,
            [](const LeafEntry &leaf, uint32_t wanted) { return leaf.series_last < wanted; });
        for (; at != own_end && at->series_first <= series; ++at) visit(position_of(at));
        for (at = own_end; at != root_.end(); ++at) {
            if (at->series_first <= series && series <= at->series_last) visit(position_of(at));
        }
    }
    Result<std::shared_ptr<const Leaf>> leaf(uint32_t position) const;
    // A part of the block index: what is kept of it, or what `read` makes of it. `size_bytes` tells
    // the memory of the made.
    template <typename T, typename Read, typename Size>
    Result<std::shared_ptr<const T>> indexed(IndexCache::Part part, uint32_t type, uint64_t offset,
                                             Read read, Size size_bytes) const {
        const IndexCache::Place place{cache_number_, part, type, offset};
        if (cache_ != nullptr) {
            if (auto kept = cache_->find<T>(place)) return kept;
        }
        Result<std::shared_ptr<const T>> made = read();
        if (cache_ != nullptr && made.ok()) cache_->keep(place, *made, size_bytes(**made));
        return made;
    }
    // Reads and checks a chunk; the bytes live in the arena.
    Result<std::string_view> read_chunk(const ChunkPlace &place, Arena &arena) const;
    Result<std::string_view> read_stats(const ChunkPlace &place, Arena &arena) const;
    // Calls visit(series id, key) ascending; stops at an error.
    Status read_keys(const std::function<Status(uint32_t, std::string_view)> &visit) const;
    // Reads and checks every byte.
    Status verify() const;

    // The file goes away with the last reference.
    void remove_when_closed() { remove_.store(true); }

    uint64_t id = 0;

  private:
    Segment(const Files &files, std::string path, std::shared_ptr<IndexCache> cache)
        : files_(files),
          path_(std::move(path)),
          cache_(std::move(cache)),
          cache_number_(cache_ != nullptr ? cache_->segment_number() : 0) {}
    uint32_t position_of(std::vector<LeafEntry>::const_iterator at) const {
        return static_cast<uint32_t>(at - root_.begin());
    }
    Result<std::shared_ptr<const Leaf>> read_leaf(uint32_t position) const;
    Status read_pages();
    Status read_resident();
    Status parse_schema(std::string_view bytes);
    Status parse_root(std::string_view bytes);
    Status read_checked(uint64_t base, uint64_t limit, const ChunkPlace &place, char *out) const;
    Status damaged(std::string_view what) const;

    Files files_;
    std::string path_;
    std::shared_ptr<IndexCache> cache_;
    uint64_t cache_number_;
    OpenFile file_;
    SegmentHeader header_;
    SegmentFooter footer_;
    uint64_t seed_ = 0;
    std::string schema_bytes_;
    std::vector<SchemaColumn> schema_;
    std::vector<std::vector<uint32_t>> shapes_;
    std::vector<const Column *> columns_;
    Bitmap filter_;
    std::vector<LeafEntry> root_;
    size_t own_leaves_ = 0;
    std::shared_ptr<const Codebooks> codebooks_;
    std::atomic<bool> remove_{false};
};

}  // namespace varve::strata
