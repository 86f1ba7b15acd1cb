#include "store/store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(void *user, const char *path, int flags)
{
    (void)user;
    int handle = open(path, flags | O_CLOEXEC, 0600);
    return handle < 0 ? -errno : handle;
}

static void system_close(void *user, int handle)
{
    (void)user;
    (void)close(handle);
}

static int system_lock(void *user, int handle)
{
    (void)user;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(handle, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static int system_write(void *user, int handle, const void *bytes, size_t length, int64_t at)
{
    (void)user;
    while (length > 0) {
        ssize_t put = pwrite(handle, bytes, length, at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -ENOSPC;
        bytes = (const char *)bytes + put;
        length -= (size_t)put;
        at += put;
    }
    return 0;
}

static int system_sync(void *user, int handle)
{
    (void)user;
    return fsync(handle) < 0 ? -errno : 0;
}

static int system_size(void *user, const char *path, int64_t *size)
{
    (void)user;
    struct stat status;
    if (stat(path, &status) < 0)
        return -errno;
    if (size)
        *size = status.st_size;
    return 0;
}

static int system_remove(void *user, const char *path)
{
    (void)user;
    return unlink(path) < 0 ? -errno : 0;
}

static int system_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to) < 0 ? -errno : 0;
}

const struct store_disk store_disk_system = {
    .open = system_open,
    .close = system_close,
    .lock = system_lock,
    .write = system_write,
    .sync = system_sync,
    .size = system_size,
    .remove = system_remove,
    .rename = system_rename,
};

int store_disk_sync_path(const struct store_disk *disk, const char *path, int flags)
{
    int handle = disk->open(disk->user, path, flags);
    if (handle < 0)
        return handle;
    int result = disk->sync(disk->user, handle);
    disk->close(disk->user, handle);
    return result;
}
