/* What a plugin sees of the server: one handle per instance (and one for the plugin's init), asked
 * by string for versioned services. */
#ifndef VARVE_HOST_H
#define VARVE_HOST_H

#include "abi.h"
#include "bytes.h"
#include "status.h"
#include "thread.h"

typedef struct varve_host {
    uint32_t struct_size;
    uint32_t abi_minor;  /* of the host */
    const char *version; /* of the server, "0.1.0"; lives as long as the process */
    void *host_data;     /* the host's */
    /* [any] The table of a service ("varve.host.log/1"), or null. Lives as long as the handle. */
    const void *(*get_extension)(const struct varve_host *host, const char *id);
} varve_host;

#endif
