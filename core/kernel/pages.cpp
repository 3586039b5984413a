#include "kernel/pages.hpp"

#include <string>

namespace varve {
namespace {

constexpr const char *kFrontPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Varve</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:3em auto;padding:0 1em}
code{background:#eee;padding:.1em .3em}</style></head><body>
<h1>Varve</h1>
<p>A metrics platform: it takes in what Telegraf, collectd and Graphite senders write, and answers
InfluxQL. Version )" VARVE_VERSION R"(.</p>
<ul>
<li>Write:
<code>curl -XPOST 'http://this-server/write?db=mydb' --data-binary 'cpu,host=a value=1'</code></li>
<li>Ask:
<code>curl -G 'http://this-server/query?db=mydb'
--data-urlencode 'q=SELECT mean(value) FROM cpu'</code></li>
<li>Or use the shell: <code>varve</code>, or any InfluxDB 1.x client.</li>
<li>State: <a href="/health">/health</a>,
<a href="/ready">/ready</a>, <a href="/metrics">/metrics</a>,
<a href="/varve/v1/plugins">plugins</a>, <a href="/varve/v1/rejects">rejected rows</a>,
<a href="/varve/v1/storage/status">storage</a></li>
</ul></body></html>
)";

void answer(http::ResponseWriter &writer, unsigned status, std::string_view type,
            std::string body) {
    writer.set_status(status);
    writer.set_header("Content-Type", type);
    writer.send(std::move(body));
}

}  // namespace

Status mount_kernel_pages(http::RouteTable &routes, const Lifecycle &lifecycle,
                          const SelfMetrics &metrics) {
    constexpr uint32_t kFlags = http::kShort | http::kPublic;
    const auto mount = [&](std::string path, uint32_t flags, http::Handler handler) {
        return routes.mount(&lifecycle, http::kGet, std::move(path), flags, std::move(handler));
    };
    VARVE_RETURN_IF_ERROR(
        mount("/health", kFlags, [&](http::Request &, http::ResponseWriter writer) {
            const bool pass = lifecycle.is_running();
            const std::string message =
                pass ? "ready for queries and writes" : stage_name(lifecycle.stage());
            answer(writer, pass ? 200 : 503, "application/json",
                   R"({"checks":[],"message":")" + message + R"(","name":"influxdb","status":")" +
                       (pass ? "pass" : "fail") + "\",\"version\":\"1.8.10\"}\n");
        }));
    for (const char *path : {"/ready", "/-/ready"}) {
        VARVE_RETURN_IF_ERROR(
            mount(path, kFlags, [&](http::Request &, http::ResponseWriter writer) {
                const bool ready = lifecycle.is_running();
                answer(writer, ready ? 200 : 503, "application/json",
                       std::string(R"({"status":")") + (ready ? "ready" : "not ready") +
                           R"(","stage":")" + stage_name(lifecycle.stage()) + "\"}\n");
            }));
    }
    VARVE_RETURN_IF_ERROR(
        mount("/-/healthy", kFlags, [](http::Request &, http::ResponseWriter writer) {
            answer(writer, 200, "text/plain; charset=utf-8", "Varve is healthy.\n");
        }));
    VARVE_RETURN_IF_ERROR(
        mount("/metrics", http::kPublic, [&](http::Request &, http::ResponseWriter writer) {
            answer(writer, 200, "text/plain; version=0.0.4; charset=utf-8", metrics.render());
        }));
    // "/" is the subtree of everything: any other path below it is not found.
    const auto front = [](http::Request &request, http::ResponseWriter writer) {
        if (request.path() != "/" || (request.method() & (http::kGet | http::kHead)) == 0) {
            writer.set_header("X-Influxdb-Version", "1.8.10");
            writer.set_header("X-Influxdb-Build", "OSS");
            writer.set_header("X-Content-Type-Options", "nosniff");
            return answer(writer, 404, "text/plain; charset=utf-8", "404 page not found\n");
        }
        answer(writer, 200, "text/html; charset=utf-8", kFrontPage);
    };
    constexpr uint32_t kAll =
        http::kGet | http::kPost | http::kPut | http::kDelete | http::kPatch | http::kOptions;
    return routes.mount(&lifecycle, kAll, "/", kFlags, front);
}

}  // namespace varve
