/* Preloaded into a process: statfs says the magic number of FAIRSTOCK_STATFS_MAGIC (hexadecimal), as if the
 * directory were on another kind of file system. A network file system needs a server that a test may not
 * have. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/vfs.h>

/* POSIX allows the conversion that ISO C does not: dlsym(3). */
typedef int statfs_fn(const char *path, struct statfs *status);

int statfs(const char *path, struct statfs *status)
{
    statfs_fn *next;
    *(void **)&next = dlsym(RTLD_NEXT, "statfs");
    int result = next(path, status);
    const char *magic = getenv("FAIRSTOCK_STATFS_MAGIC");
    if (result == 0 && magic)
        status->f_type = (__fsword_t)strtoul(magic, NULL, 16);
    return result;
}
