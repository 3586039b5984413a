#include "monitor/pprof/memory_profile.hpp"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <vector>

namespace varve::monitor {
namespace {

// Below the first page that may be mapped, so that no code is there.
constexpr uint64_t kFrameBase = 0x1000;
constexpr uint64_t kFrameStep = 0x10;

struct Frame {
    const char *account;  // null: the allocator's own figures
    const char *name;
};
constexpr Frame kFrames[] = {
    {"write", "account:write"},       {"query", "account:query"}, {"index", "account:index"},
    {"script", "account:script"},     {"http", "account:http"},   {nullptr, "beside_accounts"},
    {nullptr, "kept_free_by_malloc"},
};
constexpr size_t kFrameCount = std::size(kFrames);

std::string mapped_libraries() {
    std::FILE *file = std::fopen("/proc/self/maps", "re");
    if (file == nullptr) return {};
    std::string text;
    char piece[4096];
    for (size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file)) != 0;) {
        text.append(piece, got);
    }
    (void)std::fclose(file);
    return text;
}

std::vector<uint64_t> frame_sizes(MemoryAccounts &accounts) {
    std::vector<uint64_t> sizes;
    uint64_t charged = 0;
    for (const Frame &frame : kFrames) {
        if (frame.account == nullptr) continue;
        sizes.push_back(accounts.find(frame.account)->used());
        charged += sizes.back();
    }
    const struct mallinfo2 heap = ::mallinfo2();
    const uint64_t in_use = heap.uordblks + heap.hblkhd;
    sizes.push_back(in_use - std::min<uint64_t>(in_use, charged));
    sizes.push_back(heap.fordblks);
    return sizes;
}

}  // namespace

std::string memory_profile(MemoryAccounts &accounts) {
    const std::vector<uint64_t> sizes = frame_sizes(accounts);
    uint64_t total = 0;
    size_t count = 0;
    std::string lines;
    for (size_t i = 0; i < kFrameCount; ++i) {
        if (sizes[i] == 0) continue;
        ++count;
        total += sizes[i];
        const std::string figures = "1: " + std::to_string(sizes[i]);
        const uint64_t address = kFrameBase + i * kFrameStep;
        char digits[16];
        const auto end = std::to_chars(digits, digits + sizeof digits, address, 16).ptr;
        lines += figures + " [" + figures + "] @ 0x" + std::string(digits, end) + '\n';
    }
    const std::string sum = std::to_string(count) + ": " + std::to_string(total);
    return "heap profile: " + sum + " [" + sum + "] @ heapprofile\n" + lines +
           "\nMAPPED_LIBRARIES:\n" + mapped_libraries();
}

std::string_view memory_frame_name(uint64_t address) {
    // pprof asks for a frame's address, or for the byte before it.
    const uint64_t place = (address + 1 - kFrameBase) / kFrameStep;
    return address + 1 >= kFrameBase && place < kFrameCount ? kFrames[place].name : "";
}

}  // namespace varve::monitor
