/* Pointer and length views. A view owns nothing; whoever hands it out says how long it lives. */
#ifndef VARVE_BYTES_H
#define VARVE_BYTES_H

#include <stdint.h>

/* Any bytes, not NUL-terminated, not necessarily UTF-8. `data` may be null when `size` is 0. */
typedef struct varve_str {
    const char *data;
    uint32_t size;
    uint32_t reserved; /* zero */
} varve_str;

/* A longer run of bytes. */
typedef struct varve_bytes {
    const void *data;
    uint64_t size;
} varve_bytes;

/* Where a callee writes text of any length; `append` copies. [owner] */
typedef struct varve_sink {
    void *ctx;
    void (*append)(void *ctx, const char *data, uint64_t size);
} varve_sink;

#endif
