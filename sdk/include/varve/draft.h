/* Every draft header: new contracts live in draft/ for one release at least. A plugin that includes
 * this must set VARVE_ABI_USES_DRAFTS and runs only on the exact host it was built against. There
 * are none at present. */
#ifndef VARVE_DRAFT_H
#define VARVE_DRAFT_H

#include "varve.h"

#endif
