// Writes by InfluxDB 0.8's rules: each series has its own policy and its own privileges.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <varve/batch.h>
#include <varve/host/write.h>

#include "auth/access.hpp"
#include "base/status.hpp"
#include "model/catalog.hpp"
#include "write/submission.hpp"

namespace varve {

// Whether all series of the batch may be written: permission_denied "User NAME doesn't have write
// permissions for SERIES".
Status may_write_all(const auth::Access &access, std::string_view database,
                     const varve_batch &batch);

// The tables that go to one policy.
struct PolicyPart {
    std::string policy;
    varve_batch *batch;  // the taker's to release
};

// Takes the batch over and shares it out by the policies of its series; its tables are not copied.
std::vector<PolicyPart> split_by_policy(varve_batch *batch, const Database &database);

// Tells `done` once what became of so many parts: the sums, and the first error.
class JoinedDone {
  public:
    // `count` calls of part_done must follow, on any threads; the last one frees it.
    JoinedDone(size_t count, WriteDone done, void *ctx) : left_(count), done_(done), ctx_(ctx) {}

    static void part_done(void *self, const varve_write_outcome *outcome);

  private:
    std::mutex mutex_;
    size_t left_;
    varve_write_outcome sum_{};
    std::string error_;
    std::vector<uint32_t> clashes_;
    const WriteDone done_;
    void *const ctx_;
};

}  // namespace varve
