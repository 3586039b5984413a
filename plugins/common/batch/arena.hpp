// Memory that is freed as a whole: what a batch's numbers, keys and texts lie in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace varve {

// Not thread-safe. Chunks grow from 16 KiB to 1 MiB, larger requests get one of their own.
class Arena {
  public:
    void *allocate(size_t size, size_t alignment) {
        size_t start = (used_ + alignment - 1) & ~(alignment - 1);
        if (current_ == nullptr || start + size > capacity_) {
            add_chunk(size + alignment);
            const auto address = reinterpret_cast<uintptr_t>(current_);
            start = ((address + alignment - 1) & ~(alignment - 1)) - address;
        }
        used_ = start + size;
        return current_ + start;
    }

    template <typename T>
    T *array(size_t count) {
        return static_cast<T *>(allocate(count * sizeof(T), kAlignment));
    }

    std::string_view copy(std::string_view text) {
        auto *bytes = static_cast<char *>(allocate(text.size(), 1));
        std::memcpy(bytes, text.data(), text.size());
        return {bytes, text.size()};
    }

    // An object that needs no destructor.
    template <typename T>
    T *make() {
        static_assert(std::is_trivially_destructible_v<T>);
        return new (allocate(sizeof(T), alignof(T))) T();
    }

    // Gives the last `size` bytes of the latest allocation back.
    void give_back(size_t size) { used_ -= size; }

    size_t size_bytes() const { return total_; }

    static constexpr size_t kAlignment = 64;  // of columns

  private:
    static constexpr size_t kChunkMin = 16 * 1024;
    static constexpr size_t kChunkMax = 1024 * 1024;

    struct Free {
        void operator()(char *bytes) const {
            ::operator delete(bytes, std::align_val_t{kAlignment});
        }
    };

    void add_chunk(size_t needed) {
        next_chunk_ = std::min(next_chunk_ * 2, kChunkMax);
        capacity_ = std::max(needed, next_chunk_);
        chunks_.emplace_back(
            static_cast<char *>(::operator new(capacity_, std::align_val_t{kAlignment})));
        current_ = chunks_.back().get();
        used_ = 0;
        total_ += capacity_;
    }

    std::vector<std::unique_ptr<char, Free>> chunks_;
    char *current_ = nullptr;
    size_t used_ = 0;
    size_t capacity_ = 0;
    size_t total_ = 0;
    size_t next_chunk_ = kChunkMin / 2;
};

}  // namespace varve
