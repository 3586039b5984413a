/* An output receives committed batches, in LSN order. The kernel gives it a bounded queue, retries
 * with back-off and counts what it had to drop. */
#ifndef VARVE_KIND_OUTPUT_H
#define VARVE_KIND_OUTPUT_H

#include "../batch.h"
#include "../plugin.h"

#define VARVE_OUTPUT_ID "varve.output/1"

typedef struct varve_output {
    uint32_t struct_size;
    uint32_t reserved;
    /* [task] One at a time per instance. The batch is borrowed for the call. VARVE_UNAVAILABLE or
     * VARVE_IO_ERROR: the kernel tries again later; any other code: the batch is dropped and
     * counted. */
    int32_t (*consume)(varve_instance *self, uint64_t lsn, varve_str database,
                       varve_str retention_policy, const varve_batch *batch, varve_error *error);
    /* [task] Passes on what it has gathered. May be null. */
    int32_t (*flush)(varve_instance *self, varve_error *error);
} varve_output;

#endif
