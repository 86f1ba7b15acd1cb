/* Making a new ledger file. Under a temporary name until it is whole and on the card, so that a power cut
 * while creating leaves no half ledger behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_internal.h"

static int sync_directory(const char *path)
{
    FD_AUTO int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int put_identity(struct store *store, const struct store_start *start, struct err *err)
{
    sqlite3_stmt *put = NULL;
    if (sqlite3_prepare_v2(store->db, "INSERT INTO meta (key, value) VALUES ('device', ?1), ('practice', ?2)",
                           -1, &put, NULL) != SQLITE_OK)
        return err_set(err, -EIO, "%s", sqlite3_errmsg(store->db));
    store_bind_id(put, 1, start->new_device);
    store_bind_u(put, 2, start->practice);
    int result = store_run(put);
    (void)sqlite3_finalize(put);
    return result < 0 ? err_set_errno(err, result, "the device's id cannot be written") : 0;
}

static int fill(struct store *store, const struct store_start *start, struct err *err)
{
    char application[64];
    (void)snprintf(application, sizeof application, "PRAGMA application_id = %d", (int)STORE_APPLICATION_ID);
    int result = store_pragma(store, "PRAGMA page_size = 1024", err);
    if (result == 0)
        result = store_pragma(store, application, err);
    if (result == 0)
        result = store_migrate(store, err);
    return result == 0 ? put_identity(store, start, err) : result;
}

static int remove_if_there(const char *path, struct err *err)
{
    return unlink(path) < 0 && errno != ENOENT ? err_set_errno(err, -errno, "cannot remove %s", path) : 0;
}

/* A log without its ledger holds sales: a new ledger under the same name would take them for its own. */
static int refuse_orphaned_log(const char *path, struct err *err)
{
    char log[STORE_PATH_MAX_BYTES + 32];
    struct stat status;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    if (stat(log, &status) < 0)
        return errno == ENOENT ? 0 : err_set_errno(err, -errno, "cannot use %s", log);
    return status.st_size == 0
               ? 0
               : err_set(
                     err, -EUCLEAN,
                     "%s is gone, but %s, which holds its last sales, is still there; put the ledger back, "
                     "or move both away",
                     path, log);
}

/* The file's name, and the state directory's own: it may have been made a moment ago. */
static int sync_names(struct store *store)
{
    char parent[STORE_PATH_MAX_BYTES + 8];
    (void)snprintf(parent, sizeof parent, "%s/..", store->directory);
    int result = sync_directory(store->directory);
    int above = result == 0 ? sync_directory(parent) : result;
    return above == -EACCES ? 0 : above; /* the service manager made it, and long ago */
}

int store_create(struct store *store, const struct store_start *start, const char *path, struct err *err)
{
    char temporary[STORE_PATH_MAX_BYTES + 32], journal[STORE_PATH_MAX_BYTES + 48];
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    (void)snprintf(journal, sizeof journal, "%s-journal", temporary);
    int result = refuse_orphaned_log(path, err);
    if (result == 0)
        result = remove_if_there(temporary, err);
    if (result == 0)
        result = remove_if_there(journal, err); /* of a creation that a power cut ended */
    if (result < 0)
        return result;
    FD_AUTO int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot create %s", temporary);
    result = store_connect(store, "ledger.db.new", SQLITE_OPEN_READWRITE, err);
    if (result == 0)
        result = fill(store, start, err);
    (void)sqlite3_close(store->db);
    store->db = NULL;
    if (result < 0)
        return err_prefix(err, result, "cannot create the ledger");
    if (fsync(fd) < 0 || rename(temporary, path) < 0)
        return err_set_errno(err, -errno, "cannot create %s", path);
    result = sync_names(store);
    return result < 0 ? err_set_errno(err, result, "cannot create %s", path) : 0;
}
