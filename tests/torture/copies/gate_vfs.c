/* SQLite's way to its files, through the gate: the system's VFS does the work. No memory mapping: reads must
 * pass. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "gate.h"

struct gate_file {
    sqlite3_file base;
    bool copy;
    sqlite3_file real; /* with all that follows it */
};
_Static_assert(offsetof(struct gate_file, real) % 8 == 0, "the real file's struct lies aligned");

struct gate_vfs {
    sqlite3_vfs base;
    int last_errno; /* 0: the last failure was the system's */
};

static struct gate_file *file_of(sqlite3_file *handle)
{
    return (struct gate_file *)(void *)handle;
}

static sqlite3_file *real_of(sqlite3_file *handle)
{
    return &file_of(handle)->real;
}

static sqlite3_vfs *system_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static struct gate_vfs *the_vfs(void)
{
    return (struct gate_vfs *)(void *)sqlite3_vfs_find("gate");
}

static enum gate_fault meet(enum gate_operation operation, const char *name)
{
    enum gate_fault fault = gate_pass(operation, name);
    the_vfs()->last_errno = fault && fault != GATE_ROT ? gate_errno(fault) : 0;
    return fault;
}

static int vfs_close(sqlite3_file *handle)
{
    return real_of(handle)->pMethods->xClose(real_of(handle));
}

static int vfs_read(sqlite3_file *handle, void *bytes, int length, sqlite3_int64 at)
{
    enum gate_fault fault = meet(file_of(handle)->copy ? GATE_READ_COPY : GATE_READ, "SQLite's read");
    if (fault && fault != GATE_ROT)
        return SQLITE_IOERR_READ;
    int result = real_of(handle)->pMethods->xRead(real_of(handle), bytes, length, at);
    if (fault == GATE_ROT)
        gate_rot(bytes, length);
    return result;
}

static int vfs_write(sqlite3_file *handle, const void *bytes, int length, sqlite3_int64 at)
{
    enum gate_fault fault = meet(GATE_WRITE, "SQLite's write");
    if (!fault)
        return real_of(handle)->pMethods->xWrite(real_of(handle), bytes, length, at);
    if (fault == GATE_FULL)
        (void)real_of(handle)->pMethods->xWrite(real_of(handle), bytes, length / 2, at);
    return fault == GATE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int vfs_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    return meet(GATE_WRITE, "SQLite's truncate")
               ? SQLITE_IOERR_TRUNCATE
               : real_of(handle)->pMethods->xTruncate(real_of(handle), size);
}

static int vfs_sync(sqlite3_file *handle, int flags)
{
    return meet(GATE_SYNC, "SQLite's sync") ? SQLITE_IOERR_FSYNC
                                            : real_of(handle)->pMethods->xSync(real_of(handle), flags);
}

static int vfs_size(sqlite3_file *handle, sqlite3_int64 *size)
{
    return meet(GATE_LOOK, "SQLite's size") ? SQLITE_IOERR_FSTAT
                                            : real_of(handle)->pMethods->xFileSize(real_of(handle), size);
}

static int vfs_lock(sqlite3_file *handle, int level)
{
    return real_of(handle)->pMethods->xLock(real_of(handle), level);
}

static int vfs_unlock(sqlite3_file *handle, int level)
{
    return real_of(handle)->pMethods->xUnlock(real_of(handle), level);
}

static int vfs_reserved(sqlite3_file *handle, int *reserved)
{
    return real_of(handle)->pMethods->xCheckReservedLock(real_of(handle), reserved);
}

static int vfs_control(sqlite3_file *handle, int what, void *value)
{
    return real_of(handle)->pMethods->xFileControl(real_of(handle), what, value);
}

static int vfs_sector(sqlite3_file *handle)
{
    return real_of(handle)->pMethods->xSectorSize(real_of(handle));
}

static int vfs_characteristics(sqlite3_file *handle)
{
    return real_of(handle)->pMethods->xDeviceCharacteristics(real_of(handle));
}

static int vfs_shm_map(sqlite3_file *handle, int region, int bytes, int extend, void volatile **memory)
{
    if (meet(GATE_LOOK, "SQLite's shared memory")) {
        *memory = NULL;
        return SQLITE_IOERR_SHMMAP;
    }
    return real_of(handle)->pMethods->xShmMap(real_of(handle), region, bytes, extend, memory);
}

static int vfs_shm_lock(sqlite3_file *handle, int offset, int count, int flags)
{
    return real_of(handle)->pMethods->xShmLock(real_of(handle), offset, count, flags);
}

static void vfs_shm_barrier(sqlite3_file *handle)
{
    real_of(handle)->pMethods->xShmBarrier(real_of(handle));
}

static int vfs_shm_unmap(sqlite3_file *handle, int remove)
{
    return real_of(handle)->pMethods->xShmUnmap(real_of(handle), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *handle, int flags, int *out_flags)
{
    struct gate_file *file = file_of(handle);
    file->base.pMethods = NULL;
    file->copy = gate_is_copy(path);
    if (meet(flags & SQLITE_OPEN_CREATE ? GATE_MAKE : GATE_LOOK, "SQLite's open"))
        return SQLITE_CANTOPEN;
    int result = system_of(vfs)->xOpen(system_of(vfs), path, &file->real, flags, out_flags);
    if (file->real.pMethods)
        file->base.pMethods = &methods;
    return result;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    return meet(GATE_REMOVE, "SQLite's delete") ? SQLITE_IOERR_DELETE
                                                : system_of(vfs)->xDelete(system_of(vfs), path, sync_folder);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *there)
{
    return meet(GATE_LOOK, "SQLite's access") ? SQLITE_IOERR_ACCESS
                                              : system_of(vfs)->xAccess(system_of(vfs), path, flags, there);
}

static int vfs_last_error(sqlite3_vfs *vfs, int length, char *text)
{
    int number = the_vfs()->last_errno;
    return number ? number : system_of(vfs)->xGetLastError(system_of(vfs), length, text);
}

int gate_sqlite(void)
{
    static struct gate_vfs vfs;
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);
    if (!below)
        return SQLITE_ERROR;
    vfs.base = *below; /* what is not replaced is the system's own, and wants its own struct for nothing */
    vfs.base.pNext = NULL;
    vfs.base.zName = "gate";
    vfs.base.pAppData = below;
    vfs.base.szOsFile = (int)sizeof(struct gate_file) + below->szOsFile;
    vfs.base.xOpen = vfs_open;
    vfs.base.xDelete = vfs_delete;
    vfs.base.xAccess = vfs_access;
    vfs.base.xGetLastError = vfs_last_error;
    return sqlite3_vfs_register(&vfs.base, 1);
}
