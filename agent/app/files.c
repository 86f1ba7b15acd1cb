#include "app/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { PATH_MAX_BYTES = 4096 };

int files_read(const char *path, struct buf *text)
{
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char part[16384];
    for (;;) {
        ssize_t got = read(fd, part, sizeof part);
        if (got < 0)
            return -errno;
        if (got == 0)
            return buf_error(text);
        buf_add(text, part, (size_t)got);
    }
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0)
            return -errno;
        bytes += put;
        length -= (size_t)put;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    FD_AUTO int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int files_replace(const char *path, const char *bytes, size_t length, struct err *err)
{
    char temporary[PATH_MAX_BYTES];
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return err_set(err, -ENAMETOOLONG, "%s.new: name too long", path);
    FD_AUTO int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot write %s", temporary);
    int result = write_all(fd, bytes, length);
    if (result == 0 && rename(temporary, path) < 0)
        result = -errno;
    if (result == 0)
        result = sync_folder_of(path);
    return result < 0 ? err_set_errno(err, result, "cannot write %s", path) : 0;
}
