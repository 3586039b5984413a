// The instances of inputs and outputs: made from the configuration, started, stopped, reloaded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/admin_routes.hpp"
#include "kernel/host/handle.hpp"
#include "kernel/plugin_host.hpp"

namespace varve {

// One made instance; stops and destroys it when it goes.
class Instance {
  public:
    // Makes it; `prefix` is where its configuration stands ("inputs.udp.0").
    static Result<std::unique_ptr<Instance>> create(const PluginHost &plugins,
                                                    const HostServices &services,
                                                    const std::string &descriptor_id,
                                                    std::string name, std::string prefix);
    ~Instance();
    Instance(const Instance &) = delete;
    Instance &operator=(const Instance &) = delete;

    Status start();
    void stop();
    Status reload();
    InstanceCard card() const;

    varve_instance *raw() const { return raw_; }
    const std::string &name() const { return handle_.instance_name(); }
    template <typename Table>
    const Table *extension(const char *id) const {
        return static_cast<const Table *>(raw_->get_extension(raw_, id));
    }

  private:
    Instance(const HostServices &services, std::string descriptor_id, std::string name,
             std::string prefix)
        : handle_(services, std::move(name), std::move(prefix)),
          descriptor_id_(std::move(descriptor_id)) {}

    HostHandle handle_;
    const std::string descriptor_id_;
    varve_instance *raw_ = nullptr;
    bool started_ = false;
};

// Every enabled instance of a section ("inputs"), in the order of their names: {"udp.0",
// "inputs.udp", …}.
struct InstancePlan {
    std::string name;
    std::string descriptor_id;
    std::string prefix;
};
// Checks every configured instance's keys against its descriptor. not_found for a plugin that is
// not there, with its origin and "did you mean".
Result<std::vector<InstancePlan>> plan_instances(Config &config, const PluginHost &plugins,
                                                 const std::string &section);

}  // namespace varve
