/* SQLite's locks on the simulated disk, between the handles of this process: the five levels of a database
 * file and the slots of a WAL index (sqlite3_io_methods, SQLITE_SHM_…). */
#ifndef TORTURE_DISK_DISK_VFS_LOCKS_H
#define TORTURE_DISK_DISK_VFS_LOCKS_H

#include <sqlite3.h>

#include "disk.h"

struct vfs_file {
    sqlite3_file base;
    struct disk *disk;
    uint32_t number;
    int id, level;
    int persist_wal;
    bool powersafe_overwrite, new_journal, delete_on_close, shm_mapped;
    uint32_t shm_shared, shm_exclusive; /* slots held, as bits */
    char name[DISK_NAME_BYTES];
};

static inline struct vfs_file *vfs_file_of(sqlite3_file *handle)
{
    return (struct vfs_file *)(void *)handle;
}

int vfs_lock(sqlite3_file *handle, int level);
int vfs_lock_release(sqlite3_file *handle, int level);
int vfs_lock_is_reserved(sqlite3_file *handle, int *reserved);
int vfs_lock_shm_map(sqlite3_file *handle, int region, int size, int extend, void volatile **memory);
int vfs_lock_shm(sqlite3_file *handle, int first, int count, int flags);
void vfs_lock_shm_barrier(sqlite3_file *handle);
int vfs_lock_shm_unmap(sqlite3_file *handle, int delete_it);

#endif
