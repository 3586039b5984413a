// What core/write checks of a batch before storage sees it; storage checks types and series limits.
#pragma once

#include <cstdint>

#include "model/catalog.hpp"
#include "write/rejects.hpp"
#include "write/submission.hpp"

namespace varve {

// Clears the `keep` bit of every row that must not be stored, and records it:
//   a tag named "time" · "time" as the only field · older than the policy keeps.
// The bitmaps live in the submission; the batch's tables point to them.
void validate(Submission &submission, const RetentionPolicy &policy, int64_t now_ns,
              Rejects &rejects);

}  // namespace varve
