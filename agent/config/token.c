#include "config/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* systemd gives a service's user a credential by an access control list where the file system has them, and
 * stat(2) then shows the list's mask as the group's rights (0440): only in that folder, which the unit has
 * for itself, these say nothing about others. */
static int check_private(int fd, const char *path, bool credential, struct err *err)
{
    const mode_t others = credential ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return err_set_errno(err, -errno, "cannot check %s", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, -EINVAL, "%s is not a regular file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return err_set(err, -EPERM, "%s belongs to another user; type: chown %u %s", path,
                       (unsigned)geteuid(), path);
    if (status.st_mode & others)
        return err_set(err, -EPERM, "%s can be read by others; type: chmod 600 %s", path, path);
    return 0;
}

/* The length of the one token in text, 0 when it is none. Line ends may follow it. */
static size_t token_length(const char *text, size_t length)
{
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return 0;
    return length;
}

static int read_token(int fd, const char *path, char token[TOKEN_MAX_BYTES + 1], struct err *err)
{
    char text[TOKEN_MAX_BYTES + 1];
    ssize_t got = read(fd, text, sizeof text);
    int result = 0;
    if (got < 0)
        result = err_set_errno(err, -errno, "cannot read %s", path);
    else if (got == 0)
        result = err_set(err, -EINVAL, "%s is empty", path);
    else if (got > TOKEN_MAX_BYTES)
        result = err_set(err, -EINVAL, "%s is longer than a token can be (%d bytes)", path, TOKEN_MAX_BYTES);
    size_t length = result == 0 ? token_length(text, (size_t)got) : 0;
    if (result == 0 && !length)
        result = err_set(err, -EINVAL, "%s holds something else than one token on one line", path);
    if (result == 0) {
        memcpy(token, text, length);
        token[length] = '\0';
    }
    explicit_bzero(text, sizeof text);
    return result;
}

int token_load(struct config_channel *channel, struct err *err)
{
    char path[2 * CONFIG_TEXT_MAX_BYTES + 2];
    if (channel->token_file[0]) {
        (void)snprintf(path, sizeof path, "%s", channel->token_file);
    } else {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        if (!directory || !*directory || strlen(directory) > CONFIG_TEXT_MAX_BYTES ||
            strchr(channel->token_credential, '/'))
            return err_set(err, -ENOENT,
                           "[channel %s]: no credential %s; the service needs LoadCredential=%s:FILE",
                           channel->name, channel->token_credential, channel->token_credential);
        (void)snprintf(path, sizeof path, "%s/%s", directory, channel->token_credential);
    }
    /* O_NONBLOCK: a FIFO in its place must not hold the start up. */
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_set_errno(err, -errno, "[channel %s]: cannot open %s", channel->name, path);
    int result = check_private(fd, path, !channel->token_file[0], err);
    if (result == 0)
        result = read_token(fd, path, channel->token, err);
    return result < 0 ? err_prefix(err, result, "[channel %s]", channel->name) : 0;
}
