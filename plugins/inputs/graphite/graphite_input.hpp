// The input `graphite`: Graphite's plaintext protocol over TCP and UDP. Nothing is ever answered.
// One task per instance serves all of its sockets.
#pragma once

#include <memory>
#include <string>

#include <varve/cpp/input.hpp>

#include "inputs/graphite/listener.hpp"

namespace varve {

class GraphiteInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit GraphiteInput(Host host) : host_(host) {}
    ~GraphiteInput() override { GraphiteInput::stop(); }

    Status start() override;
    // Takes what has arrived, flushes it and waits until it is stored.
    void stop() override;
    std::string addresses() const override { return addresses_; }

  private:
    const Host host_;
    std::string addresses_;  // written by start() only
    std::unique_ptr<GraphiteListener> listener_;
    varve_task *task_ = nullptr;
};

}  // namespace varve
