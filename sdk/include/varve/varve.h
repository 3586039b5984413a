/* Every stable header of the plugin ABI. */
#ifndef VARVE_VARVE_H
#define VARVE_VARVE_H

#include "abi.h"
#include "batch.h"
#include "bytes.h"
#include "entry.h"
#include "host.h"
#include "host/clock.h"
#include "host/config.h"
#include "host/file.h"
#include "host/http.h"
#include "host/log.h"
#include "host/memory.h"
#include "host/metrics.h"
#include "host/query.h"
#include "host/task.h"
#include "host/write.h"
#include "kind/function.h"
#include "kind/input.h"
#include "kind/output.h"
#include "kind/storage.h"
#include "plugin.h"
#include "status.h"
#include "thread.h"

#endif
