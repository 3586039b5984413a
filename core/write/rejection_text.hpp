// Storage's rejections in InfluxDB's words.
#pragma once

#include <string>
#include <vector>

#include <varve/kind/storage.h>

#include "write/rejects.hpp"
#include "write/submission.hpp"

namespace varve {

// "float", "integer", "unsigned", "string", "boolean".
const char *field_type_name(uint32_t type);

// What a sender is told, without "partial write: " and "dropped=N".
std::string rejection_text(const varve_batch &batch, const varve_rejection &rejection);

// A result's rejections, without the clashes that the sender asked to have back.
struct Rejected {
    Rejected(const Submission &submission, const varve_write_result &result);

    varve_write_result rest;        // points into kept_
    std::vector<uint32_t> clashes;  // ordinals

  private:
    std::vector<varve_rejection> kept_;
};

// Counts all rejected rows of a result and keeps those that are listed.
void record_rejections(const Submission &submission, const varve_write_result &result,
                       int64_t now_ns, Rejects &rejects);

}  // namespace varve
