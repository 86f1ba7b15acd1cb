/* A simulated disk: files and names as the running program sees them (the page cache), and a log of
 * everything that was done to them. What would be left after a power cut is worked out of the log later
 * (platter.h), so one run can be cut at every operation. Faults can be laid under the operations. SQLite
 * reaches it by disk_vfs.h, the store by disk_calls.h.
 *
 * One folder; the process is alone on it. Nothing here fails for a reason of its own. */
#ifndef TORTURE_DISK_DISK_H
#define TORTURE_DISK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "content.h"
#include "random.h"

enum { DISK_FILES_MAX = 96, DISK_NAME_BYTES = 32, DISK_NAMES_MAX = 16, DISK_SECTOR_BYTES = 512 };

/* What lies on a disk that is at rest: all of it is durable. */
struct image {
    struct content files[DISK_NAMES_MAX];
    char names[DISK_NAMES_MAX][DISK_NAME_BYTES];
    uint32_t count;
};
struct image image_copy(const struct image *from);
void image_free(struct image *image);

enum disk_act {
    DISK_CREATE = 1,  /* name → file */
    DISK_REMOVE,      /* name */
    DISK_RENAME,      /* name → to */
    DISK_SYNC_NAMES,  /* the folder's fsync returned */
    DISK_WRITE,       /* file: length bytes at `at`; bytes NULL: zeros */
    DISK_RESIZE,      /* file: size `at` */
    DISK_SYNC,        /* file: fsync returned */
    DISK_SYNC_FAILED, /* file: fsync failed; what it had to write is given up by the kernel, and may be lost
                       */
};
struct disk_entry {
    enum disk_act act;
    uint32_t file;
    char name[DISK_NAME_BYTES], to[DISK_NAME_BYTES];
    uint64_t at;
    size_t length;
    uint8_t *bytes;
    const char *step; /* what the scenario was doing; static text */
};

enum disk_fault_kind { FAULT_NONE, FAULT_EIO, FAULT_FULL, FAULT_SHORT, FAULT_READONLY, FAULT_KINDS };
/* Asked of every operation; which kinds of fault it can meet. */
enum disk_operation {
    OPERATION_READ,
    OPERATION_OPEN,
    OPERATION_CREATE,
    OPERATION_WRITE,
    OPERATION_RESIZE,
    OPERATION_SYNC,
    OPERATION_SYNC_NAMES,
    OPERATION_REMOVE,
    OPERATION_RENAME,
    OPERATION_LOOK,
    OPERATION_KINDS,
};

struct disk_file {
    bool used;
    struct content now;
    /* SQLite's locks, see disk_vfs.c */
    int shared, reserved, pending, exclusive; /* exclusive, reserved, pending: 1 + handle number */
    int shm_users;
    void **shm;
    int shm_regions;
    uint32_t shm_shared[8], shm_exclusive[8];
};

struct disk {
    struct disk_file files[DISK_FILES_MAX];
    uint32_t file_count;
    struct {
        char name[DISK_NAME_BYTES];
        uint32_t file;
    } names[DISK_NAMES_MAX];
    uint32_t name_count;
    struct disk_entry *log;
    uint32_t log_count, log_capacity;
    const char *step;
    struct random random; /* SQLite's salts */
    int opened;           /* handles so far */

    enum disk_fault_kind fault;
    uint64_t fault_at; /* 1…, counted over the operations that this kind can meet */
    bool fault_for_good;
    uint64_t fault_hits;
    bool fault_syncs;                /* only syncs meet the fault, and are counted */
    enum disk_operation fault_first; /* what the first hit met */
    uint64_t met_syncs;
    uint64_t met[FAULT_KINDS]; /* operations so far that each kind could have met */

    bool off; /* the power is gone: everything fails, nothing changes */

    /* Weak disks, for the controls. */
    bool powersafe_overwrite;   /* says so whatever the URI asks (psow=1) */
    bool believes_second_sync;  /* a failed fsync is tried again and believed */
    bool folder_never_synced;   /* fsync of the folder returns and does nothing */
    bool made_under_final_name; /* a temporary name is the final one, rename does nothing */
};

struct disk *disk_new(const struct image *image, uint64_t seed);
void disk_free(struct disk *disk);
/* As it is now in the cache, as if all was synced: what an orderly shutdown leaves. */
struct image disk_image(const struct disk *disk);

/* The last part of a path, as this disk knows it. */
void disk_name(const struct disk *disk, const char *path, char name[DISK_NAME_BYTES]);
/* -1 when there is none. */
int disk_find(const struct disk *disk, const char *name);
/* The fault that this operation meets. */
enum disk_fault_kind disk_operate(struct disk *disk, enum disk_operation operation);
/* Each changes the cache and the log; no faults. */
uint32_t disk_create(struct disk *disk, const char *name); /* NULL: a file without a name */
void disk_remove(struct disk *disk, const char *name);
void disk_rename(struct disk *disk, const char *name, const char *to);
void disk_sync_names(struct disk *disk);
void disk_write(struct disk *disk, uint32_t file, const void *bytes, size_t length, uint64_t at);
void disk_resize(struct disk *disk, uint32_t file, uint64_t size);
void disk_sync(struct disk *disk, uint32_t file, bool failed);

const char *disk_operation_name(enum disk_operation operation);
const char *disk_fault_name(enum disk_fault_kind kind);

#endif
