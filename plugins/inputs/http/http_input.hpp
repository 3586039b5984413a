// The input `http`: mounts InfluxDB's 1.x routes on the server's HTTP service.
#pragma once

#include <varve/cpp/input.hpp>

namespace varve {

class HttpInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit HttpInput(Host host) : host_(host) {}

    Status start() override;
    void stop() override;

  private:
    Host host_;
};

}  // namespace varve
