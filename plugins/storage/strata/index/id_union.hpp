// Gathers ids from many small and large sets, then makes one bitmap of them.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "storage/strata/index/bitmap.hpp"

namespace varve::strata {

class IdUnion {
  public:
    void add(std::span<const uint32_t> ids) { few_.insert(few_.end(), ids.begin(), ids.end()); }
    void add(const Bitmap &ids) { many_ |= ids; }

    // Empties the union.
    Bitmap take() {
        if (!few_.empty()) {
            if (!std::is_sorted(few_.begin(), few_.end())) std::sort(few_.begin(), few_.end());
            many_.add_many(few_);
            few_.clear();
        }
        return std::move(many_);
    }

  private:
    std::vector<uint32_t> few_;
    Bitmap many_;
};

}  // namespace varve::strata
