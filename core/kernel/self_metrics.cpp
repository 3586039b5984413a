#include "kernel/self_metrics.hpp"

#include <algorithm>
#include <charconv>

namespace varve {
namespace {

std::string render_labels(MetricLabels labels) {
    if (labels.empty()) return {};
    std::sort(labels.begin(), labels.end());
    std::string text = "{";
    for (const auto &[name, value] : labels) {
        if (text.size() > 1) text += ',';
        text += name + "=\"";
        for (const char c : value) {
            if (c == '\n') {
                text += "\\n";
                continue;
            }
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

}  // namespace

SelfMetric &SelfMetrics::find(std::string_view name, std::string_view help, MetricLabels labels,
                              const char *type) {
    std::string key = render_labels(std::move(labels));
    const std::scoped_lock lock(mutex_);
    auto family = families_.find(name);
    if (family == families_.end()) {
        family = families_.emplace(std::string(name), Family{}).first;
        family->second.help = help;
        family->second.type = type;
    }
    auto &metric = family->second.metrics[std::move(key)];
    if (!metric) metric = std::make_unique<SelfMetric>();
    return *metric;
}

SelfMetric &SelfMetrics::counter(std::string_view name, std::string_view help,
                                 MetricLabels labels) {
    return find(name, help, std::move(labels), "counter");
}

SelfMetric &SelfMetrics::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
    return find(name, help, std::move(labels), "gauge");
}

double SelfMetrics::value(std::string_view name, MetricLabels labels) const {
    const std::string key = render_labels(std::move(labels));
    const std::scoped_lock lock(mutex_);
    const auto family = families_.find(name);
    if (family == families_.end()) return 0;
    const auto metric = family->second.metrics.find(key);
    return metric == family->second.metrics.end() ? 0 : metric->second->value();
}

double SelfMetrics::total(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto family = families_.find(name);
    if (family == families_.end()) return 0;
    double sum = 0;
    for (const auto &[labels, metric] : family->second.metrics) sum += metric->value();
    return sum;
}

void SelfMetrics::on_render(std::function<void()> refresh) {
    const std::scoped_lock lock(mutex_);
    refreshers_.push_back(std::move(refresh));
}

std::string SelfMetrics::render() const {
    std::vector<std::function<void()>> refreshers;
    {
        const std::scoped_lock lock(mutex_);
        refreshers = refreshers_;
    }
    for (const auto &refresh : refreshers) refresh();
    const std::scoped_lock lock(mutex_);
    std::string text;
    for (const auto &[name, family] : families_) {
        text +=
            "# HELP " + name + ' ' + family.help + "\n# TYPE " + name + ' ' + family.type + '\n';
        for (const auto &[labels, metric] : family.metrics) {
            char number[40];
            const auto end = std::to_chars(number, number + sizeof number, metric->value()).ptr;
            text += name + labels + ' ' + std::string(number, end) + '\n';
        }
    }
    return text;
}

}  // namespace varve
