// The server's figures in InfluxDB's shape: modules with tags and whole numbers, as SHOW STATS,
// /debug/vars and the database _internal show them. The numbers are those of /metrics, read when
// asked for. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace varve::monitor {

struct Module {
    std::string name;  // "httpd"
    std::map<std::string, std::string> tags;
    std::map<std::string, int64_t> values;

    // Its key in /debug/vars: "database:d", "httpd:127.0.0.1:8086", "graphite:tcp:ADDR".
    std::string key() const;
};

using Modules = std::vector<Module>;

class Statistics {
  public:
    // Appends modules as they are now. Its objects live longer than the registry is asked.
    using Source = std::function<void(Modules &out)>;

    void add(Source source);
    // A module that is only shown to who names it.
    void add_hidden(std::string name, Source source);
    // Forgets all sources, and waits for a gathering under way.
    void clear();
    // All modules but the hidden ones, in the order of their sources.
    Modules gather() const;
    // Those of one name.
    Modules gather(const std::string &name) const;

  private:
    mutable std::mutex mutex_;
    std::vector<Source> sources_;
    std::map<std::string, Source> hidden_;
};

}  // namespace varve::monitor
