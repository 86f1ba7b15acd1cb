/* The few things the store does to files itself, beside what SQLite does: looking, creating, locking, syncing
 * and renaming. In one table, so that a simulated disk can stand under the whole store, and cut its power.
 * The product never passes one: NULL in struct store_start means the system's own calls.
 *
 * Contract of every call: on the thread that called the store; may block as the system call of the same name
 * does; keeps no pointer it is given; 0 or a handle ≥ 0, otherwise a negative errno. Paths are
 * the state directory's and what lies in it. None is optional. */
#ifndef FAIRSTOCK_STORE_STORE_DISK_H
#define FAIRSTOCK_STORE_STORE_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store_disk {
    void *user;
    /* The SQLite VFS (sqlite3_vfs_find) that reads and writes the same files; NULL: the system's. */
    const char *vfs;
    /* open(2); created files are 0600. The handle is closed by `close` and by nothing else. */
    int (*open)(void *user, const char *path, int flags);
    void (*close)(void *user, int handle);
    /* An exclusive lock that ends with the handle or the process. -EAGAIN, -EACCES: somebody has it. */
    int (*lock)(void *user, int handle);
    /* pwrite(2) of all bytes. */
    int (*write)(void *user, int handle, const void *bytes, size_t length, int64_t at);
    /* fsync(2), of a file or a directory. 0 means: it is on the card. A failure is never tried again. */
    int (*sync)(void *user, int handle);
    /* -ENOENT: no such file. size may be NULL. */
    int (*size)(void *user, const char *path, int64_t *size);
    int (*remove)(void *user, const char *path);
    int (*rename)(void *user, const char *from, const char *to);
};

extern const struct store_disk store_disk_system;

/* Opens, syncs, closes: the state directory after a name changed, or a file. */
MUST_CHECK int store_disk_sync_path(const struct store_disk *disk, const char *path, int flags);

#endif
