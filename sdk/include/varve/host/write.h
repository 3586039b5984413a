/* The one way rows enter: authorise, validate, resolve database and policy, route to shard groups,
 * store, answer. */
#ifndef VARVE_HOST_WRITE_H
#define VARVE_HOST_WRITE_H

#include "../batch.h"
#include "../host.h"

#define VARVE_HOST_WRITE_ID "varve.host.write/1"

/* Durability of one write. */
enum varve_durability {
    VARVE_DURABILITY_DEFAULT = 0,  /* the database's, else storage.durability */
    VARVE_DURABILITY_ALWAYS = 1,   /* answered after fdatasync */
    VARVE_DURABILITY_INTERVAL = 2, /* answered after write(2); fdatasync within interval_ns */
    VARVE_DURABILITY_OS = 3        /* answered after write(2) */
};

/* By whose rules rows are written. */
enum varve_write_rules {
    VARVE_WRITE_RULES_1X = 0,
    /* InfluxDB 0.8: fields of several types stand side by side; the integer field
     * `sequence_number` is part of a point's identity; a series' policy is that of its shard space,
     * and privileges are those on the series; rows that are too old vanish without a word. */
    VARVE_WRITE_RULES_08 = 1
};

/* A line the codec could not read; counted and shown with the rejected rows. */
typedef struct varve_bad_row {
    varve_str line;   /* as received */
    varve_str reason; /* "invalid number" */
} varve_bad_row;

/* What is written and how. Lives for the call only. */
typedef struct varve_write_request {
    uint32_t struct_size;
    uint32_t durability;        /* varve_durability */
    int64_t interval_ns;        /* for VARVE_DURABILITY_INTERVAL */
    varve_str database;         /* empty is an error: "database is required" */
    varve_str retention_policy; /* empty = the database's default */
    varve_str principal;        /* who writes; null data = the input itself, empty = a client
                                 * without a name, who may not when authentication is on */
    uint32_t create_database; /* 1: make a missing database (and policy), as UDP and Graphite do */
    uint32_t bad_row_count;
    const varve_bad_row *bad_rows;
    uint64_t bad_rows_unlisted; /* more of them, counted only */
    uint32_t rules;             /* varve_write_rules */
    uint32_t returns_clashes; /* 1: rows whose place another point has are not rejected, but listed
                               * in the outcome, to be written again with another number */
} varve_write_request;

/* Lives for the `done` call only. */
typedef struct varve_write_outcome {
    uint32_t struct_size;
    uint32_t code;     /* VARVE_OK even when single rows were rejected */
    uint64_t lsn;      /* 0 if nothing was stored */
    uint64_t accepted; /* rows stored */
    uint64_t dropped;  /* rows rejected by validation or storage (bad_rows not among them) */
    varve_str error;   /* InfluxDB's: the first reason, or why nothing was stored; else empty */
    const uint32_t *clashes; /* with returns_clashes: ordinals of the rows that clash */
    uint64_t clash_count;    /* neither accepted nor dropped */
} varve_write_outcome;

typedef struct varve_host_write {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] Takes the batch over in every case. `done` [any] comes exactly once, possibly before
     * the call returns; it must not block. A null batch only records the bad rows. */
    void (*submit)(const varve_host *host, varve_batch *batch, const varve_write_request *request,
                   void (*done)(void *ctx, const varve_write_outcome *outcome), void *ctx);
    /* [any] Whether a write to this database would find it: VARVE_OK, VARVE_NOT_FOUND or
     * VARVE_PERMISSION_DENIED with InfluxDB's text. Asked before a body is parsed. */
    int32_t (*check)(const varve_host *host, const varve_write_request *request,
                     varve_error *error);
    /* [any] The seed that codecs hash series keys with. */
    uint64_t (*hash_seed)(const varve_host *host);
    /* [any] Whether unsigned integers ("1u") are allowed in line protocol. */
    int32_t (*unsigned_enabled)(const varve_host *host);
} varve_host_write;

#endif
