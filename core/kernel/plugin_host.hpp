// Finds plugins, refuses what must not be loaded, loads the rest, and makes instances of them.
//
// A plugin that cannot be used is kept in `refused` with the reason, logged, and the server goes
// on, unless plugins.required names it. Loaded libraries stay loaded until the process ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <varve/entry.h>

#include "base/status.hpp"
#include "kernel/log.hpp"

namespace varve {

// A library that is in use.
struct LoadedPlugin {
    std::string path;  // "(built in)" for a statically linked one
    const varve_plugin_entry *entry = nullptr;
    const varve_factory *factory = nullptr;
};

// A file that is not used, and why.
struct RefusedPlugin {
    std::string path;
    std::string reason;
};

// [main] on every function.
class PluginHost {
  public:
    struct Options {
        std::vector<std::string> paths;     // directories, searched in this order
        std::vector<std::string> allow;     // descriptor ids; empty = all
        std::vector<std::string> required;  // descriptor ids
    };

    // `init_host` is handed to every plugin's init; it must live longer than this object.
    PluginHost(Options options, const varve_host *init_host, Log &log);
    // Runs deinit of every plugin; the libraries stay mapped.
    ~PluginHost();

    // Loads everything there is. failed_precondition if a required plugin is missing or refused.
    Status load_all();

    // Loads one file; what `varve plugin check` does as well.
    Status load(const std::string &path);

    // Makes a plugin that is linked into the program known.
    Status add_built_in(const varve_plugin_entry *entry);

    // Null if no loaded plugin has it.
    const varve_descriptor *find(std::string_view descriptor_id) const;
    // All descriptors of a kind, in the order of loading.
    std::vector<const varve_descriptor *> descriptors(uint32_t kind) const;

    // not_found with "did you mean" if there is no such descriptor. `host` must live longer than
    // the instance; the caller destroys the instance.
    Result<varve_instance *> create(std::string_view descriptor_id, const varve_host *host) const;

    const std::vector<LoadedPlugin> &loaded() const { return loaded_; }
    const std::vector<RefusedPlugin> &refused() const { return refused_; }

    // Where plugins are when the configuration names no path: beside the program, then as
    // installed.
    static std::vector<std::string> default_paths();

  private:
    Status adopt(LoadedPlugin plugin);
    Status check_descriptors(const varve_factory &factory) const;

    Options options_;
    const varve_host *init_host_;
    Log &log_;
    std::vector<LoadedPlugin> loaded_;
    std::vector<RefusedPlugin> refused_;
};

}  // namespace varve
