#include "kernel/memory_account.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "base/env.hpp"

namespace varve {

MemoryAccount::~MemoryAccount() {
    const uint64_t left = used();
    if (parent_ != nullptr && left != 0) parent_->release(left);
}

Status MemoryAccount::charge(uint64_t size_bytes) {
    const uint64_t before = used_bytes_.fetch_add(size_bytes, std::memory_order_relaxed);
    if (limit_bytes_ != 0 && (size_bytes > limit_bytes_ || before > limit_bytes_ - size_bytes)) {
        used_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
        return {Code::resource_exhausted, "memory account \"" + name_ +
                                              "\": " + std::to_string(size_bytes) +
                                              " bytes asked, " + std::to_string(before) + " of " +
                                              std::to_string(limit_bytes_) + " in use"};
    }
    if (parent_ != nullptr) {
        if (Status status = parent_->charge(size_bytes); !status.ok()) {
            used_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
            return status;
        }
    }
    return {};
}

void MemoryAccount::release(uint64_t size_bytes) {
    const uint64_t before = used_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
    VARVE_ASSERT(before >= size_bytes);
    if (parent_ != nullptr) parent_->release(size_bytes);
}

uint64_t MemoryAccounts::available_bytes() {
    const auto pages = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES));
    uint64_t bytes = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    for (const char *path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        const auto text = read_file(Env::posix(), path);
        uint64_t limit = 0;
        if (text.ok() &&
            std::from_chars(text->data(), text->data() + text->size(), limit).ec == std::errc() &&
            limit != 0) {
            bytes = std::min(bytes, limit);
        }
    }
    return bytes;
}

MemoryAccounts::MemoryAccounts(uint64_t limit_bytes)
    : root_("memory", limit_bytes != 0 ? limit_bytes : available_bytes() / 5 * 3) {
    const auto add = [&](const char *name, uint64_t percent) {
        children_.emplace(
            name, std::make_unique<MemoryAccount>(name, root_.limit() / 100 * percent, &root_));
    };
    add("write", 25);
    add("query", 40);
    add("index", 20);
    add("script", 5);
    add("http", 10);
}

MemoryAccount *MemoryAccounts::find(std::string_view name) {
    const auto found = children_.find(name);
    return found == children_.end() ? nullptr : found->second.get();
}

}  // namespace varve
