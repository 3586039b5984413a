#include "common/line_protocol/sender_memories.hpp"

namespace varve::line_protocol {

SenderMemories::Loan::Loan(SenderMemories &owner, uint64_t sender)
    : owner_(owner), sender_(sender), memory_(owner.take(sender)) {
    if (memory_ == nullptr) memory_ = std::make_unique<SenderMemory>();
}

SenderMemories::Loan::~Loan() {
    owner_.give_back(sender_, std::move(memory_));
}

size_t SenderMemories::size_bytes() const {
    const std::lock_guard lock(mutex_);
    return size_bytes_;
}

// Null if there is none, or if it is lent: one connection may have two bodies under way.
std::unique_ptr<SenderMemory> SenderMemories::take(uint64_t sender) {
    const std::lock_guard lock(mutex_);
    const auto found = by_sender_.find(sender);
    if (found == by_sender_.end()) return nullptr;
    std::unique_ptr<SenderMemory> memory = std::move(found->second->memory);
    size_bytes_ -= found->second->size_bytes;
    entries_.erase(found->second);
    by_sender_.erase(found);
    return memory;
}

void SenderMemories::give_back(uint64_t sender, std::unique_ptr<SenderMemory> memory) {
    std::list<Entry> forgotten;  // freed without the lock
    const std::lock_guard lock(mutex_);
    if (by_sender_.count(sender) != 0) return;
    const size_t size_bytes = memory->size_bytes();
    entries_.push_front({sender, size_bytes, std::move(memory)});
    by_sender_.emplace(sender, entries_.begin());
    size_bytes_ += size_bytes;
    while (size_bytes_ > kSizeMax) {
        size_bytes_ -= entries_.back().size_bytes;
        by_sender_.erase(entries_.back().sender);
        forgotten.splice(forgotten.begin(), entries_, std::prev(entries_.end()));
    }
}

}  // namespace varve::line_protocol
