#include "inputs/http/query_handler.hpp"

#include <charconv>

#include <varve/cpp/accept.hpp>

#include "inputs/http/query_answer.hpp"
#include "inputs/http/responder.hpp"

namespace varve {
namespace {

constexpr uint64_t kDefaultChunkSize = 10'000;

uint64_t chunk_size(std::string_view text) {
    uint64_t size = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
    return parsed.ec == std::errc() && size > 0 ? size : kDefaultChunkSize;
}

}  // namespace

void handle_query(const Host &host, const HttpFigures &figures, const varve_http_request *request,
                  varve_http_response *response) {
    const Responder responder(host, response);
    const std::string text(responder.param(request, "q"));
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return responder.refuse(400, "query_missing", "missing required parameter \"q\"");
    }
    const std::string principal(view(host.http()->request_principal(request)));
    varve_query_request query{};
    query.struct_size = sizeof query;
    query.read_only = request->method == VARVE_HTTP_GET ? 1 : 0;
    query.language = str("influxql");
    query.text = str(text);
    query.database = str(responder.param(request, "db"));
    query.retention_policy = str(responder.param(request, "rp"));
    query.params = str(responder.param(request, "params"));
    query.epoch = str(responder.param(request, "epoch"));
    query.format = str(answer_format(responder.header(request, "Accept")));
    query.principal = str(principal);
    query.may_block = request->may_block;
    const bool chunked = responder.param(request, "chunked") == "true";
    query.chunk_size = chunked ? chunk_size(responder.param(request, "chunk_size")) : 0;
    query.pretty = responder.query_param(request, "pretty") == "true" ? 1 : 0;

    const bool async = responder.param(request, "async") == "true";
    const AnswerOptions options{figures.query_bytes, 200, query_status, async, chunked};
    host.querier()->run(host.raw(), &query, answer_sink(host, options, response));
}

}  // namespace varve
