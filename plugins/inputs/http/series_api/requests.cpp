#include "inputs/http/series_api/requests.hpp"

#include <string>
#include <vector>

#include "inputs/http/query_answer.hpp"
#include "inputs/http/responder.hpp"
#include "inputs/http/series_api/series_write.hpp"
#include "inputs/http/series_api/target_path.hpp"

namespace varve {
namespace {

constexpr uint64_t kRowsPerChunk = 10'000;

// A request that is one statement. Its parameters: `database` and `name` from the path, `body` as
// it came.
struct Route {
    uint32_t method;
    const char *path;  // ":db" is the database, ":name" whatever else is named
    const char *statement;
    uint32_t ok_status;
};

// The first that fits counts.
constexpr Route kRoutes[] = {
    {VARVE_HTTP_GET, "db", "list databases", 200},
    {VARVE_HTTP_POST, "db", "create database", 201},
    {VARVE_HTTP_DELETE, "db/:db", "drop database", 204},
    {VARVE_HTTP_DELETE, "db/:db/series/:name", "drop series", 204},
    {VARVE_HTTP_GET, "db/:db/authenticate", "authenticate database user", 200},
    {VARVE_HTTP_GET, "db/:db/users", "list database users", 200},
    {VARVE_HTTP_POST, "db/:db/users", "create database user", 200},
    {VARVE_HTTP_GET, "db/:db/users/:name", "show database user", 200},
    {VARVE_HTTP_POST, "db/:db/users/:name", "alter database user", 200},
    {VARVE_HTTP_DELETE, "db/:db/users/:name", "drop database user", 200},
    {VARVE_HTTP_GET, "cluster_admins", "list cluster admins", 200},
    {VARVE_HTTP_POST, "cluster_admins", "create cluster admin", 200},
    {VARVE_HTTP_GET, "cluster_admins/authenticate", "authenticate cluster admin", 200},
    {VARVE_HTTP_POST, "cluster_admins/:name", "alter cluster admin", 200},
    {VARVE_HTTP_DELETE, "cluster_admins/:name", "drop cluster admin", 200},
    {VARVE_HTTP_GET, "interfaces", "list interfaces", 200},
    {VARVE_HTTP_GET, "sync", "check sync", 200},
    {VARVE_HTTP_POST, "raft/force_compaction", "compact raft log", 200},
    {VARVE_HTTP_GET, "cluster/configuration", "show configuration", 200},
    {VARVE_HTTP_GET, "cluster/servers", "list servers", 200},
    {VARVE_HTTP_DELETE, "cluster/servers/:name", "drop server", 200},
    {VARVE_HTTP_GET, "cluster/shards", "list shards", 200},
    {VARVE_HTTP_POST, "cluster/shards", "create shards", 202},
    {VARVE_HTTP_DELETE, "cluster/shards/:name", "drop shard", 202},
    {VARVE_HTTP_GET, "cluster/shard_spaces", "list shard spaces", 200},
    {VARVE_HTTP_POST, "cluster/shard_spaces/:db", "create shard space", 200},
    {VARVE_HTTP_POST, "cluster/shard_spaces/:db/:name", "alter shard space", 200},
    {VARVE_HTTP_DELETE, "cluster/shard_spaces/:db/:name", "drop shard space", 200},
    {VARVE_HTTP_POST, "cluster/database_configs/:db", "configure database", 201},
};

struct Call {
    SeriesApi &api;
    const varve_http_request *request;
    varve_http_response *response;

    std::string_view param(const char *name) const {
        return view(api.host.http()->request_query_param(request, name));
    }
};

void run(const Call &call, varve_query_request &query, uint32_t ok_status) {
    const Host &host = call.api.host;
    const std::string principal(view(host.http()->request_principal(call.request)));
    query.struct_size = sizeof query;
    query.principal = str(principal);
    query.may_block = call.request->may_block;
    query.pretty = call.param("pretty") == "true" ? 1 : 0;
    const AnswerOptions options{call.api.figures.query_bytes, ok_status, series_api_status, false,
                                query.chunk_size != 0};
    host.querier()->run(host.raw(), &query, answer_sink(host, options, call.response));
}

void run_query(const Call &call, const std::string &database) {
    varve_query_request query{};
    query.language = str("influxql08");
    query.text = str(call.param("q"));
    query.database = str(database);
    query.epoch = str(call.param("time_precision"));
    query.chunk_size = call.param("chunked") == "true" ? kRowsPerChunk : 0;
    run(call, query, 200);
}

void run_statement(const Call &call, const Route &route, const std::vector<std::string> &values) {
    std::string database;
    std::string name;
    const std::string_view path = route.path;
    const bool has_database = path.find(":db") != std::string_view::npos;
    if (has_database) database = values.front();
    if (path.find(":name") != std::string_view::npos) name = values.back();
    const varve_bytes &bytes = call.request->body;
    const std::string_view body(static_cast<const char *>(bytes.data), bytes.size);
    const std::string params = "{\"name\":\"" + Responder::escaped(name) + "\",\"body\":\"" +
                               Responder::escaped(body) + "\"}";
    varve_query_request query{};
    query.language = str("influxql08.admin");
    query.text = str(route.statement);
    query.database = str(database);
    query.params = str(params);
    run(call, query, route.ok_status);
}

}  // namespace

const char *const kSeriesApiPaths[] = {
    "/db",       "/db/",  "/cluster_admins",        "/cluster_admins/",
    "/cluster/", "/sync", "/raft/force_compaction", nullptr};

void handle_series_api(void *ctx, const varve_http_request *request,
                       varve_http_response *response) {
    const Call call{*static_cast<SeriesApi *>(ctx), request, response};
    const auto segments = path_segments(view(request->target));
    std::vector<std::string> values;
    bool is_path = false;
    if (segments && matches_path(*segments, "db/:db/series", values)) {
        if (request->method == VARVE_HTTP_GET) return run_query(call, values.front());
        if (request->method == VARVE_HTTP_POST) {
            return handle_series_write(call.api.host, call.api.figures, *call.api.numbers,
                                       values.front(), request, response);
        }
        is_path = true;
    }
    for (const Route &route : kRoutes) {
        if (!segments || !matches_path(*segments, route.path, values)) continue;
        if (route.method == request->method) return run_statement(call, route, values);
        is_path = true;
    }
    refuse_series_api(call.api.host, response, is_path ? 405 : 404, "no_route",
                      is_path ? "Method Not Allowed" : "404 page not found\n");
}

}  // namespace varve
