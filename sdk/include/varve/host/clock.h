/* Time through the host's seam, so that tests can set it. */
#ifndef VARVE_HOST_CLOCK_H
#define VARVE_HOST_CLOCK_H

#include "../host.h"

#define VARVE_HOST_CLOCK_ID "varve.host.clock/1"

typedef struct varve_host_clock {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t (*now_ns)(const varve_host *host);       /* [any] since the Unix epoch */
    int64_t (*monotonic_ns)(const varve_host *host); /* [any] never goes back */
    void (*random)(const varve_host *host, void *out, uint64_t size); /* [any] not for secrets */
} varve_host_clock;

#endif
