// The memories of many senders: who sends again on the same connection is known.
//
// Bounded in bytes; the ones that have not been used for longest are forgotten first. Senders that
// come once each cost what they did without: a new memory per body.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "common/line_protocol/sender_memory.hpp"

namespace varve::line_protocol {

// Thread-safe.
class SenderMemories {
  public:
    static constexpr size_t kSizeMax = 32 << 20;  // bytes, without those that are lent

    // A sender's memory while one thread reads a body with it; given back by the destructor.
    class Loan {
      public:
        Loan(SenderMemories &owner, uint64_t sender);
        ~Loan();
        Loan(const Loan &) = delete;
        Loan &operator=(const Loan &) = delete;

        SenderMemory &memory() { return *memory_; }

      private:
        SenderMemories &owner_;
        const uint64_t sender_;
        std::unique_ptr<SenderMemory> memory_;
    };

    size_t size_bytes() const;

  private:
    struct Entry {
        uint64_t sender = 0;
        size_t size_bytes = 0;
        std::unique_ptr<SenderMemory> memory;
    };

    std::unique_ptr<SenderMemory> take(uint64_t sender);
    void give_back(uint64_t sender, std::unique_ptr<SenderMemory> memory);

    mutable std::mutex mutex_;
    std::list<Entry> entries_;  // the one used last stands first
    std::unordered_map<uint64_t, std::list<Entry>::iterator> by_sender_;
    size_t size_bytes_ = 0;
};

}  // namespace varve::line_protocol
