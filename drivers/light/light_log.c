/* log:FILE ("-" is standard output): `MONOTONIC_MS NAME [DEVICE:EPOCH:SEQ]`, one write(2) a line, appended.
 * The record that tests and the verifier trust; it is not synced, because it may only know less than the
 * ledger, never more. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "light/light_drivers.h"

struct light_log {
    int fd;
};

static int log_open(const char *argument, void **light, struct err *err)
{
    if (!*argument)
        return err_set(err, -EINVAL, "say which file: log:FILE (log:- for standard output)");
    struct light_log *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    bool standard = strcmp(argument, "-") == 0;
    made->fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                        : open(argument, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
    if (made->fd < 0) {
        int error = -errno;
        free(made);
        return err_set_errno(err, error, "cannot write %s", argument);
    }
    *light = made;
    return 0;
}

static int log_signal(void *light, enum light_name name, const char *event_id, int64_t now_ms)
{
    const struct light_log *log = light;
    char line[256];
    int length = snprintf(line, sizeof line, "%" PRId64 " %s%s%s\n", now_ms, light_name_text(name),
                          event_id ? " " : "", event_id ? event_id : "");
    ssize_t written = write(log->fd, line, (size_t)length);
    if (written < 0)
        return -errno;
    return written == length ? 0 : -ENOSPC;
}

static void log_close(void *light)
{
    struct light_log *log = light;
    (void)close(log->fd);
    free(log);
}

const struct light_ops light_log_ops = {
    .kind = "log", .open = log_open, .signal = log_signal, .close = log_close};
