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
    VARVE_ARGUMENT_OTHER = 8, /* an expression: only `check` sees it, to refuse it */
    VARVE_ARGUMENT_PATTERN =
        9 /* `*` or a regular expression in a field's place; only for `check` */
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
#define VARVE_FUNCTION_NEEDS_CALL 16u    /* stream: only over another function's buckets */
#define VARVE_FUNCTION_NEEDS_FIELD 32u   /* stream: only over a field, with GROUP BY time too */
#define VARVE_FUNCTION_ALONE 64u         /* multi: no other function or field beside it */
/* multi: f(field[, tag…], n); n is the last argument. With tags the n are chosen among the best
 * rows of each combination of the tags' values, and the tags become columns. */
#define VARVE_FUNCTION_RANKS 128u

/* Bits for sets of types: 1 << varve_type. */
#define VARVE_TYPES_NUMERIC \
    ((1u << VARVE_TYPE_FLOAT64) | (1u << VARVE_TYPE_INT64) | (1u << VARVE_TYPE_UINT64))
#define VARVE_TYPES_ALL \
    (VARVE_TYPES_NUMERIC | (1u << VARVE_TYPE_STRING) | (1u << VARVE_TYPE_BOOLEAN))

/* Sufficient statistics a function can be fed with instead of rows; VARVE_STATS_… of storage.h, and
 * the count, which is always there. */
#define VARVE_STATS_COUNT 8u

/* The arena of a query: charged, freed as a whole, no destructors; memory comes as it is, not
 * zeroed. Null = limit reached. */
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

/* What a stream is told about the rows it is given. Lives as long as its state. */
typedef struct varve_stream_context {
    uint32_t struct_size;
    uint32_t descending; /* 1: rows come from the latest to the earliest */
    int64_t interval_ns; /* of GROUP BY time; 0 = none */
    void *ctx;
    /* [worker] The bucket of GROUP BY time that a time lies in: [start, end). */
    void (*bucket_of)(void *ctx, int64_t time_ns, int64_t *start_ns, int64_t *end_ns);
    /* [worker] Set where buckets are calendar months, interval_ns then being their mean length: the
     * number of the bucket that a time lies in, and the start of the bucket of a number. Else
     * null. */
    int64_t (*bucket_number)(void *ctx, int64_t time_ns);
    int64_t (*bucket_start)(void *ctx, int64_t number);
} varve_stream_context;

/* Where a stream puts its rows: arrays of the caller's. Values as 8 bytes, never null. */
typedef struct varve_stream_rows {
    int64_t *times;
    uint64_t *values;
    uint32_t capacity;
    uint32_t count; /* written by the function */
} varve_stream_rows;

/* A column of a multi function's rows. */
typedef struct varve_function_column {
    const char *name;
    uint32_t type; /* varve_type */
    uint32_t reserved;
} varve_function_column;

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
    /* [worker] Takes `from` in; both saw disjoint rows, in any order of time. What `from` has in
     * its arena lives as long as `into`. */
    int32_t (*merge)(void *into, const void *from, const varve_arena *arena);
    /* [worker] The value; type 0 = null. */
    int32_t (*finish)(void *state, const varve_arena *arena, varve_value *out);
    /* [worker] Optional, both or neither: a state as bytes, for engines that compute remotely. A
     * function without them (null) is computed where the rows are brought to; nothing else needs
     * them, and no function of Varve's own has them. */
    int32_t (*serialise)(const void *state, varve_sink out);
    int32_t (*deserialise)(void *state, varve_bytes in, const varve_arena *arena);

    /* Scalars: columns in (as many as arguments, literals as const columns), one column out. May be
     * null for other kinds. [worker] */
    int32_t (*evaluate)(const varve_column *columns, uint32_t column_count, uint32_t row_count,
                        void *out_values, uint64_t *out_validity, const varve_arena *arena,
                        varve_error *error);

    /* Scalars: the result's type for arguments of these types (ANY = nothing but nulls), or
     * VARVE_INVALID_ARGUMENT with the text a client sees. [any] */
    int32_t (*check_types)(const uint32_t *types, uint32_t count, uint32_t *out,
                           varve_error *error);

    /* Streams: the rows of one output series in, in the order of the query's direction; rows out,
     * in the same order. A state belongs to one series and is used by one thread at a time. */
    /* [any] How many buckets before the range its first row depends on (GROUP BY time). May be
     * null: none. The language decides how many of them are read. */
    uint32_t (*look_back)(const varve_argument *arguments, uint32_t count);
    /* [worker] Follows init. `arguments` and `context` live as long as the state. */
    void (*stream_begin)(void *state, const varve_stream_context *context);
    /* [worker] Takes rows; gives at most as many. out.capacity >= row_count. Nulls are passed over.
     * VARVE_RESOURCE_EXHAUSTED when the arena is. */
    int32_t (*stream_rows)(void *state, const varve_column *column, const int64_t *times,
                           uint32_t row_count, const varve_arena *arena, varve_stream_rows *out);
    /* [worker] What is left at the end; called until it gives no more rows. May be null. */
    int32_t (*stream_flush)(void *state, const varve_arena *arena, varve_stream_rows *out);

    /* Multi: the finished rows of a bucket, in the arena, in order of time (in descending queries,
     * too). `has_time` says whether a row has a time of its own or its bucket's. [worker] */
    int32_t (*finish_rows)(void *state, uint32_t descending, const varve_arena *arena,
                           const varve_value **out, uint64_t *count);

    /* Multi: the columns that follow the function's own, named as they are here. A row is then
     * 1 + extra_column_count values side by side, the first of which has the time; `count` of
     * finish_rows counts rows. Only of a function that is ALONE. Live as long as the table. */
    const varve_function_column *extra_columns;
    uint32_t extra_column_count;
    uint32_t reserved_tail;

    /* The query language that it belongs to, as varve_query_request calls it; null: InfluxQL.
     * Functions of different languages may have one name. */
    const char *language;
} varve_function;

typedef struct varve_function_set {
    uint32_t struct_size;
    uint32_t function_count;
    const varve_function *const *functions; /* live as long as the instance */
} varve_function_set;

#endif
