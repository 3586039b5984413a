// What memory is used for, as a heap profile that pprof reads.
//
// The allocator does not sample call stacks. What is known exactly is what each memory account was
// charged and what the allocator itself holds; each of these stands as one "allocation" with one
// made-up frame, whose name memory_frame_name() tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/memory_account.hpp"

namespace varve::monitor {

std::string memory_profile(MemoryAccounts &accounts);

// The name behind a frame of memory_profile(); empty for any other address.
std::string_view memory_frame_name(uint64_t address);

}  // namespace varve::monitor
