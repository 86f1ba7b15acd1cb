/* Preloaded into a process: a disk that fails or pauses while the file named by FAIRSTOCK_DISK_FAULT exists.
 * The file holds an errno, as a decimal number: writes (pwrite) and syncs fail with it, reads go on. Or
 * "pause MS EVERY": each EVERY-th sync takes so many milliseconds longer, as a cheap card's do. Only what
 * SQLite calls is touched. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct fault {
    int code;                 /* 0: none */
    unsigned pause_ms, every; /* 0: none */
};

static struct fault fault(void)
{
    const char *path = getenv("FAIRSTOCK_DISK_FAULT");
    FILE *file = path ? fopen(path, "re") : NULL;
    struct fault fault = {0};
    if (!file)
        return fault;
    if (fscanf(file, "pause %u %u", &fault.pause_ms, &fault.every) != 2 &&
        fscanf(file, "%d", &fault.code) != 1)
        fault.code = EIO;
    (void)fclose(file);
    return fault;
}

static void pause_sometimes(const struct fault *fault)
{
    static atomic_uint syncs;
    if (!fault->every || atomic_fetch_add(&syncs, 1) % fault->every != fault->every - 1)
        return;
    struct timespec rest = {fault->pause_ms / 1000, (long)(fault->pause_ms % 1000) * 1000000};
    (void)nanosleep(&rest, NULL);
}

/* A function of the C library behind ours (POSIX allows the conversion that ISO C does not: dlsym(3)). */
#define NEXT(type, name)                                                                                     \
    type *name;                                                                                              \
    *(void **)&(name) = dlsym(RTLD_NEXT, #name)

typedef int sync_fn(int fd);
typedef ssize_t write_fn(int fd, const void *bytes, size_t length, off_t at);

static int sync_or_fail(sync_fn *next, int fd)
{
    struct fault now = fault();
    pause_sometimes(&now);
    if (!now.code)
        return next(fd);
    errno = now.code;
    return -1;
}

int fdatasync(int fd);
int fdatasync(int fd)
{
    NEXT(sync_fn, fdatasync);
    return sync_or_fail(fdatasync, fd);
}

int fsync(int fd);
int fsync(int fd)
{
    NEXT(sync_fn, fsync);
    return sync_or_fail(fsync, fd);
}

static ssize_t write_or_fail(write_fn *next, int fd, const void *bytes, size_t length, off_t at)
{
    int code = fault().code;
    if (code != ENOSPC && code != EROFS)
        return next(fd, bytes, length, at);
    errno = code;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at);
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
    NEXT(write_fn, pwrite64);
    return write_or_fail(pwrite64, fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at);
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    NEXT(write_fn, pwrite);
    return write_or_fail(pwrite, fd, bytes, length, at);
}
