/* The simulated disk as the store sees it beside SQLite: a struct store_disk. */
#ifndef TORTURE_DISK_DISK_CALLS_H
#define TORTURE_DISK_DISK_CALLS_H

#include "disk.h"
#include "store/store_disk.h"

#define DISK_FOLDER "/booth"

enum { DISK_HANDLES_MAX = 32 };

struct disk_calls {
    struct store_disk table;
    struct disk *disk;
    int handles[DISK_HANDLES_MAX]; /* file number + 1; 0 free; below 0: a folder */
    uint32_t held;                 /* handles that are open now */
};

void disk_calls_init(struct disk_calls *calls, struct disk *disk);

#endif
