/* A backup: one file, under a temporary name until it is whole, synced and verified from where it lies. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_backup.h"
#include "store/store_copy_internal.h"
#include "store/store_origin.h"

enum { SPARE_BYTES = 1024 * 1024, NUMBER_MAX = 99999999 };

struct folder {
    const char *path;
    int fd;
    char device[9];           /* the first digits of the device's id */
    unsigned highest, oldest; /* numbers of its backups here; 0: none */
    unsigned count;
};

/* --- what lies in the folder --- */

/* The number of a backup of this device, 0 for any other name. */
static unsigned number_of(const struct folder *folder, const char *name)
{
    char device[9], end[sizeof ".ledger"];
    unsigned number;
    if (sscanf(name, "fairstock-%8[0-9a-f]-%8u-%*[0-9]-%*[0-9]-%*[0-9]%7s", device, &number, end) != 3 ||
        strcmp(device, folder->device) != 0 || strcmp(end, ".ledger") != 0)
        return 0;
    return number;
}

/* What a backup that did not get to its end has left. */
static bool is_part(const struct folder *folder, const char *name)
{
    char start[sizeof "fairstock-01234567-"];
    size_t length = strlen(name);
    (void)snprintf(start, sizeof start, "fairstock-%s-", folder->device);
    return strncmp(name, start, strlen(start)) == 0 && length > 5 && strcmp(name + length - 5, ".part") == 0;
}

/* Looks through the folder; with a number also copies the name of that backup. */
static int look(struct folder *folder, unsigned number, char name[STORE_COPY_NAME_BYTES])
{
    int again = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    if (!entries) {
        int result = -errno;
        if (again >= 0)
            (void)close(again);
        return result;
    }
    folder->count = folder->highest = folder->oldest = 0;
    const struct dirent *entry;
    for (errno = 0; (entry = readdir(entries)); errno = 0) {
        unsigned found = number_of(folder, entry->d_name);
        if (is_part(folder, entry->d_name))
            (void)unlinkat(folder->fd, entry->d_name, 0); /* one that stays costs room, nothing else */
        if (!found)
            continue;
        folder->count++;
        folder->highest = found > folder->highest ? found : folder->highest;
        folder->oldest = !folder->oldest || found < folder->oldest ? found : folder->oldest;
        if (found == number)
            (void)snprintf(name, STORE_COPY_NAME_BYTES, "%.*s", STORE_COPY_NAME_BYTES - 1, entry->d_name);
    }
    int result = -errno;
    (void)closedir(entries);
    return result;
}

static int open_folder(struct folder *folder, struct store *source, struct err *err)
{
    char device[ID128_TEXT_BYTES];
    id128_text(source->device, device);
    (void)snprintf(folder->device, sizeof folder->device, "%.8s", device);
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        return err_set_errno(err, -errno, "cannot use the folder");
    if (flock(folder->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return err_set(err, -EBUSY, "another backup is being written there; wait for it");
    int result = look(folder, 0, NULL);
    return result < 0 ? err_set_errno(err, result, "the folder cannot be read") : 0;
}

static int check_room(const struct folder *folder, struct store *source, struct err *err)
{
    struct statvfs disk;
    struct stat ledger;
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db", source->directory);
    if (fstatvfs(folder->fd, &disk) < 0)
        return err_set_errno(err, -errno, "the folder's disk cannot be looked at");
    if (stat(path, &ledger) < 0)
        return err_set_errno(err, -errno, "cannot use %s", path);
    uint64_t have = (uint64_t)disk.f_bavail * disk.f_frsize, need = (uint64_t)ledger.st_size + SPARE_BYTES;
    if (have >= need)
        return 0;
    return err_set(err, -ENOSPC, "it needs %llu KB and %llu KB are free", (unsigned long long)need / 1024,
                   (unsigned long long)have / 1024);
}

/* --- the file --- */

static int put_texts(struct store *target, const struct store_backup_request *request)
{
    sqlite3_stmt *put = NULL;
    int prepared = sqlite3_prepare_v2(target->db, store_sql[SQL_META_PUT], -1, &put, NULL);
    int result = prepared == SQLITE_OK ? 0 : store_errno(prepared);
    for (size_t i = 0; result == 0 && i < request->text_count; i++) {
        char key[128];
        (void)snprintf(key, sizeof key, STORE_META_TEXT "%s", request->texts[i].name);
        store_bind_text(put, 1, key);
        store_bind_text(put, 2, request->texts[i].text);
        result = store_run(put);
    }
    (void)sqlite3_finalize(put);
    return result;
}

static int fill(struct store *source, struct store *target, const struct store_backup_request *request,
                struct err *err)
{
    struct store_origin origin = {STORE_ORIGIN_BACKUP, request->wall_ms, 0};
    int result = store_copy_rows(source, target, &origin.position, err);
    if (result < 0)
        return result;
    result = store_prepare(target, err);
    if (result == 0)
        result = store_origin_put(target, &origin);
    if (result == 0)
        result = put_texts(target, request);
    if (result == 0)
        result = store_run(store_use(target, SQL_COMMIT));
    if (result == -EIO && sqlite3_system_errno(target->db) > 0)
        result = -sqlite3_system_errno(target->db);
    return result < 0 ? err_set_errno(err, result, "the copy cannot be written") : 0;
}

/* After a lazy unmount all this still works, on a folder that nobody will find again. */
static int still_there(const struct folder *folder)
{
    struct stat held, named;
    if (fstat(folder->fd, &held) < 0 || stat(folder->path, &named) < 0)
        return -errno;
    return held.st_dev == named.st_dev && held.st_ino == named.st_ino ? 0 : -ENODEV;
}

/* Reads back what the disk has, not what the kernel remembers of it, as far as the kernel can be asked to. */
static int read_back(const struct folder *folder, const char *name, int fd,
                     const struct store_backup_request *request, struct store_backup_report *report,
                     struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + STORE_COPY_NAME_BYTES];
    struct store *copy = NULL;
    struct store_check check = {0};
    int result = still_there(folder);
    if (result < 0)
        return err_set_errno(err, result, "the folder is not where it was");
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    result = store_copy_open(path, &copy, err);
    if (result == 0 && (result = store_verify(copy, request->sha256, &check)) < 0)
        (void)err_set_errno(err, result, "the copy cannot be read back");
    if (result == 0 && check.first_bad_position)
        result = err_set(err, -EBADE, "at position %llu: %s", (unsigned long long)check.first_bad_position,
                         check.words);
    if (result == 0) {
        report->events = check.events;
        report->witness = (struct witness){.last = store_event_id(copy, copy->last_position),
                                           .position = copy->last_position,
                                           .wall_ms = request->wall_ms};
        memcpy(report->witness.hash, check.hash, HASH_BYTES);
    }
    store_close(copy);
    return result == -EUCLEAN ? -EBADE : result;
}

static int write_file(struct store *source, const struct folder *folder, const char *part,
                      const struct store_backup_request *request, struct store_backup_report *report,
                      struct err *err)
{
    struct store *target = store_make(folder->path, NULL);
    if (!target)
        return err_set(err, -ENOMEM, "out of memory");
    int64_t schema;
    int result = store_schema_of(source, &schema, err);
    if (result == 0)
        result = store_copy_new(target, part, schema, err);
    if (result == 0)
        result = fill(source, target, request, err);
    store_free(target);
    FD_AUTO int fd = result == 0 ? openat(folder->fd, part, O_RDONLY | O_CLOEXEC) : -1;
    struct stat status;
    if (result == 0 && (fd < 0 || fsync(fd) < 0 || fstat(fd, &status) < 0))
        return err_set_errno(err, -errno, "the copy cannot be written");
    if (result == 0)
        report->bytes = status.st_size;
    return result == 0 ? read_back(folder, part, fd, request, report, err) : result;
}

/* --- names --- */

/* A file system that cannot sync a folder alone (some do not) syncs everything. */
static int sync_folder(const struct folder *folder)
{
    if (fsync(folder->fd) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EROFS)
        return -errno;
    return syncfs(folder->fd) < 0 ? -errno : 0;
}

static int give_name(const struct folder *folder, const char *part, const char *name, struct err *err)
{
    int result = still_there(folder);
    if (result == 0 && renameat(folder->fd, part, folder->fd, name) < 0)
        result = -errno;
    if (result == 0)
        result = sync_folder(folder);
    if (result == 0)
        result = still_there(folder);
    return result < 0 ? err_set_errno(err, result, "the copy cannot be given its name") : 0;
}

static int write_witness(const struct folder *folder, const struct store_backup_request *request,
                         const struct witness *witness, struct err *err)
{
    char name[STORE_COPY_NAME_BYTES], part[STORE_COPY_NAME_BYTES];
    BUF_AUTO struct buf text = buf_new(WITNESS_TEXT_MAX_BYTES);
    witness_format(witness, request->sha256, &text);
    store_witness_name(witness->last.device, name);
    (void)snprintf(part, sizeof part, "fairstock-%s-witness.part", folder->device);
    FD_AUTO int fd = openat(folder->fd, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int result = fd < 0 ? -errno : buf_error(&text);
    if (result == 0)
        result = store_disk_system.write(NULL, fd, buf_text(&text), text.length, 0);
    if (result == 0 && fsync(fd) < 0)
        result = -errno;
    if (result == 0 && renameat(folder->fd, part, folder->fd, name) < 0)
        result = -errno;
    if (result == 0)
        result = sync_folder(folder);
    return result < 0 ? err_set_errno(err, result, "the backup is whole, but its witness cannot be written")
                      : 0;
}

static int remove_older(struct folder *folder, unsigned keep, unsigned *removed)
{
    char name[STORE_COPY_NAME_BYTES];
    for (;;) {
        int result = look(folder, 0, NULL);
        if (result < 0 || folder->count <= keep)
            return result;
        result = look(folder, folder->oldest, name);
        if (result == 0 && unlinkat(folder->fd, name, 0) < 0)
            result = -errno;
        if (result < 0)
            return result;
        ++*removed;
    }
}

/* --- all of it --- */

static bool on_same_disk(const struct folder *folder, const struct store *source)
{
    struct stat there, here;
    return fstat(folder->fd, &there) == 0 && stat(source->directory, &here) == 0 &&
           there.st_dev == here.st_dev;
}

/* Damage that is in the ledger itself is told apart from a stick that gave back something else. */
static int explain_damage(struct store *source, const struct store_backup_request *request, struct err *err)
{
    struct store_check check = {0};
    int result = store_verify(source, request->sha256, &check);
    if (result == 0 && !check.first_bad_position)
        return err_prefix(err, -EBADE,
                          "what was read back from there is not what was written: do not trust that stick");
    return err_set(err, -EUCLEAN, "the ledger itself is damaged at position %llu: %s",
                   (unsigned long long)(result < 0 ? 0 : check.first_bad_position),
                   result < 0 ? strerrordesc_np(-result) : check.words);
}

static int make(struct store *source, struct folder *folder, const struct store_backup_request *request,
                struct store_backup_report *report, struct err *err)
{
    char part[STORE_COPY_NAME_BYTES], wall[WALL_TEXT_BYTES];
    if (folder->highest >= NUMBER_MAX)
        return err_set(err, -EINVAL, "its backups are numbered to the end; use an empty folder");
    wall_text(request->wall_ms, wall);
    (void)snprintf(part, sizeof part, "fairstock-%s-%04u.part", folder->device, folder->highest + 1);
    (void)snprintf(report->name, sizeof report->name, "fairstock-%s-%04u-%.10s.ledger", folder->device,
                   folder->highest + 1, wall);
    int result = write_file(source, folder, part, request, report, err);
    if (result == 0)
        result = give_name(folder, part, report->name, err);
    if (result < 0)
        (void)unlinkat(folder->fd, part, 0); /* a .part counts for nothing anyway */
    return result == -EBADE ? explain_damage(source, request, err) : result;
}

int store_backup(struct store *source, const struct store_backup_request *request,
                 struct store_backup_report *report, struct err *err)
{
    struct folder folder = {.path = request->directory, .fd = -1};
    *report = (struct store_backup_report){0};
    int result = open_folder(&folder, source, err);
    if (result == 0)
        result = check_room(&folder, source, err);
    if (result == 0)
        result = make(source, &folder, request, report, err);
    if (result == 0) {
        report->same_disk = on_same_disk(&folder, source);
        if (!request->keep_witness)
            result = write_witness(&folder, request, &report->witness, err);
    }
    if (result == 0 && (result = remove_older(&folder, request->keep, &report->removed)) < 0)
        (void)err_set_errno(err, result, "the backup is whole, but older ones cannot be removed");
    if (folder.fd >= 0)
        (void)close(folder.fd);
    return result;
}
