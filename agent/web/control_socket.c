#include "web/control_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { CONTROL_BACKLOG = 16 };

static int make_name(const char *path, struct sockaddr_un *name, struct err *err)
{
    size_t length = strlen(path);
    if (length >= sizeof name->sun_path)
        return err_set(err, -ENAMETOOLONG,
                       "%s: a socket's path is at most %zu bytes long; use a shorter state directory", path,
                       sizeof name->sun_path - 1);
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(name->sun_path, path, length + 1);
    return 0;
}

/* Clears the way for bind: 0 when nothing, or only the leftover of a killed program, was there. */
static int remove_stale(const struct sockaddr_un *name, struct err *err)
{
    struct stat status;
    if (lstat(name->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : err_set_errno(err, -errno, "cannot look at %s", name->sun_path);
    if (!S_ISSOCK(status.st_mode))
        return err_set(err, -EEXIST, "%s is in the way and is no socket; move it away", name->sun_path);
    FD_AUTO int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return err_set_errno(err, -errno, "cannot make a socket");
    if (connect(probe, (const struct sockaddr *)name, sizeof *name) == 0 || errno != ECONNREFUSED)
        return err_set(err, -EADDRINUSE,
                       "another fairstockd answers on %s; stop it first, or use another --state directory",
                       name->sun_path);
    if (unlink(name->sun_path) < 0)
        return err_set_errno(err, -errno, "cannot remove the left-over socket %s", name->sun_path);
    return 0;
}

static int bind_and_listen(int fd, const struct sockaddr_un *name)
{
    /* On Linux a socket's own mode is the mode of the file that bind makes: closed first, opened for the
     * group last. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)name, sizeof *name) < 0)
        return -errno;
    if (listen(fd, CONTROL_BACKLOG) < 0 || chmod(name->sun_path, 0660) < 0) {
        int result = -errno;
        (void)unlink(name->sun_path);
        return result;
    }
    return 0;
}

int control_socket_open(const char *path, struct control_socket *control, struct err *err)
{
    struct sockaddr_un name;
    struct stat status;
    int result = make_name(path, &name, err);
    if (result == 0)
        result = remove_stale(&name, err);
    if (result < 0)
        return result;
    FD_AUTO int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    result = fd < 0 ? -errno : bind_and_listen(fd, &name);
    if (result == 0 && lstat(path, &status) < 0)
        result = -errno;
    if (result < 0)
        return err_set_errno(err, result, "cannot make the socket %s", path);
    *control = (struct control_socket){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    fd = -1;
    return 0;
}

void control_socket_remove(const char *path, const struct control_socket *control)
{
    struct stat status;
    if (lstat(path, &status) < 0 || status.st_dev != control->device || status.st_ino != control->inode)
        return; /* gone, or somebody else's by now */
    if (unlink(path) < 0)
        log_warning("cannot remove %s: %s", path, strerrordesc_np(errno));
}
