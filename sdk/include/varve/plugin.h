/* Factories, descriptors and instances: the same shape for every kind of plugin. */
#ifndef VARVE_PLUGIN_H
#define VARVE_PLUGIN_H

#include "host.h"

#define VARVE_FACTORY_ID "varve.factory/1"

/* Kinds of plugins. */
enum varve_kind {
    VARVE_KIND_INPUT = 1,
    VARVE_KIND_STORAGE = 2,
    VARVE_KIND_FUNCTION = 3,
    VARVE_KIND_OUTPUT = 4
};

/* Types of configuration values. */
enum varve_config_type {
    VARVE_CONFIG_STRING = 1,
    VARVE_CONFIG_INTEGER = 2,
    VARVE_CONFIG_FLOAT = 3,
    VARVE_CONFIG_BOOLEAN = 4,
    VARVE_CONFIG_DURATION = 5, /* text "10s", "100ms", "1h30m"; read as ns */
    VARVE_CONFIG_SIZE = 6,     /* text "64KiB", "25MB" or an integer; read as bytes */
    VARVE_CONFIG_STRINGS = 7   /* array of strings */
};

/* One key an instance understands; the host refuses all others with "did you mean". */
typedef struct varve_config_key {
    const char *name;          /* snake_case */
    const char *default_value; /* TOML text of the default: "true", "\"udp\"", "[]" */
    const char *help;          /* one sentence */
    uint32_t type;             /* varve_config_type */
    uint32_t flags;            /* VARVE_CONFIG_… */
} varve_config_key;

#define VARVE_CONFIG_RELOADABLE 1u /* a SIGHUP may change it while the instance runs */
#define VARVE_CONFIG_SECRET 2u     /* never printed */

/* Static data of the plugin; lives as long as the library is loaded. */
typedef struct varve_descriptor {
    uint32_t struct_size;
    uint32_t kind;           /* varve_kind */
    const char *id;          /* "inputs.udp": kind's folder, dot, name */
    const char *name;        /* for people */
    const char *version;     /* "1.0.0" */
    const char *description; /* one sentence */
    const varve_config_key *keys;
    uint32_t key_count;
    uint32_t reserved;
} varve_descriptor;

/* A made instance. The caller owns it and calls, in this order: start, stop, destroy. */
typedef struct varve_instance {
    uint32_t struct_size;
    uint32_t reserved;
    void *data; /* the plugin's */
    /* [main] Opens sockets and files, spawns tasks. On failure the instance is as before. */
    int32_t (*start)(struct varve_instance *self, varve_error *error);
    /* [main] Takes in nothing new, finishes what is under way, joins its tasks. Idempotent. */
    void (*stop)(struct varve_instance *self);
    /* [main] Frees everything, the instance included; after stop, or without any start. */
    void (*destroy)(struct varve_instance *self);
    /* [any] The table of the kind ("varve.storage/1") or of an extension, or null. */
    const void *(*get_extension)(struct varve_instance *self, const char *id);
    /* [main] Configuration changed (SIGHUP): read the reloadable keys again. May be null. */
    int32_t (*reload)(struct varve_instance *self, varve_error *error);
} varve_instance;

typedef struct varve_factory {
    uint32_t struct_size;
    uint32_t descriptor_count;
    const varve_descriptor *const *descriptors;
    /* [main] Makes an instance of the descriptor with this id; `host` lives longer than it. Cheap:
     * reads its configuration, touches no file or socket. */
    int32_t (*create)(const char *descriptor_id, const varve_host *host, varve_instance **instance,
                      varve_error *error);
} varve_factory;

#endif
