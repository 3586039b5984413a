/* A storage engine: one instance serves all databases that are kept in it. Databases, policies and
 * shards are known by number; names stand in the catalog. The rules (what is visible when, who
 * frees what) are in docs/architecture.md, "write" and "scan". */
#ifndef VARVE_KIND_STORAGE_H
#define VARVE_KIND_STORAGE_H

#include "../batch.h"
#include "../host/memory.h"
#include "../host/write.h"
#include "../plugin.h"

#define VARVE_STORAGE_ID "varve.storage/1"

/* ---- writing ---- */

/* Why a row was not stored. */
enum varve_reject {
    VARVE_REJECT_TYPE_CONFLICT = 1,   /* the field exists with existing_type in this shard */
    VARVE_REJECT_NO_SHARD = 2,        /* its time lies in none of opts.shards */
    VARVE_REJECT_SERIES_LIMIT = 3,    /* limits.series_max */
    VARVE_REJECT_TAG_VALUE_LIMIT = 4, /* limits.tag_values_max */
    VARVE_REJECT_IDENTITY_CLASH = 5,  /* opts.identity_column differs at the same (key, time) */
    VARVE_REJECT_KEY_TOO_LONG = 6,
    VARVE_REJECT_MEASUREMENT_LIMIT = 7 /* limits.measurement_series_max */
};
#define VARVE_REJECT_KINDS 8u

/* What happens when a field arrives with another type than it has in the shard. */
enum varve_on_type_conflict {
    VARVE_ON_CONFLICT_REJECT = 0, /* the whole row */
    VARVE_ON_CONFLICT_COERCE = 1, /* integer → float when exact, else reject */
    VARVE_ON_CONFLICT_BOTH = 2    /* typed columns side by side */
};

typedef struct varve_shard_range {
    uint64_t id;
    int64_t from_ns; /* inclusive */
    int64_t to_ns;   /* exclusive */
} varve_shard_range;

typedef struct varve_storage_limits { /* 0 = no limit */
    uint64_t series_max;              /* per database */
    uint64_t tag_values_max;          /* per measurement and tag key */
    uint64_t measurement_series_max;  /* per measurement */
} varve_storage_limits;

typedef struct varve_database_spec {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t db_id;
    uint64_t rp_id;
    varve_str db_name;
    varve_str rp_name;
    varve_storage_limits limits;
} varve_database_spec;

typedef struct varve_write_opts { /* lives for the call */
    uint32_t struct_size;
    uint32_t durability; /* varve_durability, never DEFAULT */
    int64_t interval_ns;
    uint64_t db_id;
    uint64_t rp_id;
    const varve_shard_range *shards; /* sorted, disjoint */
    uint32_t shard_count;
    uint32_t on_type_conflict; /* varve_on_type_conflict */
    varve_str identity_column; /* empty = none; see "0.8 on the same data" */
} varve_write_opts;

typedef struct varve_rejection {
    uint32_t table;
    uint32_t row;
    uint32_t column;        /* TYPE_CONFLICT: which; TAG_VALUE_LIMIT: the tag's place in the key */
    uint32_t reject;        /* varve_reject */
    uint32_t existing_type; /* TYPE_CONFLICT: varve_type */
    uint32_t reserved;
    uint64_t limit; /* the limit that was met */
} varve_rejection;

#define VARVE_REJECTIONS_MAX 1000u

typedef struct varve_write_result { /* lives for the `done` call */
    uint32_t struct_size;
    uint32_t code; /* VARVE_OK, or why the rows' fate is unknown */
    uint64_t lsn;
    uint64_t accepted;                 /* rows */
    const varve_rejection *rejections; /* at most VARVE_REJECTIONS_MAX */
    uint32_t rejection_count;
    uint32_t reserved;
    uint64_t rejected[VARVE_REJECT_KINDS]; /* rows per varve_reject */
    varve_str error;
} varve_write_result;

typedef void (*varve_write_done)(void *ctx, const varve_write_result *result);

/* ---- predicates ---- */

enum varve_series_op {
    VARVE_SERIES_AND = 1,
    VARVE_SERIES_OR = 2,
    VARVE_SERIES_EQ = 3,      /* tag = value; value "" = the tag is absent */
    VARVE_SERIES_NE = 4,      /* not EQ */
    VARVE_SERIES_MATCH = 5,   /* tag =~ /value/, RE2 syntax, unanchored; absent reads as "" */
    VARVE_SERIES_NOMATCH = 6, /* not MATCH */
    VARVE_SERIES_ALL = 7,     /* every series */
    VARVE_SERIES_NONE = 8
};

/* A tree over tags; nodes live for the call. */
typedef struct varve_series_predicate {
    uint32_t op; /* varve_series_op */
    uint32_t child_count;
    varve_str tag;   /* unescaped key */
    varve_str value; /* unescaped value or pattern */
    const struct varve_series_predicate *const *children;
} varve_series_predicate;

enum varve_compare { VARVE_EQ = 1, VARVE_NE, VARVE_LT, VARVE_LE, VARVE_GT, VARVE_GE };

/* One condition `column op constant`; a list of them is a conjunction. Storage may skip blocks that
 * cannot match, and never filters rows. */
typedef struct varve_value_condition {
    varve_str column;
    uint32_t op;   /* varve_compare */
    uint32_t type; /* of the constant: FLOAT64, INT64, UINT64, STRING or BOOLEAN */
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    } constant; /* BOOLEAN in as_uint */
    varve_str text;
} varve_value_condition;

/* ---- scanning ---- */

typedef struct varve_snapshot varve_snapshot;   /* the engine's */
typedef struct varve_partition varve_partition; /* the engine's */

typedef struct varve_scan_column {
    varve_str name;
    uint32_t type; /* VARVE_TYPE_ANY: one column per existing type, strongest first */
    uint32_t reserved;
} varve_scan_column;

typedef struct varve_scan_request { /* lives until the partitions are closed */
    uint32_t struct_size;
    uint32_t descending;
    uint64_t db_id;
    uint64_t rp_id;
    varve_str measurement;                   /* unescaped */
    int64_t from_ns;                         /* inclusive */
    int64_t to_ns;                           /* exclusive; INT64_MAX includes the last instant */
    const varve_series_predicate *series;    /* null = all */
    const varve_value_condition *conditions; /* a conjunction */
    uint32_t condition_count;
    uint32_t column_count;
    const varve_scan_column *columns;
    const varve_str *tag_keys; /* what series_tag answers */
    uint32_t tag_key_count;
    uint32_t partition_count;  /* asked for; the engine may give fewer or more */
    uint64_t limit_per_series; /* rows; 0 = all; only a hint to stop early */
    varve_account *account;    /* memory is charged here; null = the engine's own */
    const int32_t *cancelled;  /* polled (atomically) per block; null = never */
    uint32_t wants_stats;      /* 1: blocks should carry their statistics */
    uint32_t reserved;
    int64_t stats_span_max_ns; /* blocks that span so much or more need none; 0 = all do */
} varve_scan_request;

/* The columns a scan really yields: the asked ones in order, ANY spread over the existing types. */
typedef struct varve_scan_schema {
    uint32_t struct_size;
    uint32_t column_count;
    const varve_scan_column *columns; /* types are never ANY; live until the last close */
    const uint32_t *asked;            /* position → index in request.columns */
} varve_scan_schema;

/* Statistics of one column of an unclipped block; nulls are not counted. */
typedef struct varve_block_stats {
    uint32_t count;   /* valid values */
    uint32_t present; /* or-ed VARVE_STATS_… */
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    } min, max, sum, first, last; /* BOOLEAN in as_uint; STRING has none */
    int64_t min_time, max_time, first_time, last_time;
} varve_block_stats;
#define VARVE_STATS_MINMAX 1u
#define VARVE_STATS_SUM 2u
#define VARVE_STATS_FIRSTLAST 4u
/* 8u is VARVE_STATS_COUNT of function.h. */
#define VARVE_STATS_EXTREME_TIMES 16u /* with MINMAX: min_time and max_time are set */

/* A block: rows of one series, at most 1024, ascending in time. Lives until the partition's next
 * `next` or close. `rows`, `t_min`, `t_max`, `stats` describe the block unclipped by the range. */
typedef struct varve_block {
    uint32_t struct_size;
    uint32_t series; /* ordinal from 0 inside the partition */
    uint32_t rows;   /* exact = 0: an upper bound */
    uint32_t exact;  /* 1: t_min, t_max and stats may be trusted */
    int64_t t_min;
    int64_t t_max;
    const varve_block_stats *stats; /* per scan column; null if none are kept */
    void *block_data;               /* the engine's */
} varve_block;

#define VARVE_BLOCK_ROWS_MAX 1024u

/* Columns loaded from a block, clipped to [from, to). Live as long as the block. */
typedef struct varve_loaded {
    uint32_t struct_size;
    uint32_t row_count;
    const int64_t *times;
    const varve_column *columns; /* indexed like the scan schema; those not asked for are unset */
} varve_loaded;

/* Rows fetched one by one; live until the partition's next lookup or close. */
typedef struct varve_looked_up {
    uint32_t struct_size;
    uint32_t row_count;          /* as many as asked for, in the asked order */
    const varve_column *columns; /* per asked position */
} varve_looked_up;

/* ---- schema ---- */

/* varve_schema_request::has_range */
#define VARVE_RANGE_NONE 0
#define VARVE_RANGE_POINTS 1 /* only what has points in [from, to) */
#define VARVE_RANGE_SHARDS 2 /* only what lies in shards that overlap [from, to) */

/* Which part of the schema. Data is touched for VARVE_RANGE_POINTS alone. */
typedef struct varve_schema_request {
    uint32_t struct_size;
    uint32_t has_range;
    uint64_t db_id;
    uint64_t rp_id;                       /* 0 = every policy */
    varve_str measurement;                /* empty = all */
    varve_str tag;                        /* tag_values: the key */
    const varve_series_predicate *series; /* null = all */
    int64_t from_ns;
    int64_t to_ns;
    varve_str after; /* resume behind this text; empty = from the start */
    uint64_t limit;  /* 0 = all */
} varve_schema_request;

/* Called per entry, ascending bytewise; any code but VARVE_OK stops the listing (no error). `type`
 * is a varve_type for field_keys, else 0. Texts are unescaped, but for series (canonical keys). */
typedef struct varve_schema_sink {
    void *ctx;
    int32_t (*entry)(void *ctx, varve_str text, uint32_t type);
} varve_schema_sink;

/* ---- deleting ---- */

typedef struct varve_delete_request { /* lives for the call */
    uint32_t struct_size;
    uint32_t condition_count;
    uint64_t db_id;
    uint64_t rp_id;        /* 0 = every policy */
    varve_str measurement; /* empty = all */
    int64_t from_ns;
    int64_t to_ns;                           /* exclusive; INT64_MAX includes the last instant */
    const varve_series_predicate *series;    /* null = all */
    const varve_value_condition *conditions; /* a conjunction; none = by time and tags only */
    uint32_t durability;
    uint32_t reserved;
} varve_delete_request;

/* ---- the table ---- */

typedef struct varve_storage {
    uint32_t struct_size;
    uint32_t reserved;

    /* [any] Idempotent, before the first write; also tells a rename. */
    int32_t (*database_open)(varve_instance *self, const varve_database_spec *spec,
                             varve_error *error);
    /* [any] rp_id 0 = the whole database. Durable when `done` comes. */
    int32_t (*database_drop)(varve_instance *self, uint64_t db_id, uint64_t rp_id,
                             varve_write_done done, void *ctx, varve_error *error);
    /* [any] */
    int32_t (*shard_drop)(varve_instance *self, uint64_t db_id, uint64_t rp_id, uint64_t shard_id,
                          varve_write_done done, void *ctx, varve_error *error);
    /* [any] VARVE_ALREADY_EXISTS if `to` exists. */
    int32_t (*measurement_rename)(varve_instance *self, uint64_t db_id, varve_str from,
                                  varve_str to, varve_write_done done, void *ctx,
                                  varve_error *error);
    /* [any] Hides what has a lower LSN. */
    int32_t (*delete_rows)(varve_instance *self, const varve_delete_request *request,
                           varve_write_done done, void *ctx, varve_error *error);

    /* [any] Borrows the batch until `done` [any]. Code ≠ ok: nothing was appended, `done` never
     * comes. Code = ok: `done` comes exactly once, possibly before this returns. */
    int32_t (*write)(varve_instance *self, const varve_batch *batch, const varve_write_opts *opts,
                     varve_write_done done, void *ctx, varve_error *error);

    /* [any] Pins one consistent prefix of writes and deletes. */
    int32_t (*snapshot_open)(varve_instance *self, uint64_t db_id, varve_snapshot **out,
                             uint64_t *lsn, varve_error *error);
    /* [any] */
    void (*snapshot_close)(varve_instance *self, varve_snapshot *snapshot);

    /* [worker] Opens a scan: up to *count partitions in `out` (at most `capacity`), disjoint sets
     * of series. An unknown measurement gives 0 partitions. */
    int32_t (*scan)(varve_instance *self, varve_snapshot *snapshot,
                    const varve_scan_request *request, varve_partition **out, uint32_t capacity,
                    uint32_t *count, varve_scan_schema *schema, varve_error *error);
    /* [worker, owner] The next block, or VARVE_END. */
    int32_t (*next)(varve_partition *partition, varve_block *block, varve_error *error);
    /* [worker, owner] Loads the columns at these positions of the scan schema. A second load of a
     * block adds columns and invalidates nothing. */
    int32_t (*load)(varve_partition *partition, const varve_block *block, const uint32_t *positions,
                    uint32_t position_count, varve_loaded *out, varve_error *error);
    /* [worker, owner] The canonical key of a series; lives until the partition closes. */
    varve_str (*series_key)(varve_partition *partition, uint32_t series);
    /* [worker, owner] The unescaped value of request.tag_keys[i]; length 0 = absent. */
    varve_str (*series_tag)(varve_partition *partition, uint32_t series, uint32_t tag);
    /* [worker, owner] Single rows at (series[i], times[i]), after the last `next`. */
    int32_t (*lookup)(varve_partition *partition, const uint32_t *series, const int64_t *times,
                      uint32_t row_count, const uint32_t *positions, uint32_t position_count,
                      varve_looked_up *out, varve_error *error);
    /* [worker, owner] */
    void (*partition_close)(varve_partition *partition);

    /* [worker] */
    int32_t (*measurements)(varve_instance *self, varve_snapshot *snapshot,
                            const varve_schema_request *request, varve_schema_sink sink,
                            varve_error *error);
    int32_t (*field_keys)(varve_instance *self, varve_snapshot *snapshot,
                          const varve_schema_request *request, varve_schema_sink sink,
                          varve_error *error);
    int32_t (*tag_keys)(varve_instance *self, varve_snapshot *snapshot,
                        const varve_schema_request *request, varve_schema_sink sink,
                        varve_error *error);
    int32_t (*tag_values)(varve_instance *self, varve_snapshot *snapshot,
                          const varve_schema_request *request, varve_schema_sink sink,
                          varve_error *error);
    int32_t (*series)(varve_instance *self, varve_snapshot *snapshot,
                      const varve_schema_request *request, varve_schema_sink sink,
                      varve_error *error);
    /* [worker] The exact number of series that match. */
    int32_t (*cardinality)(varve_instance *self, varve_snapshot *snapshot,
                           const varve_schema_request *request, uint64_t *out, varve_error *error);
} varve_storage;

/* ---- extensions ---- */

#define VARVE_STORAGE_MAINTENANCE_ID "varve.storage.maintenance/1"

typedef struct varve_storage_maintenance {
    uint32_t struct_size;
    uint32_t reserved;
    /* [task] Flushes and compacts everything; with `wait` returns when settled. */
    int32_t (*compact)(varve_instance *self, int32_t wait, varve_error *error);
    /* [any] A JSON object: shards, segments, sizes, debt, quarantine. */
    int32_t (*status)(varve_instance *self, varve_sink out, varve_error *error);
    /* [any, the instance need not be started] Reads every file of the engine below `path`, changes
     * nothing, and reports one line of text per damaged file and one at the end. VARVE_DATA_LOSS
     * when there is damage. */
    int32_t (*verify)(varve_instance *self, varve_str path, varve_sink report, varve_error *error);
    /* [task] Flushes, then makes `directory` a copy of what is stored now: immutable files are
     * hard links (or copies on another file system), beside them a manifest with their identities.
     * `base` (may be empty) is an earlier snapshot; files it holds are left out. */
    int32_t (*snapshot)(varve_instance *self, varve_str directory, varve_str base,
                        varve_error *error);
    /* [task] Reads and checks every stored file now; damaged ones are set aside. */
    int32_t (*scrub)(varve_instance *self, varve_error *error);
    /* [task] Makes the series index anew from the stored data. */
    int32_t (*rebuild_index)(varve_instance *self, varve_error *error);
} varve_storage_maintenance;

#endif
