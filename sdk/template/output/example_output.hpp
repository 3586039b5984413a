// An output that appends what was written to a file, one line per batch: where to start from.
#pragma once

#include <cstdio>

#include <varve/cpp/output.hpp>

namespace varve {

class ExampleOutput final : public Output {
  public:
    static const varve_descriptor &descriptor();
    explicit ExampleOutput(Host host) : host_(host) {}
    ~ExampleOutput() override { stop(); }

    Status start() override;
    void stop() override;
    Status consume(uint64_t lsn, std::string_view database, std::string_view retention_policy,
                   const varve_batch &batch) override;
    Status flush() override;

  private:
    Host host_;
    std::FILE *file_ = nullptr;
};

}  // namespace varve
