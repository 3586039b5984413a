/* Routes on the server's HTTP service. TLS, limits, decompression, authentication, CORS, timeouts
 * and the access log exist once, there. */
#ifndef VARVE_HOST_HTTP_H
#define VARVE_HOST_HTTP_H

#include "../host.h"

#define VARVE_HOST_HTTP_ID "varve.host.http/1"

/* Methods; or-ed. A HEAD is served by the GET handler, its body cut off by the service. */
#define VARVE_HTTP_GET 1u
#define VARVE_HTTP_POST 2u
#define VARVE_HTTP_PUT 4u
#define VARVE_HTTP_DELETE 8u
#define VARVE_HTTP_PATCH 16u

/* Flags of a route. */
#define VARVE_HTTP_SHORT 1u  /* never blocks or waits: may run in place on an io thread */
#define VARVE_HTTP_INFLUX 2u /* answers carry InfluxDB's headers (version, build, request ids) */
#define VARVE_HTTP_PUBLIC 4u /* needs no credentials even when authentication is on */
/* Answers carry InfluxDB 0.8's headers, errors are bare text, and a name is looked for first among
 * the users of the database that the path names (/db/NAME/…), then among the server's. */
#define VARVE_HTTP_INFLUX_08 16u
/* With SHORT: where request.may_block is 1, the handler may keep its thread until it has answered,
 * which spares short work the way to another thread. */
#define VARVE_HTTP_MAY_STAY 8u

/* A request. The handler's until it ends the response; everything it points to as well. */
typedef struct varve_http_request {
    uint32_t struct_size;
    uint32_t method;        /* VARVE_HTTP_… */
    varve_str path;         /* decoded, without the query */
    varve_str query;        /* raw, behind the '?' */
    varve_str target;       /* raw path and query */
    varve_bytes body;       /* whole, contiguous, content coding removed; writable by the handler */
    uint64_t connection_id; /* opaque, for varve_batch.producer */
    void *request_data;     /* the host's */
    uint32_t may_block;     /* 1: the thread is the handler's until it returns */
    uint32_t reserved;
} varve_http_request;

typedef struct varve_http_response varve_http_response; /* the host's */

typedef struct varve_host_http {
    uint32_t struct_size;
    uint32_t reserved;
    /* [main] Mounts a handler [io or worker] on an exact path, or on a subtree when the path ends
     * in '/'. The longest match wins; a path taken already is VARVE_ALREADY_EXISTS. `handle` may
     * answer later and from any thread; it must end every response exactly once. */
    int32_t (*mount)(const varve_host *host, uint32_t methods, const char *path, uint32_t flags,
                     void (*handle)(void *ctx, const varve_http_request *request,
                                    varve_http_response *response),
                     void *ctx, varve_error *error);
    /* [main] Takes all routes of this instance away and waits for their requests under way. */
    void (*unmount_all)(const varve_host *host);

    /* [owner] A header's value, or an empty string with null data. Lives as long as the request. */
    varve_str (*request_header)(const varve_http_request *request, const char *name);
    /* [owner] The first decoded value of a parameter of the query string (and, for a form body,
     * of the body, which then comes first); null data if absent. Lives as long as the request. */
    varve_str (*request_param)(const varve_http_request *request, const char *name);
    /* [owner] Likewise, of the query string only. */
    varve_str (*request_query_param)(const varve_http_request *request, const char *name);
    /* [owner] The name of the authenticated principal; empty without authentication. */
    varve_str (*request_principal)(const varve_http_request *request);

    /* [owner] Before the first write: status (default 200) and headers; copies. */
    void (*set_status)(varve_http_response *response, uint32_t status);
    /* [owner] */
    void (*set_header)(varve_http_response *response, const char *name, varve_str value);
    /* [owner] Answers with this body and ends; Content-Length is set. Copies. */
    void (*send)(varve_http_response *response, const void *data, uint64_t size);
    /* [owner] Streams a piece, chunked; copies. VARVE_OK: go on. VARVE_UNAVAILABLE: taken, but the
     * client is slow: write nothing more until `resume(ctx)` comes [any, exactly once].
     * VARVE_CANCELLED: the client is gone; end now. */
    int32_t (*write)(varve_http_response *response, const void *data, uint64_t size,
                     void (*resume)(void *ctx), void *ctx);
    /* [owner] Ends a stream. `ok` = 0 cuts the connection, so that the client sees it broke. */
    void (*end)(varve_http_response *response, int32_t ok);
    /* [owner] 1 once the client has hung up. (To answer after `handle` has returned, just do.) */
    int32_t (*is_cancelled)(varve_http_response *response);
    /* [owner] Makes the body live on after the response has ended: its bytes stay where they are
     * until release_body [any]. Once per request; null if there is no memory. */
    void *(*take_body)(const varve_http_request *request);
    void (*release_body)(void *body);
    /* [owner] The last piece of a stream, and its end. */
    void (*finish)(varve_http_response *response, const void *data, uint64_t size);
} varve_host_http;

#endif
