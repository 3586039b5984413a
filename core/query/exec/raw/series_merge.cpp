#include "query/exec/raw/series_merge.hpp"

#include <utility>

namespace varve::query::exec {

bool SeriesMerge::less(const Cursor &a, const Cursor &b) const {
    const int64_t a_time = a.times[*a.at];
    const int64_t b_time = b.times[*b.at];
    if (a_time != b_time) return (a_time < b_time) == ascending_;
    if (a.rank != b.rank) return a.rank < b.rank;
    return tie_order_ && tie_order_(a, b);
}

void SeriesMerge::up(size_t at) {
    while (at > 0) {
        const size_t parent = (at - 1) / 2;
        if (!less(heap_[at], heap_[parent])) return;
        std::swap(heap_[at], heap_[parent]);
        at = parent;
    }
}

void SeriesMerge::down(size_t at, size_t count) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && less(heap_[child + 1], heap_[child])) ++child;
        if (!less(heap_[child], heap_[at])) return;
        std::swap(heap_[child], heap_[at]);
        at = child;
    }
}

void SeriesMerge::begin(std::vector<Cursor> cursors) {
    heap_ = std::move(cursors);
    popped_ = false;
    for (size_t i = heap_.size() / 2; i > 0; --i) down(i - 1, heap_.size());
}

const SeriesMerge::Cursor &SeriesMerge::top() {
    if (!popped_) {
        std::swap(heap_.front(), heap_.back());
        down(0, heap_.size() - 1);
        popped_ = true;
    }
    return heap_.back();
}

void SeriesMerge::advance() {
    top();
    popped_ = false;
    Cursor &cursor = heap_.back();
    if (++cursor.at == cursor.end) {
        heap_.pop_back();
    } else {
        up(heap_.size() - 1);
    }
}

}  // namespace varve::query::exec
