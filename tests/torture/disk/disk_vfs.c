#include "disk_vfs.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "disk_vfs_locks.h"
#include "memory.h"

static struct disk *current(sqlite3_vfs *vfs)
{
    return *(struct disk **)vfs->pAppData;
}

/* --- bytes
 * -------------------------------------------------------------------------------------------------------------------
 */

static int file_read(sqlite3_file *handle, void *bytes, int length, sqlite3_int64 at)
{
    struct vfs_file *file = vfs_file_of(handle);
    if (disk_operate(file->disk, OPERATION_READ))
        return SQLITE_IOERR_READ;
    size_t got = content_read(&file->disk->files[file->number].now, bytes, (size_t)length, (uint64_t)at);
    return got == (size_t)length ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *handle, const void *bytes, int length, sqlite3_int64 at)
{
    struct vfs_file *file = vfs_file_of(handle);
    enum disk_fault_kind fault = disk_operate(file->disk, OPERATION_WRITE);
    size_t part = (size_t)length;
    if (fault == FAULT_SHORT || fault == FAULT_FULL) /* write(2) may have taken some of it */
        part = random_below(&file->disk->random, (uint64_t)length + 1);
    else if (fault)
        return SQLITE_IOERR_WRITE;
    if (part > 0)
        disk_write(file->disk, file->number, bytes, part, (uint64_t)at);
    return fault == FAULT_FULL ? SQLITE_FULL : fault ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int file_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    struct vfs_file *file = vfs_file_of(handle);
    if (disk_operate(file->disk, OPERATION_RESIZE))
        return SQLITE_IOERR_TRUNCATE;
    disk_resize(file->disk, file->number, (uint64_t)size);
    return SQLITE_OK;
}

static void sync_folder(struct disk *disk)
{
    if (disk_operate(disk, OPERATION_SYNC_NAMES) == FAULT_NONE && !disk->folder_never_synced)
        disk_sync_names(disk);
}

static int file_sync(sqlite3_file *handle, int flags)
{
    struct vfs_file *file = vfs_file_of(handle);
    (void)flags;
    if (disk_operate(file->disk, OPERATION_SYNC)) {
        if (!file->disk->off)
            disk_sync(file->disk, file->number, true);
        if (!file->disk->believes_second_sync)
            return SQLITE_IOERR_FSYNC;
    }
    disk_sync(file->disk, file->number, false);
    if (file->new_journal)
        sync_folder(file->disk);
    file->new_journal = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *handle, sqlite3_int64 *size)
{
    struct vfs_file *file = vfs_file_of(handle);
    if (disk_operate(file->disk, OPERATION_LOOK))
        return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)file->disk->files[file->number].now.size;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *handle, int what, void *value)
{
    struct vfs_file *file = vfs_file_of(handle);
    if (what != SQLITE_FCNTL_PERSIST_WAL)
        return SQLITE_NOTFOUND;
    int *persist = value;
    if (*persist < 0)
        *persist = file->persist_wal;
    else
        file->persist_wal = *persist != 0;
    return SQLITE_OK;
}

static int file_sector_size(sqlite3_file *handle)
{
    (void)handle;
    return 4096; /* SQLITE_DEFAULT_SECTOR_SIZE, as unix */
}

static int file_characteristics(sqlite3_file *handle)
{
    const struct vfs_file *file = vfs_file_of(handle);
    return file->powersafe_overwrite ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static int file_close(sqlite3_file *handle)
{
    struct vfs_file *file = vfs_file_of(handle);
    (void)vfs_lock_release(handle, SQLITE_LOCK_NONE);
    if (file->delete_on_close && !file->disk->off)
        disk_remove(file->disk, file->name);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_lock_release,
    .xCheckReservedLock = vfs_lock_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = vfs_lock_shm_map,
    .xShmLock = vfs_lock_shm,
    .xShmBarrier = vfs_lock_shm_barrier,
    .xShmUnmap = vfs_lock_shm_unmap,
};

/* --- names
 * -------------------------------------------------------------------------------------------------------------------
 */

/* The file's number, or -1 when it cannot be had. A read-only disk gives what exists, to read (unixOpen tries
 * again without O_RDWR). */
static int find_or_create(struct disk *disk, const char *name, int flags, bool *readonly)
{
    int number = name ? disk_find(disk, name) : -1;
    if (number >= 0) {
        enum disk_fault_kind fault = disk_operate(disk, OPERATION_OPEN);
        *readonly = (flags & SQLITE_OPEN_READONLY) != 0 || fault == FAULT_READONLY;
        return fault == FAULT_NONE || fault == FAULT_READONLY ? number : -1;
    }
    if (!(flags & SQLITE_OPEN_CREATE) || disk_operate(disk, OPERATION_CREATE))
        return -1;
    return (int)disk_create(disk, name);
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *handle, int flags, int *out_flags)
{
    struct vfs_file *file = vfs_file_of(handle);
    struct disk *disk = current(vfs);
    bool readonly = false;
    *file = (struct vfs_file){.disk = disk};
    if (path)
        disk_name(disk, path, file->name);
    int number = find_or_create(disk, path ? file->name : NULL, flags, &readonly);
    if (number < 0)
        return SQLITE_CANTOPEN;
    file->number = (uint32_t)number;
    file->id = ++disk->opened;
    file->powersafe_overwrite =
        disk->powersafe_overwrite || sqlite3_uri_boolean((flags & SQLITE_OPEN_URI) ? path : NULL, "psow", 1);
    file->new_journal =
        (flags & SQLITE_OPEN_CREATE) && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
    file->delete_on_close = path && (flags & SQLITE_OPEN_DELETEONCLOSE);
    if (out_flags)
        *out_flags = readonly ? (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY : flags;
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_names)
{
    struct disk *disk = current(vfs);
    char name[DISK_NAME_BYTES];
    disk_name(disk, path, name);
    if (disk_operate(disk, OPERATION_REMOVE))
        return SQLITE_IOERR_DELETE;
    if (disk_find(disk, name) < 0)
        return SQLITE_IOERR_DELETE_NOENT;
    disk_remove(disk, name);
    if (!sync_names)
        return SQLITE_OK;
    if (disk_operate(disk, OPERATION_SYNC_NAMES))
        return SQLITE_IOERR_DIR_FSYNC;
    if (!disk->folder_never_synced)
        disk_sync_names(disk);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    struct disk *disk = current(vfs);
    char name[DISK_NAME_BYTES];
    disk_name(disk, path, name);
    int number = disk_operate(disk, OPERATION_LOOK) ? -1 : disk_find(disk, name);
    *result = number >= 0 && (flags != SQLITE_ACCESS_EXISTS || disk->files[number].now.size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    (void)vfs;
    (void)sqlite3_snprintf(size, full, "%s", path);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *bytes)
{
    struct disk *disk = current(vfs);
    for (int i = 0; i < size; i++)
        bytes[i] = disk ? (char)random_next(&disk->random) : 0;
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *julian_day)
{
    (void)vfs;
    *julian_day = 2460000.5;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs;
    (void)size;
    (void)text;
    return 0;
}

/* SQLite keeps a VFS until the process ends and gives it no other context than pAppData. */
static struct disk *in_use;

static sqlite3_vfs the_vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(struct vfs_file),
    .mxPathname = 256,
    .zName = DISK_VFS_NAME,
    .pAppData = &in_use,
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_random,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
};

int disk_vfs_register(void)
{
    return sqlite3_vfs_register(&the_vfs, 1);
}

void disk_vfs_use(struct disk *disk)
{
    in_use = disk;
    sqlite3_randomness(0, NULL); /* seeded anew, from this disk */
}
