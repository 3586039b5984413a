#include "monitor/debug_routes.hpp"

#include "model/time.hpp"
#include "monitor/debug_answers.hpp"
#include "monitor/pprof/pprof_pages.hpp"

namespace varve::monitor {
namespace {

constexpr const char *kJson = "application/json; charset=utf-8";
constexpr int64_t kRequestsSeconds = 10;

std::string quoted(std::string_view text) {
    return '"' + http::json_escaped(text) + '"';
}

std::string system_json(const DebugParts &parts) {
    const int64_t now_ns = parts.env.now_ns();
    return R"({"currentTime":)" + quoted(format_rfc3339(now_ns)) + R"(,"started":)" +
           quoted(format_rfc3339(parts.started_ns)) + R"(,"uptime":)" +
           std::to_string((now_ns - parts.started_ns) / 1'000'000'000) + '}';
}

std::string values_json(const std::map<std::string, int64_t> &values) {
    std::string text = "{";
    for (const auto &[name, value] : values) {
        if (text.size() > 1) text += ',';
        text += quoted(name) + ':' + std::to_string(value);
    }
    return text + '}';
}

std::string tags_json(const std::map<std::string, std::string> &tags) {
    std::string text = "{";
    for (const auto &[name, value] : tags) {
        if (text.size() > 1) text += ',';
        text += quoted(name) + ':' + quoted(value);
    }
    return text + '}';
}

// One member a line, the modules by their keys.
std::string variables_json(const DebugParts &parts) {
    std::string arguments;
    for (const std::string &argument : command_line(parts.config)) {
        if (!arguments.empty()) arguments += ',';
        arguments += quoted(argument);
    }
    const Modules modules = parts.statistics.gather();
    std::string memory = "{}";
    std::string members;
    for (const Module &module : modules) {
        if (module.name == "runtime") memory = values_json(module.values);
        members += ",\n" + quoted(module.key()) + ": {\"name\":" + quoted(module.name) +
                   ",\"tags\":" + tags_json(module.tags) +
                   ",\"values\":" + values_json(module.values) + '}';
    }
    return "{\n\"system\": " + system_json(parts) + ",\n\"cmdline\": [" + arguments +
           "],\n\"memstats\": " + memory + members + "\n}\n";
}

void show_requests(const DebugParts &parts, http::Request &request, http::ResponseWriter writer) {
    const auto seconds = window_seconds(request, kRequestsSeconds);
    if (!seconds.ok()) return writer.send_error(400, seconds.status().text());
    RequestProfiles &profiles = parts.profiles;
    const auto window = profiles.open();
    answer_later(parts.delayed, *seconds, std::move(writer),
                 [&profiles, window](http::ResponseWriter later) {
                     profiles.close(window);
                     if (later) answer_text(later, 200, kJson, window->to_json());
                 });
}

}  // namespace

Status mount_debug_routes(http::RouteTable &routes, const DebugParts &parts) {
    const bool checked = parts.accounts.is_enabled() && parts.needs_admin;
    const uint32_t flags = http::kInflux | (checked ? 0 : http::kPublic);
    using Handler = std::function<void(http::Request &, http::ResponseWriter)>;
    const auto mount = [&](const char *path, Handler handler) {
        return routes.mount(&parts.statistics, http::kGet | http::kPost, path, flags,
                            [parts, checked, handler = std::move(handler)](
                                http::Request &request, http::ResponseWriter writer) {
                                const Status allowed =
                                    parts.accounts.access(request.principal()).need_admin();
                                if (checked && !allowed.ok()) {
                                    return writer.send_error(403, allowed.text());
                                }
                                handler(request, std::move(writer));
                            });
    };
    VARVE_RETURN_IF_ERROR(
        mount("/debug/vars", [parts](http::Request &, http::ResponseWriter writer) {
            answer_text(writer, 200, kJson, variables_json(parts));
        }));
    VARVE_RETURN_IF_ERROR(
        mount("/debug/requests", [parts](http::Request &request, http::ResponseWriter writer) {
            show_requests(parts, request, std::move(writer));
        }));
    for (const char *path : {"/debug/pprof", "/debug/pprof/"}) {
        VARVE_RETURN_IF_ERROR(
            mount(path, [parts](http::Request &request, http::ResponseWriter writer) {
                show_pprof(parts.config, parts.memory, parts.delayed, request, std::move(writer));
            }));
    }
    return {};
}

}  // namespace varve::monitor
