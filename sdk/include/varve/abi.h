/* The ABI tag: what the host checks before it loads a plugin. See docs/abi.md.
 *
 * The tag stands twice in a plugin: alone in the ELF section `.varve.abi`, so that the host reads
 * it without dlopen, and first in the exported `varve_entry`. Integers only, in machine order. */
#ifndef VARVE_ABI_H
#define VARVE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define VARVE_ABI_MAGIC 0x45565256u /* "VRVE" in memory on a little-endian machine */
#define VARVE_ABI_MAJOR 1u          /* plugin and host must be equal */
#define VARVE_ABI_MINOR 0u          /* the plugin's must not be above the host's */
#define VARVE_ABI_SECTION ".varve.abi"

/* Flags of the tag. */
#define VARVE_ABI_USES_DRAFTS 1u /* uses headers of draft/: build_id must equal the host's */

typedef struct varve_abi_tag {
    uint32_t magic;       /* VARVE_ABI_MAGIC */
    uint32_t tag_size;    /* sizeof(varve_abi_tag); detects a changed tag */
    uint16_t abi_major;   /* VARVE_ABI_MAJOR */
    uint16_t abi_minor;   /* VARVE_ABI_MINOR */
    uint32_t flags;       /* VARVE_ABI_… */
    uint8_t build_id[16]; /* a digest of all SDK headers, made by CMake; all zero = not known */
} varve_abi_tag;

/* True if a table that says it is `struct_size` bytes long has the member. Tables only grow at the
 * end; a missing tail reads as "not provided". */
#define VARVE_HAS(table, member) \
    ((table)->struct_size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member))

#define VARVE_EXPORT __attribute__((visibility("default")))

#endif
