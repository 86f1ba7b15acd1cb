/* Preloaded into a process: while the file named by FAIRSTOCK_DISK_FAULT exists, its writes (pwrite) and
 * syncs fail with the errno that the file holds, as a decimal number; reads go on. Only what SQLite calls is
 * touched. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fault(void)
{
    const char *path = getenv("FAIRSTOCK_DISK_FAULT");
    FILE *file = path ? fopen(path, "re") : NULL;
    int code = 0;
    if (file) {
        if (fscanf(file, "%d", &code) != 1)
            code = EIO;
        (void)fclose(file);
    }
    return code;
}

/* A function of the C library behind ours (POSIX allows the conversion that ISO C does not: dlsym(3)). */
#define NEXT(type, name)                                                                                     \
    type *name;                                                                                              \
    *(void **)&(name) = dlsym(RTLD_NEXT, #name)

typedef int sync_fn(int fd);
typedef ssize_t write_fn(int fd, const void *bytes, size_t length, off_t at);

static int sync_or_fail(sync_fn *next, int fd)
{
    int code = fault();
    if (!code)
        return next(fd);
    errno = code;
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
    int code = fault();
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
