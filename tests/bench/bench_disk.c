/* A VFS in front of SQLite's own that counts writes, bytes and syncs; and the disk's own price of a durable 4
 * KiB write. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* SQLite's file object is followed by the real one. */
struct counted_file {
    sqlite3_file base;
    struct disk_count *count;
    sqlite3_file *real;
};

static struct counted_file *counted(sqlite3_file *file)
{
    return (struct counted_file *)(void *)file;
}

#define REAL(file) (counted(file)->real)

static int on_close(sqlite3_file *f)
{
    return REAL(f)->pMethods->xClose(REAL(f));
}
static int on_read(sqlite3_file *f, void *to, int length, sqlite3_int64 at)
{
    return REAL(f)->pMethods->xRead(REAL(f), to, length, at);
}
static int on_write(sqlite3_file *f, const void *from, int length, sqlite3_int64 at)
{
    counted(f)->count->writes++;
    counted(f)->count->bytes += (uint64_t)length;
    return REAL(f)->pMethods->xWrite(REAL(f), from, length, at);
}
static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}
static int on_sync(sqlite3_file *f, int flags)
{
    counted(f)->count->syncs++;
    return REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), size);
}
static int on_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int on_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int on_check(sqlite3_file *f, int *reserved)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), reserved);
}
static int on_control(sqlite3_file *f, int op, void *argument)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, argument);
}
static int on_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int on_traits(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int on_map(sqlite3_file *f, int page, int size, int extend, void volatile **memory)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, memory);
}
static int on_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}
static void on_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int on_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_barrier,
    .xShmUnmap = on_unmap,
};

struct counting_vfs {
    sqlite3_vfs base;
    sqlite3_vfs *real;
    struct disk_count *count;
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct counting_vfs *counting = (struct counting_vfs *)(void *)vfs;
    struct counted_file *made = counted(file);
    made->real = (sqlite3_file *)(void *)(made + 1);
    made->count = counting->count;
    int result = counting->real->xOpen(counting->real, name, made->real, flags, out_flags);
    made->base.pMethods = made->real->pMethods ? &methods : NULL;
    return result;
}

void bench_count_disk(struct disk_count *count)
{
    static struct counting_vfs counting; /* SQLite keeps the pointer for the life of the process */
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    counting.base = *real;
    counting.base.zName = "counting";
    counting.base.szOsFile += (int)sizeof(struct counted_file);
    counting.base.xOpen = on_open;
    counting.base.pNext = NULL;
    counting.real = real;
    counting.count = count;
    *count = (struct disk_count){0};
    if (sqlite3_vfs_register(&counting.base, 1) != SQLITE_OK)
        bench_die("vfs", 0);
}

int64_t bench_floor_ns(int fd, int round)
{
    char page[4096];
    memset(page, round, sizeof page);
    int64_t start = bench_now_ns();
    if (pwrite(fd, page, sizeof page, (off_t)(round % 1024) * (off_t)sizeof page) != (ssize_t)sizeof page ||
        fdatasync(fd) < 0)
        bench_die("floor", errno);
    return bench_now_ns() - start;
}
