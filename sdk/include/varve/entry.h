/* The only symbol a plugin exports. */
#ifndef VARVE_ENTRY_H
#define VARVE_ENTRY_H

#include "plugin.h"

typedef struct varve_plugin_entry {
    varve_abi_tag tag; /* the same as in the section .varve.abi */
    /* [main] Once, after loading. Cheap: no threads, no I/O. */
    int32_t (*init)(const varve_host *host, varve_error *error);
    /* [main] Once, after every instance is destroyed. */
    void (*deinit)(void);
    /* [any] VARVE_FACTORY_ID → const varve_factory *; others null. */
    const void *(*get_factory)(const char *factory_id);
} varve_plugin_entry;

/* The name under which a plugin exports its entry, a `const varve_plugin_entry`. A statically
 * linked plugin (sanitizer builds) is compiled with VARVE_ENTRY_SYMBOL set to a name of its own. */
#define VARVE_ENTRY_NAME "varve_entry"
#ifndef VARVE_ENTRY_SYMBOL
#define VARVE_ENTRY_SYMBOL varve_entry
#endif

#endif
