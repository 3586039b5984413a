// The input `http`: mounts InfluxDB's 1.x routes on the server's HTTP service.
#pragma once

#include <varve/cpp/input.hpp>

#include "common/line_protocol/sender_memories.hpp"
#include "inputs/http/figures.hpp"

namespace varve {

class HttpInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit HttpInput(Host host) : host_(host), figures_(host) {}

    Status start() override;
    void stop() override;

    const Host &host() const { return host_; }
    const HttpFigures &figures() const { return figures_; }
    line_protocol::SenderMemories &senders() { return senders_; }

  private:
    Host host_;
    const HttpFigures figures_;
    line_protocol::SenderMemories senders_;
};

}  // namespace varve
