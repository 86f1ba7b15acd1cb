#include "disk_vfs_locks.h"

#include "memory.h"

static struct disk_file *shared_file(const struct vfs_file *file)
{
    return &file->disk->files[file->number];
}

/* --- levels of the database file
 * --------------------------------------------------------------------------------------- */

static bool other(int holder, int id)
{
    return holder && holder != id;
}

int vfs_lock(sqlite3_file *handle, int level)
{
    struct vfs_file *file = vfs_file_of(handle);
    struct disk_file *at = shared_file(file);
    if (level <= file->level)
        return SQLITE_OK;
    if (other(at->exclusive, file->id) || (level == SQLITE_LOCK_SHARED && other(at->pending, file->id)))
        return SQLITE_BUSY;
    if (file->level < SQLITE_LOCK_SHARED)
        at->shared++;
    file->level = file->level < SQLITE_LOCK_SHARED ? SQLITE_LOCK_SHARED : file->level;
    if (level >= SQLITE_LOCK_RESERVED) {
        if (other(at->reserved, file->id))
            return SQLITE_BUSY;
        at->reserved = file->id;
        file->level = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        at->pending = file->id;
        file->level = SQLITE_LOCK_PENDING;
        if (at->shared > 1)
            return SQLITE_BUSY;
        at->exclusive = file->id;
        file->level = SQLITE_LOCK_EXCLUSIVE;
    }
    return SQLITE_OK;
}

int vfs_lock_release(sqlite3_file *handle, int level)
{
    struct vfs_file *file = vfs_file_of(handle);
    struct disk_file *at = shared_file(file);
    if (file->level <= level)
        return SQLITE_OK;
    at->exclusive = at->exclusive == file->id ? 0 : at->exclusive;
    at->pending = at->pending == file->id ? 0 : at->pending;
    at->reserved = at->reserved == file->id ? 0 : at->reserved;
    if (level == SQLITE_LOCK_NONE)
        at->shared--;
    file->level = level;
    return SQLITE_OK;
}

int vfs_lock_is_reserved(sqlite3_file *handle, int *reserved)
{
    *reserved = shared_file(vfs_file_of(handle))->reserved != 0;
    return SQLITE_OK;
}

/* --- the WAL index
 * ------------------------------------------------------------------------------------------------------------
 */

int vfs_lock_shm_map(sqlite3_file *handle, int region, int size, int extend, void volatile **memory)
{
    struct vfs_file *file = vfs_file_of(handle);
    struct disk_file *at = shared_file(file);
    if (!file->shm_mapped)
        at->shm_users++;
    file->shm_mapped = true;
    *memory = NULL;
    if (region >= at->shm_regions) {
        if (!extend)
            return SQLITE_OK;
        at->shm = memory_grow(at->shm, (size_t)(region + 1) * sizeof *at->shm);
        while (at->shm_regions <= region)
            at->shm[at->shm_regions++] = memory_get((size_t)size);
    }
    *memory = at->shm[region];
    return SQLITE_OK;
}

static int take_slots(struct vfs_file *file, struct disk_file *at, uint32_t slots, bool exclusive)
{
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if (!(slots & 1U << i))
            continue;
        uint32_t own = (file->shm_shared >> i & 1U);
        if (at->shm_exclusive[i] || (exclusive && at->shm_shared[i] > own))
            return SQLITE_BUSY;
    }
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++)
        if (slots & 1U << i) {
            at->shm_exclusive[i] += exclusive;
            at->shm_shared[i] += !exclusive && !(file->shm_shared & 1U << i);
        }
    if (exclusive)
        file->shm_exclusive |= slots;
    else
        file->shm_shared |= slots;
    return SQLITE_OK;
}

static void give_slots(struct vfs_file *file, struct disk_file *at, uint32_t slots, bool exclusive)
{
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        at->shm_exclusive[i] -= exclusive && (file->shm_exclusive & slots & 1U << i);
        at->shm_shared[i] -= !exclusive && (file->shm_shared & slots & 1U << i);
    }
    if (exclusive)
        file->shm_exclusive &= ~slots;
    else
        file->shm_shared &= ~slots;
}

int vfs_lock_shm(sqlite3_file *handle, int first, int count, int flags)
{
    struct vfs_file *file = vfs_file_of(handle);
    uint32_t slots = ((1U << count) - 1) << first;
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if (flags & SQLITE_SHM_LOCK)
        return take_slots(file, shared_file(file), slots, exclusive);
    give_slots(file, shared_file(file), slots, exclusive);
    return SQLITE_OK;
}

void vfs_lock_shm_barrier(sqlite3_file *handle)
{
    (void)handle; /* one thread */
}

int vfs_lock_shm_unmap(sqlite3_file *handle, int delete_it)
{
    struct vfs_file *file = vfs_file_of(handle);
    struct disk_file *at = shared_file(file);
    (void)delete_it;
    if (!file->shm_mapped)
        return SQLITE_OK;
    give_slots(file, at, file->shm_shared, false);
    give_slots(file, at, file->shm_exclusive, true);
    file->shm_mapped = false;
    if (--at->shm_users > 0)
        return SQLITE_OK;
    for (int i = 0; i < at->shm_regions; i++)
        memory_put(at->shm[i]);
    memory_put(at->shm);
    at->shm = NULL;
    at->shm_regions = 0;
    return SQLITE_OK;
}
