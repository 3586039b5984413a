// A host without a server, for one plugin under check: real files, clock, threads and routes, a
// write service that keeps what it is given, no query engine.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/host/handle.hpp"
#include "kernel/http/router.hpp"
#include "kernel/plugin_host.hpp"

namespace varve::check {

// Answers every write with ok and counts.
class CountingWriteService final : public WriteService {
  public:
    void submit(varve_batch *batch, const varve_write_request &request,
                void (*done)(void *, const varve_write_outcome *), void *ctx) override;
    Status check(const varve_write_request &) override { return {}; }
    uint64_t hash_seed() const override { return 42; }
    bool unsigned_enabled() const override { return false; }
    uint64_t rows() const { return rows_; }

  private:
    std::atomic<uint64_t> rows_{0};
};

// Refuses every query.
class NoQueryService final : public QueryService {
  public:
    void run(const varve_query_request &request, varve_query_sink sink) override;
};

class CheckHost {
  public:
    // `data_dir` is made below the temporary directory and removed at the end.
    CheckHost();
    ~CheckHost();

    const HostServices &services() const { return services_; }
    Config &config() { return config_; }
    Log &log() { return log_; }

  private:
    std::string data_dir_;
    Log log_;
    Config config_;
    SelfMetrics metrics_;
    MemoryAccounts memory_;
    Executor executor_;
    http::RouteTable routes_;
    CountingWriteService write_;
    NoQueryService query_;
    HostServices services_;
};

}  // namespace varve::check
