// What rooms of higher rank implement for the kernel, so that plugins and listeners can reach them.
#pragma once

#include <varve/host/query.h>
#include <varve/host/write.h>

#include "base/status.hpp"

namespace varve {

// The one way rows enter; see varve_host_write. Thread-safe.
class WriteService {
  public:
    virtual ~WriteService() = default;
    // Takes the batch over in every case; `done` comes exactly once, possibly before this returns.
    virtual void submit(varve_batch *batch, const varve_write_request &request,
                        void (*done)(void *ctx, const varve_write_outcome *outcome), void *ctx) = 0;
    // The same for what a continuous query of InfluxDB 0.8 computed: no other one copies it, a
    // field may have values of several types, and each series goes to the policy of its space.
    virtual void submit_computed(varve_batch *batch, const varve_write_request &request,
                                 void (*done)(void *ctx, const varve_write_outcome *outcome),
                                 void *ctx) {
        submit(batch, request, done, ctx);
    }
    // Whether a write to this database would find it.
    virtual Status check(const varve_write_request &request) = 0;
    virtual uint64_t hash_seed() const = 0;
    virtual bool unsigned_enabled() const = 0;
};

// Questions, answered as a stream of bytes; see varve_host_query. Thread-safe.
class QueryService {
  public:
    virtual ~QueryService() = default;
    virtual void run(const varve_query_request &request, varve_query_sink sink) = 0;
};

// Asked by scheduled work (continuous queries, batch scripts, retention): "is this mine to run?"
// One node owns everything.
class Ownership {
  public:
    virtual ~Ownership() = default;
    virtual bool is_mine(const char *job) const = 0;
};

class SingleNodeOwnership final : public Ownership {
  public:
    bool is_mine(const char *) const override { return true; }
};

}  // namespace varve
