/* Questions in any of the server's languages, answered as a stream of encoded bytes. */
#ifndef VARVE_HOST_QUERY_H
#define VARVE_HOST_QUERY_H

#include "../host.h"

#define VARVE_HOST_QUERY_ID "varve.host.query/1"

typedef struct varve_query_request { /* lives for the call only */
    uint32_t struct_size;
    uint32_t read_only; /* 1: a GET; statements that change data carry the deprecation message */
    varve_str language; /* "influxql" */
    varve_str text;
    varve_str database;
    varve_str retention_policy;
    varve_str params;    /* JSON object of bound parameters, or empty */
    varve_str epoch;     /* "", "ns", "u", "ms", "s", "m", "h" */
    varve_str format;    /* "json", "csv", "application/csv"; empty = json */
    varve_str principal; /* who asks; empty = nobody, who may not when authentication is on */
    uint64_t chunk_size; /* rows per chunk; 0 = not chunked */
    uint32_t pretty;
    uint32_t may_block; /* 1: the query may run on the calling thread, inside `run` */
} varve_query_request;

/* Where the answer goes. [owner] */
typedef struct varve_query_sink {
    void *ctx;
    /* Once, before the first byte. `code` VARVE_OK, or why the whole request was refused (its
     * error document follows as bytes). `content_type` as HTTP wants it. */
    void (*begin)(void *ctx, int32_t code, varve_str content_type);
    /* VARVE_OK: go on. VARVE_UNAVAILABLE: taken, but wait until `resume(token)` is called.
     * VARVE_CANCELLED: the reader is gone. */
    int32_t (*write)(void *ctx, const void *data, uint64_t size, void (*resume)(void *token),
                     void *token);
    /* Once, at last. `ok` = 0: broke off in the middle. */
    void (*end)(void *ctx, int32_t ok);
    /* [any] 1 once nobody waits for the answer any more; may be null. */
    int32_t (*is_cancelled)(void *ctx);
} varve_query_sink;

typedef struct varve_host_query {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] Unless may_block is 1, returns at once, and the sink is called from a worker. Every run
     * ends with `end`. */
    void (*run)(const varve_host *host, const varve_query_request *request, varve_query_sink sink);
} varve_host_query;

#endif
