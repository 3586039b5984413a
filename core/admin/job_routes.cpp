#include "admin/job_routes.hpp"

#include <memory>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include "admin/json_answer.hpp"
#include "model/time.hpp"

namespace varve {
namespace {

using Poco::JSON::Object;

void set_time(Object &object, const char *key, int64_t time_ns) {
    if (time_ns == 0) {
        object.set(key, Poco::Dynamic::Var());
    } else {
        object.set(key, format_rfc3339(time_ns));
    }
}

void set_duration(Object &object, int64_t duration_ns) {
    object.set("duration_ms", static_cast<double>(duration_ns) / 1e6);
}

void show_continuous_queries(const JobParts &parts, http::ResponseWriter &writer) {
    Poco::JSON::Array list;
    for (const query::ContinuousQueryReport &report : parts.continuous_queries()) {
        Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("database", printable(report.database));
        entry.set("name", printable(report.name));
        entry.set("language", report.language);
        entry.set("query", printable(report.text));
        set_time(entry, "last_run", report.last_run_ns);
        set_time(entry, "next_run", report.next_run_ns);
        set_time(entry, "from", report.from_ns);
        set_time(entry, "to", report.to_ns);
        set_duration(entry, report.duration_ns);
        entry.set("points_written", report.written);
        entry.set("runs", report.runs);
        entry.set("failed_runs", report.failed_runs);
        entry.set("error", printable(report.error));
        list.add(entry);
    }
    Object object;
    object.set("continuous_queries", list);
    answer_json(writer, object);
}

void show_retention(const JobParts &parts, http::ResponseWriter &writer) {
    const RetentionReport report = parts.retention();
    Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    set_time(object, "last_run", report.last_run_ns);
    set_time(object, "next_run", report.next_run_ns);
    set_duration(object, report.duration_ns);
    object.set("shards_dropped", report.dropped);
    object.set("shards_dropped_total", report.dropped_total);
    object.set("error", printable(report.error));
    answer_json(writer, object);
}

}  // namespace

Status mount_job_routes(http::RouteTable &routes, JobParts parts) {
    const auto shared = std::make_shared<const JobParts>(std::move(parts));
    const auto mount = [&](const char *path,
                           void (*show)(const JobParts &, http::ResponseWriter &)) {
        return routes.mount(&shared->accounts, http::kGet, std::string("/varve/v1/") + path, 0,
                            [show, shared](http::Request &request, http::ResponseWriter writer) {
                                const Status allowed =
                                    shared->accounts.access(request.principal()).need_admin();
                                if (!allowed.ok()) return writer.send_error(403, allowed.text());
                                show(*shared, writer);
                            });
    };
    VARVE_RETURN_IF_ERROR(mount("continuous_queries", show_continuous_queries));
    return mount("retention", show_retention);
}

}  // namespace varve
