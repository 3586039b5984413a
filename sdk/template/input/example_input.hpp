// An input that writes one row every interval: where to start from for a collector of your own.
#pragma once

#include <varve/cpp/input.hpp>

namespace varve {

class ExampleInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit ExampleInput(Host host) : host_(host) {}

    Status start() override;
    void stop() override;

  private:
    void write_row();

    Host host_;
    std::string database_;
    double value_ = 0;
    varve_task *timer_ = nullptr;
    Metric rows_;
};

}  // namespace varve
