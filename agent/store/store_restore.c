/* Putting a ledger where one is run: first the new file, whole and verified, beside the place; then the old
 * one out of it; then the new one in. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_copy_internal.h"
#include "store/store_restore_internal.h"

enum { PLACE_BYTES = STORE_PATH_MAX_BYTES + 2 * STORE_COPY_NAME_BYTES, ASIDE_TRIES = 100 };

static void path_of(const struct store *place, const char *name, char path[PLACE_BYTES])
{
    (void)snprintf(path, PLACE_BYTES, "%s/%s", place->directory, name);
}

static int64_t size_of(const struct store *place, const char *name)
{
    char path[PLACE_BYTES];
    int64_t bytes = 0;
    path_of(place, name, path);
    int result = store_disk_system.size(NULL, path, &bytes);
    return result < 0 ? result : bytes;
}

/* root may put a ledger where the service's own user will need it. */
static int give_to_owner(const char *directory, const char *path)
{
    struct stat owner;
    if (geteuid() != 0)
        return 0;
    if (stat(directory, &owner) < 0 || lchown(path, owner.st_uid, owner.st_gid) < 0)
        return -errno;
    return 0;
}

/* --- before --- */

int store_restore_lock(struct store *place, struct err *err)
{
    char path[PLACE_BYTES];
    if (mkdir(place->directory, 0700) < 0 && errno != EEXIST)
        return err_set_errno(err, -errno, "cannot create %s", place->directory);
    int result = store_lock(place, err);
    if (result < 0)
        return result;
    path_of(place, "lock", path);
    result = give_to_owner(place->directory, path);
    return result < 0 ? err_set_errno(err, result, "cannot use %s", path) : 0;
}

int store_restore_check(struct store *place, struct err *err)
{
    int64_t ledger = size_of(place, "ledger.db"), log = size_of(place, "ledger.db-wal");
    if (ledger >= 0)
        return err_set(err, -EEXIST, "there is a ledger already");
    if (log > 0)
        return err_set(err, -EEXIST, "there is the log of a ledger, with sales in it");
    /* What cannot be looked at may be there: nothing is put over it. */
    int result = ledger != -ENOENT ? (int)ledger : log < 0 && log != -ENOENT ? (int)log : 0;
    return result < 0 ? err_set_errno(err, result, "cannot look for a ledger in %s", place->directory) : 0;
}

/* --- the old one out --- */

static int make_aside(const struct store *place, const struct store_install *install,
                      struct store_installed *installed, char path[PLACE_BYTES])
{
    char wall[WALL_TEXT_BYTES];
    wall_text(install->wall_ms, wall);
    for (size_t i = 0; wall[i]; i++)
        wall[i] = wall[i] == ' ' || wall[i] == ':' ? '-' : wall[i];
    for (int i = 1; i < ASIDE_TRIES; i++) {
        (void)snprintf(installed->aside, sizeof installed->aside, i == 1 ? "set-aside-%s" : "set-aside-%s-%d",
                       wall, i);
        path_of(place, installed->aside, path);
        if (mkdir(path, 0700) == 0)
            return give_to_owner(place->directory, path);
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

/* The ledger before its log: a log alone is refused at a start, a ledger alone would be taken for whole. */
static int set_aside(const struct store *place, const struct store_install *install,
                     struct store_installed *installed)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm"};
    char folder[PLACE_BYTES], from[PLACE_BYTES], to[2 * PLACE_BYTES];
    int result = make_aside(place, install, installed, folder);
    for (size_t i = 0; result == 0 && i < sizeof names / sizeof names[0]; i++) {
        path_of(place, names[i], from);
        (void)snprintf(to, sizeof to, "%s/%s", folder, names[i]);
        if (rename(from, to) < 0 && errno != ENOENT)
            result = -errno;
    }
    if (result == 0)
        result = store_disk_sync_path(&store_disk_system, folder, O_RDONLY | O_DIRECTORY);
    return result;
}

/* --- the new one in --- */

static int verify_place(const char *path, const struct store_install *install,
                        struct store_installed *installed, struct err *err)
{
    struct store *copy = NULL;
    struct store_check check = {0};
    int result = store_copy_open(path, &copy, err);
    if (result == 0 && (result = store_verify(copy, install->sha256, &check)) < 0)
        (void)err_set_errno(err, result, "what was written cannot be read back");
    if (result == 0 && check.first_bad_position)
        result = err_set(err, -EIO, "what was written reads back damaged at position %llu: %s",
                         (unsigned long long)check.first_bad_position, check.words);
    if (result == 0 && (result = store_origin(copy, &installed->origin)) < 0)
        (void)err_set_errno(err, result, "what was written cannot be read back");
    installed->events = check.events;
    installed->practice = copy && copy->practice;
    store_close(copy);
    return result;
}

int store_restore_finish(struct store *place, const struct store_install *install,
                         struct store_installed *installed, struct err *err)
{
    char path[PLACE_BYTES], final[PLACE_BYTES];
    const struct store_disk *disk = &store_disk_system;
    path_of(place, STORE_INSTALL_NAME, path);
    path_of(place, "ledger.db", final);
    int result = store_disk_sync_path(disk, path, O_RDWR);
    if (result == 0)
        result = give_to_owner(place->directory, path);
    if (result < 0)
        return err_set_errno(err, result, "the ledger cannot be written");
    result = verify_place(path, install, installed, err);
    if (result < 0)
        return result;
    result = store_disk_sync_path(disk, place->directory, O_RDONLY | O_DIRECTORY);
    if (result == 0)
        result = store_restore_check(place, NULL);
    if (result == -EEXIST && install->set_aside)
        result = set_aside(place, install, installed);
    if (result == 0)
        result = store_disk_sync_path(disk, place->directory, O_RDONLY | O_DIRECTORY);
    if (result == 0)
        result = disk->rename(disk->user, path, final);
    if (result == 0)
        result = store_disk_sync_path(disk, place->directory, O_RDONLY | O_DIRECTORY);
    return result < 0 ? err_set_errno(err, result, "the ledger cannot be put in its place") : 0;
}

/* --- from a backup --- */

static int check_source(struct store *source, const struct store_install *install, struct err *err)
{
    struct store_check check;
    int result = store_verify(source, install->sha256, &check);
    if (result < 0)
        return err_set_errno(err, result, "it cannot be read");
    if (check.first_bad_position)
        return err_set(err, -EUCLEAN, "it is damaged at position %llu: %s",
                       (unsigned long long)check.first_bad_position, check.words);
    return check.events ? 0 : err_set(err, -EUCLEAN, "there is no event in it");
}

static int fill(struct store *source, struct store *target, struct err *err)
{
    struct store_origin origin = {.kind = STORE_ORIGIN_BACKUP};
    int result = store_copy_rows(source, target, &origin.position, err);
    if (result == 0)
        result = store_prepare(target, err);
    if (result < 0)
        return result;
    struct store_origin from;
    int marked = store_origin(source, &from);
    if (marked == -ENOENT) /* not one of our backups, but a copy all the same */
        marked = store_origin_put(target, &origin);
    result =
        marked < 0
            ? marked
            : store_errno(sqlite3_exec(target->db, "DELETE FROM meta WHERE key GLOB '" STORE_META_TEXT "*'",
                                       NULL, NULL, NULL));
    if (result == 0)
        result = store_run(store_use(target, SQL_COMMIT));
    return result < 0 ? err_set_errno(err, result, "the ledger cannot be written") : 0;
}

static int write_beside(struct store *source, const struct store *place, struct err *err)
{
    char path[PLACE_BYTES];
    int64_t schema;
    struct store *target = store_make(place->directory, NULL);
    if (!target)
        return err_set(err, -ENOMEM, "out of memory");
    path_of(place, STORE_INSTALL_NAME, path);
    int result = unlink(path) < 0 && errno != ENOENT ? -errno : 0; /* of one that was cut off */
    if (result < 0)
        (void)err_set_errno(err, result, "cannot remove %s", path);
    if (result == 0)
        result = store_schema_of(source, &schema, err);
    if (result == 0)
        result = store_copy_new(target, STORE_INSTALL_NAME, schema, err);
    if (result == 0)
        result = fill(source, target, err);
    store_free(target);
    return result;
}

static int restore(struct store *source, struct store *place, const struct store_install *install,
                   struct store_installed *installed, struct err *err)
{
    char path[PLACE_BYTES];
    int result = check_source(source, install, err);
    if (result == 0)
        result = store_restore_lock(place, err);
    if (result == 0 && !install->set_aside)
        result = store_restore_check(place, err);
    if (result < 0)
        return result;
    result = write_beside(source, place, err);
    if (result == 0)
        result = store_restore_finish(place, install, installed, err);
    path_of(place, STORE_INSTALL_NAME, path);
    /* Once the old ledger is out of its place the new one stays: a start must find it and refuse. */
    if (result < 0 && !*installed->aside)
        (void)unlink(path);
    return result;
}

int store_restore(const char *file, const struct store_install *install, struct store_installed *installed,
                  struct err *err)
{
    struct store *source = NULL;
    struct store *place = store_make(install->directory, NULL);
    *installed = (struct store_installed){0};
    int result = place ? store_copy_open(file, &source, err) : err_set(err, -ENOMEM, "out of memory");
    if (result < 0)
        (void)err_prefix(err, result, "%s", file);
    if (result == 0)
        result = restore(source, place, install, installed, err);
    store_close(source);
    if (place)
        store_free(place);
    return result;
}

/* --- small files --- */

int store_restore_file(const char *directory, const char *name, const char *text, struct err *err)
{
    char path[PLACE_BYTES], part[PLACE_BYTES + 8];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return err_set(err, -ENAMETOOLONG, "the name is too long");
    (void)snprintf(part, sizeof part, "%s.new", path);
    FD_AUTO int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int result = fd < 0 ? -errno : store_disk_system.write(NULL, fd, text, strlen(text), 0);
    if (result == 0)
        result = give_to_owner(directory, part);
    if (result == 0 && (fsync(fd) < 0 || rename(part, path) < 0))
        result = -errno;
    if (result == 0)
        result = store_disk_sync_path(&store_disk_system, directory, O_RDONLY | O_DIRECTORY);
    return result < 0 ? err_set_errno(err, result, "cannot write %s", path) : 0;
}
