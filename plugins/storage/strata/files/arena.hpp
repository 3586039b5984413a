// Memory that is freed as a whole: what a memtable or a decoded block is made of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace varve::strata {

// A piece of an arena's memory.
struct ArenaBlock {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
};

// Blocks that the arenas of one thread hand on to each other. A scan decodes thousands of groups,
// each into an arena of its own: from here their memory is still in the processor's caches, and
// threads do not wait for each other at the heap. One thread; lives longer than its arenas.
class BlockPool {
  public:
    // The smallest block of at least this size; none: bytes are null.
    ArenaBlock take(size_t size_min) {
        ArenaBlock *best = nullptr;
        for (ArenaBlock &block : free_) {
            const bool fits = block.size >= size_min;
            if (fits && (best == nullptr || block.size < best->size)) best = &block;
        }
        if (best == nullptr) return {};
        std::swap(*best, free_.back());
        ArenaBlock out = std::move(free_.back());
        free_.pop_back();
        return out;
    }

    void give(ArenaBlock block) {
        if (free_.size() < kBlocksMax) free_.push_back(std::move(block));
    }

  private:
    static constexpr size_t kBlocksMax = 8;

    std::vector<ArenaBlock> free_;
};

// Bump allocation, freed as a whole. One thread.
class Arena {
  public:
    // Takes its memory from the pool, if there is one, and gives it back there.
    explicit Arena(BlockPool *pool = nullptr) : pool_(pool) {}
    ~Arena() { reset(); }
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    void swap(Arena &other) {
        std::swap(pool_, other.pool_);
        std::swap(blocks_, other.blocks_);
        std::swap(at_, other.at_);
        std::swap(end_, other.end_);
        std::swap(size_bytes_, other.size_bytes_);
    }

    void *allocate(size_t size, size_t alignment = 8) {
        auto at = (reinterpret_cast<uintptr_t>(at_) + alignment - 1) / alignment * alignment;
        if (at_ == nullptr || at + size > reinterpret_cast<uintptr_t>(end_)) {
            add_block(size + alignment);
            at = (reinterpret_cast<uintptr_t>(at_) + alignment - 1) / alignment * alignment;
        }
        at_ = reinterpret_cast<char *>(at + size);
        return reinterpret_cast<void *>(at);
    }

    uint64_t size_bytes() const { return size_bytes_; }

    // Forgets what was allocated and keeps the newest block for what comes.
    void rewind() {
        if (blocks_.empty()) return;
        give_back(blocks_.size() - 1);
        at_ = blocks_.back().bytes.get();
        size_bytes_ = blocks_.back().size;
    }

    void reset() {
        give_back(blocks_.size());
        at_ = end_ = nullptr;
        size_bytes_ = 0;
    }

  private:
    static constexpr size_t kFirstBlockSize = 16 << 10;
    static constexpr size_t kBlockSizeMax = 1 << 20;

    void add_block(size_t needed) {
        ArenaBlock block;
        if (pool_ != nullptr) block = pool_->take(needed);
        if (block.bytes == nullptr) {
            const size_t wanted = std::clamp<size_t>(size_bytes_, kFirstBlockSize, kBlockSizeMax);
            block.size = std::max(wanted, needed);
            block.bytes = std::make_unique_for_overwrite<char[]>(block.size);
        }
        at_ = block.bytes.get();
        end_ = at_ + block.size;
        size_bytes_ += block.size;
        blocks_.push_back(std::move(block));
    }

    // The first ones.
    void give_back(size_t count) {
        const auto end = blocks_.begin() + static_cast<ptrdiff_t>(count);
        if (pool_ != nullptr) {
            for (auto block = blocks_.begin(); block != end; ++block) {
                pool_->give(std::move(*block));
            }
        }
        blocks_.erase(blocks_.begin(), end);
    }

    BlockPool *pool_;
    std::vector<ArenaBlock> blocks_;
    char *at_ = nullptr;
    char *end_ = nullptr;
    uint64_t size_bytes_ = 0;
};

}  // namespace varve::strata
