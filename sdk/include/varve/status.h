/* Status codes and the error record. A fallible call returns a code and, on any code but VARVE_OK,
 * fills the caller's varve_error when that is not null. */
#ifndef VARVE_STATUS_H
#define VARVE_STATUS_H

#include <stdint.h>

/* Closed: a code is never reused, new ones are added at the end. */
enum varve_code {
    VARVE_OK = 0,
    VARVE_INVALID_ARGUMENT = 1,    /* the input is wrong; asking again will not help */
    VARVE_NOT_FOUND = 2,           /* what was named does not exist */
    VARVE_ALREADY_EXISTS = 3,      /* it exists, and differs */
    VARVE_UNAUTHENTICATED = 4,     /* who are you */
    VARVE_PERMISSION_DENIED = 5,   /* you may not */
    VARVE_RESOURCE_EXHAUSTED = 6,  /* a limit; the text names it */
    VARVE_FAILED_PRECONDITION = 7, /* not in this state */
    VARVE_UNAVAILABLE = 8,         /* try again later */
    VARVE_TIMEOUT = 9,             /* the deadline passed */
    VARVE_CANCELLED = 10,          /* the caller asked to stop */
    VARVE_DATA_LOSS = 11,          /* stored bytes are damaged or missing */
    VARVE_IO_ERROR = 12,           /* the operating system refused; the text has errno's words */
    VARVE_UNSUPPORTED = 13,        /* not built in */
    VARVE_INTERNAL = 14,           /* a bug; the text begins with "BUG:" */
    VARVE_END = 15,                /* not an error: nothing more comes */
    VARVE_CONFLICT = 16,           /* a type conflict */
    VARVE_SNAPSHOT_EXPIRED = 17,   /* the snapshot was held for too long and is gone */
    VARVE_TOO_LARGE = 18           /* longer than a limit on one piece of input */
};

#define VARVE_ERROR_TEXT_SIZE 1024u

/* Owned by the caller, who sets struct_size. `text`: UTF-8, NUL-terminated, cut at a code point,
 * foreign bytes as \xNN, no secrets. */
typedef struct varve_error {
    uint32_t struct_size;
    uint32_t code;
    char text[VARVE_ERROR_TEXT_SIZE];
} varve_error;

#endif
