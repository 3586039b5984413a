/* The columnar batch: rows on their way in, and columns on their way out.
 *
 *   batch ── table ── keys[]       distinct series keys, each with its XXH3-64
 *          │        ├ key_index[]  row → position in keys[]
 *          │        ├ times[]      ns since the Unix epoch
 *          │        ├ ordinals[]   row → its place in the request, from 0
 *          │        ├ columns[]    dense typed values + validity
 *          │        └ keep         bitmap; null = all rows
 *          └ table …               one per (measurement, exact set of typed fields)
 *
 * A batch borrows: keys and strings point into the receive buffer, numbers into an arena;
 * `release` frees both. Whoever holds the batch calls it once. Nothing in it changes after it was
 * made, but for `keep`, which only the write path's validator sets. */
#ifndef VARVE_BATCH_H
#define VARVE_BATCH_H

#include "bytes.h"

/* Types of values. Order is InfluxQL's precedence, strongest first. */
enum varve_type {
    VARVE_TYPE_ANY = 0,     /* only in requests */
    VARVE_TYPE_FLOAT64 = 1, /* double, any bits */
    VARVE_TYPE_INT64 = 2,   /* int64_t */
    VARVE_TYPE_UINT64 = 3,  /* uint64_t */
    VARVE_TYPE_STRING = 4,  /* varve_str */
    VARVE_TYPE_BOOLEAN = 5  /* one byte, 0 or 1 */
};

#define VARVE_DECIMALS_UNKNOWN 255u

#define VARVE_KEY_CHECK_SEED 0x9e3779b97f4a7c15u

/* A dense column. `values` is an array of row_count elements of the type, 64-byte aligned; a null
 * slot's value is zero. `validity`: LSB-first bitmap in 64-bit words, null = all valid. */
typedef struct varve_column {
    varve_str name;       /* unescaped field name */
    uint32_t type;        /* varve_type, never ANY */
    uint8_t decimals_max; /* floats: most decimals seen in the text, or VARVE_DECIMALS_UNKNOWN */
    uint8_t reserved[3];  /* zero */
    const void *values;
    const uint64_t *validity;
} varve_column;

/* A canonical series key: escaped `measurement,k=v,…`, tags sorted bytewise by unescaped key. */
typedef struct varve_series_key {
    varve_str text;
    uint64_t hash;  /* XXH3-64 of text with the batch's hash_seed */
    uint64_t check; /* the same with hash_seed ^ VARVE_KEY_CHECK_SEED; 0 = storage makes it. Both
                       together stand for the key: storage need not read the text of a known one. */
} varve_series_key;

typedef struct varve_table {
    uint32_t struct_size;
    uint32_t key_count;
    uint32_t row_count;
    uint32_t column_count;
    varve_str measurement; /* unescaped */
    const varve_series_key *keys;
    const uint32_t *key_index;
    const int64_t *times;
    const uint32_t *ordinals;
    const varve_column *columns;
    const uint64_t *keep; /* LSB-first bitmap; storage skips rows whose bit is 0; null = all */
} varve_table;

typedef struct varve_batch {
    uint32_t struct_size;
    uint32_t table_count;
    const varve_table *const *tables;
    uint64_t hash_seed;   /* of the keys' hashes; a mismatch means rehash */
    uint64_t producer;    /* opaque: one sender's connection, so arrival order can be predicted */
    uint64_t row_count;   /* over all tables */
    uint64_t value_count; /* valid values over all tables */
    uint64_t size_bytes;  /* memory held, for the accounts */
    void *owner;          /* the maker's */
    void (*release)(struct varve_batch *batch); /* [any] frees everything, the batch included */
} varve_batch;

#endif
