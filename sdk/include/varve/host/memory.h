/* Memory accounts: bounded, nested; a failed charge is a clean VARVE_RESOURCE_EXHAUSTED that names
 * the account, the asked and the allowed amount. Accounts count, they do not allocate. */
#ifndef VARVE_HOST_MEMORY_H
#define VARVE_HOST_MEMORY_H

#include "../host.h"

#define VARVE_HOST_MEMORY_ID "varve.host.memory/1"

typedef struct varve_account varve_account; /* the host's */

typedef struct varve_host_memory {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] One of the server's accounts: "write", "query", "index", "script", "http". */
    varve_account *(*account)(const varve_host *host, const char *name);
    /* [any] A child of `parent` with a limit of its own (0 = the parent's). */
    varve_account *(*open)(varve_account *parent, const char *name, uint64_t limit_bytes);
    /* [any] Closes a child; whatever is still charged is given back. */
    void (*close)(varve_account *account);
    /* [any] */
    int32_t (*charge)(varve_account *account, uint64_t size_bytes, varve_error *error);
    /* [any] */
    void (*release)(varve_account *account, uint64_t size_bytes);
    /* [any] */
    uint64_t (*used)(const varve_account *account);
    /* [any] */
    uint64_t (*limit)(const varve_account *account);
} varve_host_memory;

#endif
