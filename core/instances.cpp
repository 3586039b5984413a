#include "instances.hpp"

#include <varve/kind/input.h>

namespace varve {

Result<std::unique_ptr<Instance>> Instance::create(const PluginHost &plugins,
                                                   const HostServices &services,
                                                   const std::string &descriptor_id,
                                                   std::string name, std::string prefix) {
    std::unique_ptr<Instance> made(
        new Instance(services, descriptor_id, std::move(name), std::move(prefix)));
    auto raw = plugins.create(descriptor_id, made->handle_.raw());
    if (!raw.ok()) return raw.status().with_context(made->name());
    made->raw_ = *raw;
    return made;
}

Instance::~Instance() {
    if (raw_ == nullptr) return;
    stop();
    raw_->destroy(raw_);
}

Status Instance::start() {
    varve_error error = abi_error();
    const int32_t code = raw_->start(raw_, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error).with_context(name());
    started_ = true;
    return {};
}

void Instance::stop() {
    if (!started_) return;
    started_ = false;
    raw_->stop(raw_);
}

Status Instance::reload() {
    if (!VARVE_HAS(raw_, reload) || raw_->reload == nullptr) return {};
    varve_error error = abi_error();
    return Status::from_abi(raw_->reload(raw_, &error), error).with_context(name());
}

InstanceCard Instance::card() const {
    InstanceCard card{name(), descriptor_id_, {}};
    if (const auto *input = extension<varve_input>(VARVE_INPUT_ID)) {
        input->addresses(raw_, {&card.addresses, [](void *ctx, const char *data, uint64_t size) {
                                    static_cast<std::string *>(ctx)->append(data, size);
                                }});
    }
    return card;
}

Result<std::vector<InstancePlan>> plan_instances(Config &config, const PluginHost &plugins,
                                                 const std::string &section) {
    std::vector<InstancePlan> plans;
    for (const auto &[plugin, numbers] : config.instances(section)) {
        const std::string id = section + '.' + plugin;
        const varve_descriptor *descriptor = plugins.find(id);
        for (const uint32_t number : numbers) {
            const std::string prefix = id + '.' + std::to_string(number);
            if (descriptor == nullptr) {
                const Setting *enabled = config.find(prefix + ".enabled");
                const std::string origin = enabled == nullptr ? section : enabled->origin;
                if (origin == "default") break;  // on by default, but not installed
                return plugins.create(id, nullptr).status().with_context(origin);
            }
            VARVE_RETURN_IF_ERROR(config.apply_descriptor(prefix, *descriptor));
            if (!config.boolean(prefix + ".enabled")) continue;
            plans.push_back({plugin + '.' + std::to_string(number), id, prefix});
        }
    }
    return plans;
}

}  // namespace varve
