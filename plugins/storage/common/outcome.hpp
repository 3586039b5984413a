// The result of one write while it is being made, and its hand-over to the caller.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <varve/kind/storage.h>
#include <varve/cpp/bytes.hpp>
#include <varve/cpp/status.hpp>

namespace varve::storage {

struct Outcome {
    uint64_t lsn = 0;  // 0: nothing was stored
    uint64_t accepted = 0;
    std::vector<varve_rejection> rejections;  // the first VARVE_REJECTIONS_MAX
    std::array<uint64_t, VARVE_REJECT_KINDS> rejected{};
    Status status;

    void reject(const varve_rejection &rejection) {
        ++rejected[rejection.reject];
        if (rejections.size() < VARVE_REJECTIONS_MAX) rejections.push_back(rejection);
    }

    // Calls `done`; no lock may be held.
    void deliver(varve_write_done done, void *ctx) const {
        varve_write_result result{};
        result.struct_size = sizeof result;
        result.code = static_cast<uint32_t>(status.code());
        result.lsn = lsn;
        result.accepted = status.ok() ? accepted : 0;
        result.rejections = rejections.data();
        result.rejection_count = static_cast<uint32_t>(rejections.size());
        std::copy(rejected.begin(), rejected.end(), result.rejected);
        result.error = str(status.text());
        done(ctx, &result);
    }
};

}  // namespace varve::storage
