// Where the server's CPU time goes, sampled by gperftools; the format is what pprof reads.
#pragma once

#include <memory>
#include <string>

#include "base/status.hpp"

namespace varve::monitor {

// Samples every thread from start() to finish(). One at a time in the process. [any]
class CpuProfile {
  public:
    // already_exists while another one runs.
    static Result<std::unique_ptr<CpuProfile>> start();
    ~CpuProfile();
    CpuProfile(const CpuProfile &) = delete;
    CpuProfile &operator=(const CpuProfile &) = delete;

    // Ends the sampling; the whole profile.
    Result<std::string> finish();

  private:
    explicit CpuProfile(int fd) : fd_(fd) {}

    int fd_;  // of a file in memory
    bool running_ = true;
};

}  // namespace varve::monitor
