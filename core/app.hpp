// The server, wired from its rooms. Nothing is decided here: it makes the parts in order, starts
// them, and stops them in the opposite order.
#pragma once

#include <memory>
#include <string>

#include "base/status.hpp"
#include "kernel/config.hpp"

namespace varve {

class App {
  public:
    explicit App(ConfigSources sources);
    ~App();

    // Reads the configuration, loads the plugins, checks every instance's keys. What --check-config
    // and
    // --print-config need; start() continues from here.
    Status prepare();
    const Config &config() const;

    // Opens data and sockets. On failure everything that was started is stopped again.
    Status start();
    // "ADDR:PORT" that HTTP really listens on.
    const std::string &http_address() const;

    // Reads the configuration again and takes over what can change while running.
    Status reload();

    // Takes in nothing new, lets what is under way finish, closes everything. Idempotent.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace varve
