/* An input owns its sockets or mounts routes on the HTTP service, decodes, and calls
 * varve_host_write. Everything it does hangs on varve_instance; this table is for what the host
 * asks of it. */
#ifndef VARVE_KIND_INPUT_H
#define VARVE_KIND_INPUT_H

#include "../plugin.h"

#define VARVE_INPUT_ID "varve.input/1"

typedef struct varve_input {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] Writes the real addresses it listens on, "udp://127.0.0.1:8089 …"; for the ready line
     * and the admin pages. Nothing if it owns no socket. */
    void (*addresses)(varve_instance *self, varve_sink out);
} varve_input;

#endif
