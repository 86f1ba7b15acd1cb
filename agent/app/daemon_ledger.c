#include "app/daemon_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_place.h"

static int read_only(const struct daemon *daemon, struct err *err)
{
    (void)err_set(
        err, -EROFS,
        "%s is on a file system that is mounted read-only (Read-only file system): nothing can be sold "
        "safely. A failing card does that: sudo dmesg | tail. If the card is well: sudo mount -o "
        "remount,rw /",
        daemon->state);
    return EXIT_READ_ONLY;
}

int daemon_ledger_place(const struct daemon *daemon, struct err *err)
{
    enum store_place place;
    const char *file_system;
    int result = store_place(daemon->state, &place, &file_system);
    if (result < 0) {
        (void)err_set_errno(err, result, "cannot use the state directory %s", daemon->state);
        return EXIT_LEDGER;
    }
    if (place == PLACE_READ_ONLY)
        return read_only(daemon, err);
    if (place == PLACE_FINE)
        return EXIT_OK;
    (void)err_set(
        err, -ENOTSUP,
        "%s is on a network or user-space file system (%s): a ledger is not safe there, because its log "
        "needs memory shared by all who read it. Use a directory on the device's own card or disk "
        "(--state DIR)",
        daemon->state, file_system);
    return EXIT_FILE_SYSTEM;
}

/* What to type, for this very directory. */
static void state_option(const struct daemon *daemon, char *option, size_t size)
{
    bool usual = strcmp(daemon->state, CONFIG_DEFAULT_STATE) == 0;
    (void)snprintf(option, size, "%s%s", usual ? "" : " --state ", usual ? "" : daemon->state);
}

static int damaged(const struct daemon *daemon, struct err *err)
{
    char state[STATE_PATH_MAX_BYTES + 16], why[ERR_TEXT_MAX_BYTES];
    state_option(daemon, state, sizeof state);
    (void)snprintf(why, sizeof why, "%s", err_text(err));
    (void)err_set(
        err, -EUCLEAN,
        "the ledger is damaged and was left as it is. To save what can be read and go on selling: sudo "
        "fairstock salvage%s. Or put a backup back: sudo fairstock restore FILE --set-aside%s. (%.120s)",
        state, state, why);
    return EXIT_DAMAGED;
}

static int other_file(const struct daemon *daemon, struct err *err)
{
    char state[STATE_PATH_MAX_BYTES + 16];
    state_option(daemon, state, sizeof state);
    (void)err_set(
        err, -EUCLEAN,
        "%s/ledger.db is not a Fairstock ledger, or its first page is gone; it was left as it is. If it "
        "was one: sudo fairstock salvage%s. If it was not: move it away",
        daemon->state, state);
    return EXIT_NOT_A_LEDGER;
}

int daemon_ledger_refused(const struct daemon *daemon, int result, struct err *err)
{
    enum store_file kind = FILE_IS_LEDGER;
    int looked = store_place_file(daemon->state, &kind);
    switch (result) {
    case -EBUSY:
        return EXIT_BUSY;
    case -EPERM:
        return EXIT_MIXED;
    case -EROFS:
        return read_only(daemon, err);
    case -EUCLEAN:
        return looked == 0 && kind == FILE_IS_OTHER ? other_file(daemon, err) : damaged(daemon, err);
    case -ENOTSUP:
        if (looked == 0 && kind == FILE_IS_NEWER) {
            (void)err_prefix(err, result, "%s", daemon->state);
            return EXIT_NEWER;
        }
        return EXIT_FILE_SYSTEM;
    default:
        return EXIT_LEDGER;
    }
}
