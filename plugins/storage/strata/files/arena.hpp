// Memory that is freed as a whole: what a memtable or a decoded block is made of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace varve::strata {

// Bump allocation, freed as a whole. One thread.
class Arena {
  public:
    void *allocate(size_t size, size_t alignment = 8) {
        auto at = (reinterpret_cast<uintptr_t>(at_) + alignment - 1) / alignment * alignment;
        if (at_ == nullptr || at + size > reinterpret_cast<uintptr_t>(end_)) {
            const size_t wanted = std::clamp<size_t>(size_bytes_, kFirstBlockSize, kBlockSizeMax);
            const size_t block = std::max(wanted, size + alignment);
            blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
            at_ = blocks_.back().get();
            end_ = at_ + block;
            size_bytes_ += block;
            at = (reinterpret_cast<uintptr_t>(at_) + alignment - 1) / alignment * alignment;
        }
        at_ = reinterpret_cast<char *>(at + size);
        return reinterpret_cast<void *>(at);
    }

    uint64_t size_bytes() const { return size_bytes_; }

    // Forgets what was allocated and keeps the newest block for what comes.
    void rewind() {
        if (blocks_.empty()) return;
        blocks_.erase(blocks_.begin(), blocks_.end() - 1);
        at_ = blocks_.back().get();
        size_bytes_ = static_cast<uint64_t>(end_ - at_);
    }

    void reset() {
        blocks_.clear();
        at_ = end_ = nullptr;
        size_bytes_ = 0;
    }

  private:
    static constexpr size_t kFirstBlockSize = 16 << 10;
    static constexpr size_t kBlockSizeMax = 1 << 20;

    std::vector<std::unique_ptr<char[]>> blocks_;
    char *at_ = nullptr;
    char *end_ = nullptr;
    uint64_t size_bytes_ = 0;
};

}  // namespace varve::strata
