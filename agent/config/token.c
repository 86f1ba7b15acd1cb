#include "config/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* systemd lets the service read a credential by an ACL on root's file, whose mask shows as the group's bits
 * (acl(5)); the folder around it is the service's own. So only what everybody may read is refused there. */
static int check_private(int fd, const char *path, mode_t refused, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return err_set_errno(err, -errno, "cannot check %s", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, -EINVAL, "%s is not a regular file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return err_set(err, -EPERM, "%s belongs to another user; type: chown %u %s", path,
                       (unsigned)geteuid(), path);
    if (status.st_mode & refused)
        return err_set(err, -EPERM, "%s can be read by others; type: chmod 600 %s", path, path);
    return 0;
}

static int read_token(int fd, const char *path, char token[TOKEN_MAX_BYTES + 1], struct err *err)
{
    ssize_t got = read(fd, token, TOKEN_MAX_BYTES + 1);
    if (got < 0)
        return err_set_errno(err, -errno, "cannot read %s", path);
    if (got > TOKEN_MAX_BYTES)
        return err_set(err, -EINVAL, "%s is longer than a token can be (%d bytes)", path, TOKEN_MAX_BYTES);
    token[got] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    for (const char *at = token; *at; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return err_set(err, -EINVAL, "%s holds something else than one token on one line", path);
    return *token ? 0 : err_set(err, -EINVAL, "%s is empty", path);
}

int token_load(struct config_channel *channel, struct err *err)
{
    char path[2 * CONFIG_TEXT_MAX_BYTES + 2];
    mode_t refused = S_IRWXO;
    if (channel->token_file[0]) {
        refused |= S_IRWXG;
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
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set_errno(err, -errno, "[channel %s]: cannot open %s", channel->name, path);
    int result = check_private(fd, path, refused, err);
    if (result == 0)
        result = read_token(fd, path, channel->token, err);
    return result < 0 ? err_prefix(err, result, "[channel %s]", channel->name) : 0;
}
