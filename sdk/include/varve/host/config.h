/* The instance's configuration: its own table, already validated against its descriptor, with the
 * descriptor's defaults filled in. */
#ifndef VARVE_HOST_CONFIG_H
#define VARVE_HOST_CONFIG_H

#include "../host.h"

#define VARVE_HOST_CONFIG_ID "varve.host.config/1"

/* Texts live until the instance is destroyed or the configuration is reloaded. An unknown key is
 * VARVE_NOT_FOUND, a wrong type VARVE_INVALID_ARGUMENT with file, line and key in the text. */
typedef struct varve_host_config {
    uint32_t struct_size;
    uint32_t reserved;
    /* [main] The instance's name, for example "udp.0". */
    varve_str (*instance_name)(const varve_host *host);
    /* [main] The server's data directory; a storage plugin keeps its files below
     * `<data_dir>/<instance name>` and touches them through varve_host_file only. */
    varve_str (*data_dir)(const varve_host *host);
    /* [main] */
    int32_t (*get_string)(const varve_host *host, const char *key, varve_str *out,
                          varve_error *error);
    /* [main] Integers; also durations (ns) and sizes (bytes). */
    int32_t (*get_integer)(const varve_host *host, const char *key, int64_t *out,
                           varve_error *error);
    /* [main] */
    int32_t (*get_float)(const varve_host *host, const char *key, double *out, varve_error *error);
    /* [main] 0 or 1. */
    int32_t (*get_boolean)(const varve_host *host, const char *key, int32_t *out,
                           varve_error *error);
    /* [main] The index-th string of an array; VARVE_END past the last one. */
    int32_t (*get_string_at)(const varve_host *host, const char *key, uint32_t index,
                             varve_str *out, varve_error *error);
} varve_host_config;

#endif
