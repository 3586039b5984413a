// What the server is, in InfluxDB's shape: SHOW DIAGNOSTICS. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <variant>

#include "base/env.hpp"
#include "kernel/config.hpp"

namespace varve::monitor {

using DiagnosticValue = std::variant<std::string, int64_t, bool>;
using DiagnosticColumns = std::map<std::string, DiagnosticValue>;

class Diagnostics {
  public:
    using Source = std::function<DiagnosticColumns()>;

    // One table of that name.
    void add(std::string name, Source source);
    // All tables by name.
    std::map<std::string, DiagnosticColumns> gather() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, Source> sources_;
};

// build, config-…, network, runtime and system. All of it lives longer than the registry is asked;
// started_ns: since the Unix epoch.
void add_server_diagnostics(Diagnostics &diagnostics, const Config &config, Env &env,
                            int64_t started_ns);

// The machine's name, as the tag `hostname` and the table `network` show it.
std::string host_name();

}  // namespace varve::monitor
