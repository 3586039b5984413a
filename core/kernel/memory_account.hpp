// Memory accounts: a tree of counters with limits. A charge counts in the account and all its
// parents, or fails as a whole; nothing is allocated here. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve {

class MemoryAccount {
  public:
    // A root, or a child of `parent`, which must live longer. limit_bytes 0 = only the parent's.
    MemoryAccount(std::string name, uint64_t limit_bytes, MemoryAccount *parent = nullptr)
        : name_(std::move(name)), limit_bytes_(limit_bytes), parent_(parent) {}
    // Gives back to the parents whatever is still charged.
    ~MemoryAccount();
    MemoryAccount(const MemoryAccount &) = delete;
    MemoryAccount &operator=(const MemoryAccount &) = delete;

    // resource_exhausted names the account that refused, the asked and the allowed amount.
    Status charge(uint64_t size_bytes);
    void release(uint64_t size_bytes);

    uint64_t used() const { return used_bytes_.load(std::memory_order_relaxed); }
    uint64_t limit() const { return limit_bytes_; }
    const std::string &name() const { return name_; }

  private:
    const std::string name_;
    const uint64_t limit_bytes_;
    MemoryAccount *const parent_;
    std::atomic<uint64_t> used_bytes_{0};
};

// The server's accounts: root = memory.limit; write 25 %, query 40 %, index 20 %, script 5 %, http
// 10 %.
class MemoryAccounts {
  public:
    // limit_bytes 0 = 60 % of the smaller of the cgroup's limit and the machine's memory.
    explicit MemoryAccounts(uint64_t limit_bytes);

    MemoryAccount &root() { return root_; }
    // One of the names above; null for any other.
    MemoryAccount *find(std::string_view name);

    // The bytes that the machine or the cgroup offers.
    static uint64_t available_bytes();

  private:
    MemoryAccount root_;
    std::map<std::string, std::unique_ptr<MemoryAccount>, std::less<>> children_;
};

}  // namespace varve
