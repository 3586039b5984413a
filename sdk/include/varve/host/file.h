/* Files through the host's seam (core/base/env): the place where tests inject faults and power
 * cuts. A storage plugin touches files here only. Paths are absolute or relative to the working
 * directory. Errors: VARVE_NOT_FOUND, VARVE_ALREADY_EXISTS, VARVE_RESOURCE_EXHAUSTED (ENOSPC,
 * EDQUOT, EMFILE), VARVE_IO_ERROR; the text has the path and errno's words. */
#ifndef VARVE_HOST_FILE_H
#define VARVE_HOST_FILE_H

#include "../host.h"

#define VARVE_HOST_FILE_ID "varve.host.file/1"

/* How to open; or-ed. */
#define VARVE_FILE_READ 1u
#define VARVE_FILE_WRITE 2u
#define VARVE_FILE_CREATE 4u    /* make it if it is missing */
#define VARVE_FILE_EXCLUSIVE 8u /* with CREATE: fail if it exists */
#define VARVE_FILE_TRUNCATE 16u

typedef struct varve_file varve_file; /* an open file, the host's */

typedef struct varve_file_view { /* a read-only mapping */
    const void *data;
    uint64_t size;
    void *handle; /* the host's */
} varve_file_view;

typedef struct varve_host_file {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] */
    int32_t (*open)(const varve_host *host, const char *path, uint32_t flags, varve_file **out,
                    varve_error *error);
    /* [any] Closes; never fails, never syncs. */
    void (*close)(varve_file *file);
    /* [any] Reads up to `size` bytes; *read_size < size only at the end of the file. */
    int32_t (*read_at)(varve_file *file, uint64_t offset, void *out, uint64_t size,
                       uint64_t *read_size, varve_error *error);
    /* [any] Writes all parts, one behind the other, from `offset`, or fails. */
    int32_t (*write_at)(varve_file *file, uint64_t offset, const varve_bytes *parts,
                        uint32_t part_count, varve_error *error);
    /* [any] fdatasync. After a failure the state of the unsynced pages is unknown. */
    int32_t (*sync)(varve_file *file, varve_error *error);
    /* [any] */
    int32_t (*truncate)(varve_file *file, uint64_t size, varve_error *error);
    /* [any] Reserves space: the file is at least `size` long afterwards, the new part zero. */
    int32_t (*allocate)(varve_file *file, uint64_t size, varve_error *error);
    /* [any] */
    int32_t (*size)(varve_file *file, uint64_t *out, varve_error *error);
    /* [any] Maps `size` bytes from 0; the file may be closed afterwards. */
    int32_t (*map)(varve_file *file, uint64_t size, varve_file_view *out, varve_error *error);
    /* [any] */
    void (*unmap)(const varve_host *host, varve_file_view *view);
    /* [any] Replaces an existing target. */
    int32_t (*rename)(const varve_host *host, const char *from, const char *to, varve_error *error);
    /* [any] Removes a file or an empty directory. */
    int32_t (*remove)(const varve_host *host, const char *path, varve_error *error);
    /* [any] A hard link. */
    int32_t (*link)(const varve_host *host, const char *from, const char *to, varve_error *error);
    /* [any] Makes a directory and its missing parents (mode 0750); fine if it exists. */
    int32_t (*make_directory)(const varve_host *host, const char *path, varve_error *error);
    /* [any] Appends each entry's name (without . and ..), unordered, each followed by a NUL byte;
     * directories end in '/'. */
    int32_t (*list)(const varve_host *host, const char *path, varve_sink names, varve_error *error);
    /* [any] Makes renames, new names and removals in a directory durable. */
    int32_t (*sync_directory)(const varve_host *host, const char *path, varve_error *error);
    /* [any] Bytes free for an ordinary user on the path's file system. */
    int32_t (*free_space)(const varve_host *host, const char *path, uint64_t *out,
                          varve_error *error);
} varve_host_file;

#endif
