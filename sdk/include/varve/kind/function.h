/* Query functions over columns. A function plugin's instance offers a set of them; each has a
 * descriptor (what it takes, what it is called, what it does where nothing is) and the table of its
 * kind. The rules are in docs/architecture.md, "functions". */
#ifndef VARVE_KIND_FUNCTION_H
#define VARVE_KIND_FUNCTION_H

#include "../batch.h"
#include "../plugin.h"

#define VARVE_FUNCTION_ID "varve.function/1"

enum varve_function_kind {
    VARVE_FUNCTION_SCALAR = 1,    /* a row → a value */
    VARVE_FUNCTION_AGGREGATE = 2, /* a bucket → a value */
    VARVE_FUNCTION_SELECTOR = 3,  /* a bucket → one of its rows */
    VARVE_FUNCTION_MULTI = 4,     /* a bucket → rows */
    VARVE_FUNCTION_STREAM = 5,    /* rows → rows */
    VARVE_FUNCTION_TABLE = 6
};

/* Kinds of arguments. */
enum varve_argument_kind {
    VARVE_ARGUMENT_FIELD = 1, /* what is computed over; its values come as columns */
    VARVE_ARGUMENT_TAG = 2,
    VARVE_ARGUMENT_INTEGER = 3,
    VARVE_ARGUMENT_FLOAT = 4,
    VARVE_ARGUMENT_STRING = 5,
    VARVE_ARGUMENT_DURATION = 6, /* ns in as_int */
    VARVE_ARGUMENT_BOOLEAN = 7,
    VARVE_ARGUMENT_OTHER = 8 /* an expression: only `check` sees it, to refuse it */
};

typedef struct varve_argument {
    uint32_t kind; /* varve_argument_kind */
    uint32_t type; /* FIELD: varve_type, ANY while not known */
    union {
        int64_t as_int;
        double as_float;
    } value;
    varve_str text; /* FIELD, TAG: the name; STRING: the value; OTHER: as written */
} varve_argument;

/* Bits of descriptor.flags. */
#define VARVE_FUNCTION_FILLABLE 1u       /* empty buckets are filled (GROUP BY time) */
#define VARVE_FUNCTION_FILL_ZERO 2u      /* fill(null) means 0, as for count */
#define VARVE_FUNCTION_NEEDS_INTERVAL 4u /* only with GROUP BY time */
#define VARVE_FUNCTION_LATEST 8u         /* selector: of equal values the latest */

/* Bits for sets of types: 1 << varve_type. */
#define VARVE_TYPES_NUMERIC \
    ((1u << VARVE_TYPE_FLOAT64) | (1u << VARVE_TYPE_INT64) | (1u << VARVE_TYPE_UINT64))
#define VARVE_TYPES_ALL \
    (VARVE_TYPES_NUMERIC | (1u << VARVE_TYPE_STRING) | (1u << VARVE_TYPE_BOOLEAN))

/* Sufficient statistics a function can be fed with instead of rows; VARVE_STATS_… of storage.h, and
 * the count, which is always there. */
#define VARVE_STATS_COUNT 8u

/* The arena of a query: charged, freed as a whole, no destructors. Null = limit reached. */
typedef struct varve_arena {
    void *ctx;
    void *(*allocate)(void *ctx, uint64_t size, uint64_t alignment);
} varve_arena;

/* A finished value. */
typedef struct varve_value {
    uint32_t type;     /* varve_type; 0 = null */
    uint32_t has_time; /* selectors: `time` is the selected point's; 1 with type 0: a null point */
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    } value;        /* BOOLEAN in as_uint */
    varve_str text; /* STRING; points into the arena */
    int64_t time;
} varve_value;

/* Statistics of a whole block that lies inside one bucket (see varve_block_stats). */
struct varve_block_stats;

typedef struct varve_function {
    uint32_t struct_size;
    uint32_t kind;           /* varve_function_kind */
    const char *name;        /* lower case */
    uint32_t flags;          /* VARVE_FUNCTION_… */
    uint32_t accepted_types; /* of the field argument; what it expands to under a wildcard */
    uint32_t state_size;
    uint32_t state_align;
    uint32_t stats_mask; /* VARVE_STATS_… that update_stats needs; 0 = rows only */
    uint32_t reserved;

    /* [any] Checks the arguments; VARVE_INVALID_ARGUMENT with the exact text a client sees. */
    int32_t (*check)(const varve_argument *arguments, uint32_t count, varve_error *error);
    /* [any] The result's type for a field of this type; 0 = not accepted. */
    uint32_t (*result_type)(uint32_t field_type);

    /* Aggregates and selectors. States are trivially relocatable, may point into the arena. */
    /* [worker] `arguments` live as long as the states. */
    void (*init)(void *state, const varve_argument *arguments, uint32_t count);
    /* [worker] states[i] takes rows [run_ends[i-1], run_ends[i]) of the column (run_ends[-1] = 0).
     * Rows ascend in time. One call per block. VARVE_RESOURCE_EXHAUSTED when the arena is. */
    int32_t (*update_runs)(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                           const varve_column *column, const int64_t *times,
                           const varve_arena *arena);
    /* [worker] The same for a whole block, by its statistics. May be null. */
    void (*update_stats)(void *state, uint32_t type, const struct varve_block_stats *stats);
    /* [worker] Takes `from` in; both saw disjoint rows, in any order of time. */
    int32_t (*merge)(void *into, const void *from, const varve_arena *arena);
    /* [worker] The value; type 0 = null. */
    int32_t (*finish)(void *state, const varve_arena *arena, varve_value *out);
    /* [worker] For engines that compute remotely. May be null. */
    int32_t (*serialise)(const void *state, varve_sink out);
    int32_t (*deserialise)(void *state, varve_bytes in, const varve_arena *arena);

    /* Scalars: columns in (as many as arguments, literals as const columns), one column out. May be
     * null for other kinds. [worker] */
    int32_t (*evaluate)(const varve_column *columns, uint32_t column_count, uint32_t row_count,
                        void *out_values, uint64_t *out_validity, const varve_arena *arena,
                        varve_error *error);
} varve_function;

typedef struct varve_function_set {
    uint32_t struct_size;
    uint32_t function_count;
    const varve_function *const *functions; /* live as long as the instance */
} varve_function_set;

#endif
