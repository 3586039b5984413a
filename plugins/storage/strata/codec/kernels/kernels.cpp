#include "storage/strata/codec/kernels/kernels.hpp"

#include <atomic>
#include <bit>
#include <string_view>

namespace varve::strata {

extern const Kernels kScalarKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

namespace {

std::atomic<const Kernels *> chosen_kernels{nullptr};

const Kernels &best() {
    static const Kernels &found = [&]() -> const Kernels & {
        for (const char *name : {"avx512", "avx2"}) {
            if (const Kernels *named = kernels_named(name)) return *named;
        }
        return kScalarKernels;
    }();
    return found;
}

}  // namespace

// Newton's iteration doubles the correct bits: 3 at first (x * x = 1 modulo 8), then 6 to 96.
ExactDivisor::ExactDivisor(uint64_t divisor_)
    : divisor(divisor_), shift(static_cast<uint32_t>(std::countr_zero(divisor_))) {
    const uint64_t odd = divisor >> shift;
    inverse = odd;
    for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
}

const Kernels &kernels() {
    const Kernels *chosen = chosen_kernels.load(std::memory_order_relaxed);
    return chosen != nullptr ? *chosen : best();
}

const Kernels *kernels_named(const char *name) {
    const std::string_view asked = name;
    if (asked == "scalar") return &kScalarKernels;
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (asked == "avx2" && avx2) return &kAvx2Kernels;
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512vbmi");
    if (asked == "avx512" && avx512) return &kAvx512Kernels;
#endif
    return nullptr;
}

void use_kernels(const Kernels *chosen) {
    chosen_kernels.store(chosen, std::memory_order_relaxed);
}

}  // namespace varve::strata
