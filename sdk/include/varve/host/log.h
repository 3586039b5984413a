/* Structured log lines; the host adds time, plugin and instance. */
#ifndef VARVE_HOST_LOG_H
#define VARVE_HOST_LOG_H

#include "../host.h"

#define VARVE_HOST_LOG_ID "varve.host.log/1"

enum varve_log_level {
    VARVE_LOG_ERROR = 1,
    VARVE_LOG_WARNING = 2,
    VARVE_LOG_INFO = 3,
    VARVE_LOG_DEBUG = 4
};

typedef struct varve_log_field {
    varve_str key;
    varve_str value;
} varve_log_field;

typedef struct varve_host_log {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] 1 if a line of this level would be written; ask before building a costly one. */
    int32_t (*enabled)(const varve_host *host, uint32_t level);
    /* [any] Writes one line; copies. */
    void (*write)(const varve_host *host, uint32_t level, varve_str message,
                  const varve_log_field *fields, uint32_t field_count);
} varve_host_log;

#endif
