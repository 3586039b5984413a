#include "query/languages/influxql/explain/trace_text.hpp"

#include "model/duration.hpp"

namespace varve::query::influxql {

namespace {

using exec::Trace;

std::vector<std::string> facts_of(const Trace &trace) {
    std::vector<std::string> out;
    out.reserve(trace.labels.size());
    for (const auto &[key, value] : trace.labels) out.push_back(key + ": " + value);
    const auto add = [&](const char *key, uint64_t value) {
        out.push_back(std::string(key) + ": " + std::to_string(value));
    };
    out.push_back("time: " + time_text(trace.time_ns));
    if (!trace.labels.empty() && trace.labels.front().first == "statement") return out;
    add("series", trace.series);
    if (trace.kind != Trace::Kind::survey) add("rows", trace.rows);
    if (trace.kind == Trace::Kind::operation) return out;
    add("blocks", trace.blocks);
    if (trace.kind == Trace::Kind::survey) return out;
    add("blocks_read", trace.blocks_read);
    if (trace.kind != Trace::Kind::aggregate_scan) return out;
    add("blocks_from_statistics", trace.blocks - trace.blocks_read);
    return out;
}

void draw(const Trace &trace, const std::string &indent, bool last, std::vector<std::string> &out) {
    out.push_back(indent + (last ? "└── " : "├── ") + trace.name);
    const std::string inner = indent + (last ? "    " : "│   ");
    const std::vector<std::string> facts = facts_of(trace);
    for (size_t i = 0; i < facts.size(); ++i) {
        const bool end = i + 1 == facts.size() && trace.children.empty();
        out.push_back(inner + (end ? "└── " : "├── ") + facts[i]);
    }
    for (const auto &child : trace.children) {
        draw(*child, inner, child == trace.children.back(), out);
    }
}

}  // namespace

std::vector<std::string> trace_text(const Trace &trace) {
    std::vector<std::string> out{"."};
    draw(trace, "", true, out);
    return out;
}

std::string time_text(int64_t duration_ns) {
    return format_go_duration(duration_ns < 1000 ? duration_ns : duration_ns / 1000 * 1000);
}

}  // namespace varve::query::influxql
