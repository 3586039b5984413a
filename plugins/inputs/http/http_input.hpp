// The input `http`: mounts InfluxDB's routes, 1.x's and 0.8's, on the server's HTTP service.
#pragma once

#include <varve/cpp/input.hpp>

#include "common/line_protocol/sender_memories.hpp"
#include "inputs/http/figures.hpp"
#include "inputs/http/series_api/requests.hpp"

namespace varve {

class HttpInput final : public Input {
  public:
    static const varve_descriptor &descriptor();
    explicit HttpInput(Host host)
        : host_(host), figures_(host), series_api_{host, figures_, nullptr} {}

    Status start() override;
    void stop() override;

    const Host &host() const { return host_; }
    const HttpFigures &figures() const { return figures_; }
    line_protocol::SenderMemories &senders() { return senders_; }

  private:
    Status open_numbers();
    Status mount(uint32_t methods, const char *path, uint32_t flags,
                 void (*handle)(void *, const varve_http_request *, varve_http_response *),
                 void *ctx);

    Host host_;
    const HttpFigures figures_;
    SeriesApi series_api_;
    line_protocol::SenderMemories senders_;
};

}  // namespace varve
