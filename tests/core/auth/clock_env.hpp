// An Env without files whose clock is set by hand.
#pragma once

#include "base/env.hpp"

namespace varve::test {

class ClockEnv final : public Env {
  public:
    int64_t time_ns = 1'600'000'000'000'000'000;

    int64_t now_ns() override { return time_ns; }
    int64_t monotonic_ns() override { return time_ns; }
    void random(void *out, uint64_t size) override { Env::posix().random(out, size); }

    Result<std::unique_ptr<File>> open(const std::string &, uint32_t) override { return none(); }
    Status rename(const std::string &, const std::string &) override { return none(); }
    Status remove(const std::string &) override { return none(); }
    Status link(const std::string &, const std::string &) override { return none(); }
    Status make_directory(const std::string &) override { return none(); }
    Result<std::vector<std::string>> list(const std::string &) override { return none(); }
    Status sync_directory(const std::string &) override { return none(); }
    Result<uint64_t> free_space(const std::string &) override { return none(); }

  private:
    static Status none() { return {Code::unsupported, "there are no files"}; }
};

}  // namespace varve::test
