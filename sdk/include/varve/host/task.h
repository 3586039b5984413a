/* Threads and timers, owned and named by the host. */
#ifndef VARVE_HOST_TASK_H
#define VARVE_HOST_TASK_H

#include "../host.h"

#define VARVE_HOST_TASK_ID "varve.host.task/1"

typedef struct varve_task varve_task; /* the host's */

typedef struct varve_host_task {
    uint32_t struct_size;
    uint32_t reserved;
    /* [main] Starts a dedicated thread that runs `run(ctx)` [task]; the name shows in `top -H` (15
     * bytes). `run` must return soon after the plugin told it to. */
    int32_t (*spawn)(const varve_host *host, const char *name, void (*run)(void *ctx), void *ctx,
                     varve_task **out, varve_error *error);
    /* [main] Waits until the thread has returned, then frees the task. */
    void (*join)(varve_task *task);
    /* [any] Runs `run(ctx)` once on the bounded executor [worker]. VARVE_UNAVAILABLE when its queue
     * is full; then `run` never comes. */
    int32_t (*post)(const varve_host *host, void (*run)(void *ctx), void *ctx, varve_error *error);
    /* [main] Runs `run(ctx)` every interval [worker], never twice at the same time, until the
     * timer is cancelled. */
    int32_t (*every)(const varve_host *host, int64_t interval_ns, void (*run)(void *ctx), void *ctx,
                     varve_task **out, varve_error *error);
    /* [main] Stops a timer, waits for a run under way, frees it. */
    void (*cancel)(varve_task *timer);
} varve_host_task;

#endif
