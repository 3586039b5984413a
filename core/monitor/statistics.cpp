#include "monitor/statistics.hpp"

namespace varve::monitor {

std::string Module::key() const {
    const auto tag = [this](const char *tag_name) {
        const auto found = tags.find(tag_name);
        return found == tags.end() || found->second.empty() ? std::string() : ':' + found->second;
    };
    if (tags.contains("path")) return name + tag("path") + tag("id");
    if (tags.contains("bind")) return name + tag("proto") + tag("bind");
    if (!tags.contains("database")) return name;
    return name + tag("database") + tag("retention_policy") + tag("name") + tag("destination");
}

void Statistics::add(Source source) {
    const std::scoped_lock lock(mutex_);
    sources_.push_back(std::move(source));
}

void Statistics::add_hidden(std::string name, Source source) {
    const std::scoped_lock lock(mutex_);
    hidden_[std::move(name)] = std::move(source);
}

void Statistics::clear() {
    const std::scoped_lock lock(mutex_);
    sources_.clear();
    hidden_.clear();
}

Modules Statistics::gather() const {
    Modules all;
    const std::scoped_lock lock(mutex_);
    for (const Source &source : sources_) source(all);
    return all;
}

Modules Statistics::gather(const std::string &name) const {
    Modules named;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = hidden_.find(name);
        if (found != hidden_.end()) {
            found->second(named);
            return named;
        }
    }
    for (Module &module : gather()) {
        if (module.name == name) named.push_back(std::move(module));
    }
    return named;
}

}  // namespace varve::monitor
