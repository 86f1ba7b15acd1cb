/* Making a new ledger file. Under a temporary name until it is whole and on the card, so that a power cut
 * while creating leaves no half ledger behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "store/store_restore_internal.h"

static int put_identity(struct store *store, const struct store_start *start, struct err *err)
{
    sqlite3_stmt *put = NULL;
    if (sqlite3_prepare_v2(store->db, "INSERT INTO meta (key, value) VALUES ('device', ?1), ('practice', ?2)",
                           -1, &put, NULL) != SQLITE_OK)
        return err_set(err, -EIO, "%s", sqlite3_errmsg(store->db));
    store_bind_id(put, 1, &start->new_device);
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
        result = store_migrate(store, store_schema_version(), err);
    return result == 0 ? put_identity(store, start, err) : result;
}

static int remove_if_there(struct store *store, const char *path, struct err *err)
{
    int result = store->disk->remove(store->disk->user, path);
    return result < 0 && result != -ENOENT ? err_set_errno(err, result, "cannot remove %s", path) : 0;
}

/* A restore that a power cut ended between the old ledger and the new one. */
static int refuse_half_restore(struct store *store, struct err *err)
{
    char half[STORE_PATH_MAX_BYTES + 32];
    (void)snprintf(half, sizeof half, "%s/%s", store->directory, STORE_INSTALL_NAME);
    int result = store->disk->size(store->disk->user, half, NULL);
    if (result == -ENOENT)
        return 0;
    return result < 0
               ? err_set_errno(err, result, "cannot use %s", half)
               : err_set(err, -EUCLEAN,
                         "a restore was cut off before its end; type the same fairstock command again");
}

/* A log without its ledger holds sales: a new ledger under the same name would take them for its own. */
static int refuse_orphaned_log(struct store *store, const char *path, struct err *err)
{
    char log[STORE_PATH_MAX_BYTES + 32];
    (void)snprintf(log, sizeof log, "%s-wal", path);
    int64_t bytes = 0;
    int result = store->disk->size(store->disk->user, log, &bytes);
    if (result < 0)
        return result == -ENOENT ? 0 : err_set_errno(err, result, "cannot use %s", log);
    return bytes == 0
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
    int result = store_disk_sync_path(store->disk, store->directory, O_RDONLY | O_DIRECTORY);
    int above = result == 0 ? store_disk_sync_path(store->disk, parent, O_RDONLY | O_DIRECTORY) : result;
    return above == -EACCES ? 0 : above; /* the service manager made it, and long ago */
}

/* SQLite's part: connects, fills, disconnects. */
static int build(struct store *store, const struct store_start *start, struct err *err)
{
    int result = store_connect(store, "ledger.db.new", SQLITE_OPEN_READWRITE, err);
    if (result == 0)
        result = fill(store, start, err);
    (void)sqlite3_close(store->db);
    store->db = NULL;
    return result;
}

int store_create(struct store *store, const struct store_start *start, const char *path, struct err *err)
{
    char temporary[STORE_PATH_MAX_BYTES + 32], journal[STORE_PATH_MAX_BYTES + 48];
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    (void)snprintf(journal, sizeof journal, "%s-journal", temporary);
    int result = refuse_half_restore(store, err);
    if (result == 0)
        result = refuse_orphaned_log(store, path, err);
    if (result == 0)
        result = remove_if_there(store, temporary, err);
    if (result == 0)
        result = remove_if_there(store, journal, err); /* of a creation that a power cut ended */
    if (result < 0)
        return result;
    const struct store_disk *disk = store->disk;
    int handle = disk->open(disk->user, temporary, O_RDWR | O_CREAT | O_EXCL);
    if (handle < 0)
        return err_set_errno(err, handle, "cannot create %s", temporary);
    result = build(store, start, err);
    if (result == 0 && (result = disk->sync(disk->user, handle)) < 0)
        (void)err_set_errno(err, result, "cannot sync %s", temporary);
    disk->close(disk->user, handle);
    if (result < 0)
        return err_prefix(err, result, "cannot create the ledger");
    result = disk->rename(disk->user, temporary, path);
    if (result == 0)
        result = sync_names(store);
    return result < 0 ? err_set_errno(err, result, "cannot create %s", path) : 0;
}
