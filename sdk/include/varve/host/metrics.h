/* Counters and gauges, shown at /metrics in Prometheus' text format. The host adds the label
 * `instance` to an instance's metrics. */
#ifndef VARVE_HOST_METRICS_H
#define VARVE_HOST_METRICS_H

#include "../host.h"

#define VARVE_HOST_METRICS_ID "varve.host.metrics/1"

typedef struct varve_metric varve_metric; /* the host's; lives as long as the process */

typedef struct varve_label {
    varve_str name;
    varve_str value;
} varve_label;

typedef struct varve_host_metrics {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] The counter with this name and these labels, made on the first call. Names follow
     * Prometheus: varve_<what>_total. */
    varve_metric *(*counter)(const varve_host *host, const char *name, const char *help,
                             const varve_label *labels, uint32_t label_count);
    /* [any] Likewise for a gauge. */
    varve_metric *(*gauge)(const varve_host *host, const char *name, const char *help,
                           const varve_label *labels, uint32_t label_count);
    /* [any] Adds to a counter or gauge; one atomic addition. */
    void (*add)(varve_metric *metric, double amount);
    /* [any] Sets a gauge. */
    void (*set)(varve_metric *metric, double value);
} varve_host_metrics;

#endif
