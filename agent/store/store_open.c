/* Opening, creating, locking and closing the ledger file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_internal.h"

enum { APPLICATION_ID = 0x46415253 }; /* "FARS", so that file(1) and we know the file as ours */

static const char *const migrations[] = {
#include "migrations.inc"
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

/* --- lock
 * ----------------------------------------------------------------------------------------------------------------
 */

int store_lock(struct store *store, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/lock", store->directory);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return err_set_errno(err, -errno, "cannot open %s", path);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(store->lock_fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno == EAGAIN || errno == EACCES)
        return err_set(err, -EBUSY, "another fairstockd is using this state directory; stop it first");
    return err_set_errno(err, -errno, "cannot lock %s", path);
}

/* --- the connection
 * ---------------------------------------------------------------------------------------------------------
 */

static int pragma(struct store *store, const char *sql, struct err *err)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return err_set(err, store_errno(result), "%s: %s", sql, sqlite3_errmsg(store->db));
    return 0;
}

static int64_t pragma_value(struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

/* psow=0: a damaged block must not take acknowledged sales with it (docs/decisions/0011-psow.md). */
static int connect_file(struct store *store, const char *name, int flags, struct err *err)
{
    char uri[STORE_PATH_MAX_BYTES + 64];
    (void)snprintf(uri, sizeof uri, "file:%s/%s?psow=0", store->directory, name);
    int result = sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK)
        return err_set(err, store_errno(result), "cannot open %s: %s", name,
                       store->db ? sqlite3_errmsg(store->db) : "out of memory");
    (void)sqlite3_extended_result_codes(store->db, 1);
    int persist = 1;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    return 0;
}

/* Each migration is one transaction with its version number, so a power cut leaves the old or the new schema.
 */
static int migrate(struct store *store, struct err *err)
{
    int64_t version = pragma_value(store, "PRAGMA user_version");
    if (version < 0 || version > SCHEMA_VERSION)
        return err_set(err, -ENOTSUP,
                       "this ledger was written by a newer Fairstock (schema %lld, this program knows %d)",
                       (long long)version, (int)SCHEMA_VERSION);
    for (int64_t next = version; next < SCHEMA_VERSION; next++) {
        char finish[64];
        (void)snprintf(finish, sizeof finish, "PRAGMA user_version = %lld; COMMIT", (long long)next + 1);
        int result = pragma(store, "BEGIN IMMEDIATE", err);
        if (result == 0)
            result = pragma(store, migrations[next], err);
        if (result == 0)
            result = pragma(store, finish, err);
        if (result < 0)
            return err_prefix(err, result, "schema %lld", (long long)next + 1);
    }
    return 0;
}

/* --- creating
 * ------------------------------------------------------------------------------------------------------------------
 */

static int sync_path(const char *path, int flags)
{
    FD_AUTO int fd = open(path, flags | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int fill_new_file(struct store *store, const struct store_start *start, struct err *err)
{
    char application[64];
    (void)snprintf(application, sizeof application, "PRAGMA application_id = %d", (int)APPLICATION_ID);
    int result = pragma(store, "PRAGMA page_size = 1024", err);
    if (result == 0)
        result = pragma(store, application, err);
    if (result == 0)
        result = migrate(store, err);
    sqlite3_stmt *put = NULL;
    if (result == 0 &&
        sqlite3_prepare_v2(store->db, "INSERT INTO meta (key, value) VALUES ('device', ?1), ('practice', ?2)",
                           -1, &put, NULL) != SQLITE_OK)
        result = err_set(err, -EIO, "%s", sqlite3_errmsg(store->db));
    if (result == 0) {
        store_bind_id(put, 1, start->new_device);
        store_bind_u(put, 2, start->practice);
        result = store_run(put);
    }
    (void)sqlite3_finalize(put);
    return result;
}

/* Under a temporary name until it is whole: a power cut while creating leaves no half ledger behind. */
static int create(struct store *store, const struct store_start *start, const char *path, struct err *err)
{
    char temporary[STORE_PATH_MAX_BYTES + 32];
    (void)snprintf(temporary, sizeof temporary, "%s/ledger.db.new", store->directory);
    if (unlink(temporary) < 0 && errno != ENOENT)
        return err_set_errno(err, -errno, "cannot remove %s", temporary);
    FD_AUTO int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot create %s", temporary);
    int result = connect_file(store, "ledger.db.new", SQLITE_OPEN_READWRITE, err);
    if (result == 0)
        result = fill_new_file(store, start, err);
    (void)sqlite3_close(store->db);
    store->db = NULL;
    if (result < 0)
        return err_prefix(err, result, "cannot create the ledger");
    if (fsync(fd) < 0 || rename(temporary, path) < 0)
        return err_set_errno(err, -errno, "cannot create %s", path);
    result = sync_path(store->directory, O_RDONLY | O_DIRECTORY);
    return result < 0 ? err_set_errno(err, result, "cannot create %s", path) : 0;
}

static int wal_hook(void *user, sqlite3 *db, const char *name, int frames)
{
    struct store *store = user;
    (void)db;
    (void)name;
    store->wal_frames = frames;
    return SQLITE_OK;
}

static int configure(struct store *store, struct err *err)
{
    int result =
        pragma(store,
               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
               "PRAGMA journal_size_limit = -1; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY",
               err);
    if (result == 0 && pragma_value(store, "PRAGMA application_id") != APPLICATION_ID)
        return err_set(err, -EUCLEAN, "ledger.db is not a Fairstock ledger");
    (void)sqlite3_wal_hook(store->db, wal_hook, store);
    return result == 0 ? migrate(store, err) : result;
}

int store_open_file(struct store *store, const struct store_start *start, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db", store->directory);
    struct stat status;
    if (stat(path, &status) < 0) {
        if (errno != ENOENT)
            return err_set_errno(err, -errno, "cannot use %s", path);
        int result = create(store, start, path, err);
        if (result < 0)
            return result;
    }
    int result = connect_file(store, "ledger.db", SQLITE_OPEN_READWRITE, err);
    return result == 0 ? configure(store, err) : result;
}

/* --- this start's epoch
 * ------------------------------------------------------------------------------------------------------------
 */

static int add_epoch_row(struct store *store, const struct store_start *start)
{
    sqlite3_stmt *add = store_use(store, SQL_EPOCH_ADD);
    store_bind_u(add, 1, store->epoch_position);
    store_bind_u(add, 2, store->generation);
    store_bind_id(add, 3, store->epoch);
    store_bind_id(add, 4, start->boot);
    store_bind_i(add, 5, start->wall_ms);
    store_bind_i(add, 6, start->boottime_ms);
    store_bind_u(add, 7, start->clock_quality);
    return store_run(add);
}

static void fill_parent(struct store *store, struct event *event)
{
    if (!store->last_position)
        return;
    struct event_id parent = store_event_id(store, store->last_position);
    event->epoch.parent_epoch = parent.epoch;
    event->epoch.parent_sequence = parent.sequence;
    memcpy(event->epoch.parent_hash, store->hash, HASH_BYTES);
}

static int write_epoch(struct store *store, const struct store_start *start)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 1};
    event.epoch.device = store->device;
    event.epoch.epoch = start->epoch;
    event.epoch.boot = start->boot;
    event.epoch.wall_ms = start->wall_ms;
    event.epoch.quality = start->clock_quality;
    event.epoch.boottime_ms = (uint64_t)start->boottime_ms;
    event.epoch.flags = store->practice ? 1 : 0;
    event.epoch.program = text_of(start->program);
    fill_parent(store, &event);
    store->generation += store->last_position ? 1 : 0;
    event.epoch.generation = store->generation;
    store->epoch = start->epoch;
    store->boottime_ms = start->boottime_ms;
    store->epoch_position = store->last_position + 1;
    uint8_t bytes[512];
    int length = event_encode(&event, bytes, sizeof bytes);
    if (length < 0)
        return length;
    int result = store_begin(store);
    if (result == 0)
        result = store_append(store, bytes, (size_t)length);
    if (result == 0)
        result = add_epoch_row(store, start);
    return store_end(store, result);
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------------------------
 */

static struct store *make(const char *directory)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->lock_fd = -1;
    store->open_cards = -1;
    (void)snprintf(store->directory, sizeof store->directory, "%s", directory);
    return store;
}

static void disconnect(struct store *store)
{
    store_finalize(store);
    (void)sqlite3_close(store->db);
    store->db = NULL;
    book_free(store->book);
    store->book = NULL;
}

static int check_practice(struct store *store, const struct store_start *start, struct err *err)
{
    int64_t practice = 0;
    int result = store_get_meta(store, "practice", &practice);
    if (result < 0)
        return err_set(err, -EUCLEAN, "the ledger does not say whether it is practice");
    store->practice = practice != 0;
    if (store->practice == start->practice)
        return 0;
    return store->practice
               ? err_set(err, -EPERM,
                         "this is a practice ledger; a real stall needs a state directory of its own")
               : err_set(err, -EPERM, "this is a real ledger; practice needs a state directory of its own");
}

static int start_up(struct store *store, const struct store_start *start, struct err *err)
{
    store->sha256 = start->sha256;
    store->book = book_new();
    int result = store->book ? store_open_file(store, start, err) : err_set(err, -ENOMEM, "out of memory");
    if (result == 0)
        result = store_prepare(store, err);
    if (result == 0)
        result = check_practice(store, start, err);
    if (result == 0)
        result = store_load(store, err);
    if (result < 0)
        return result;
    result = write_epoch(store, start);
    return result < 0 ? err_set_errno(err, result, "cannot write this start into the ledger") : 0;
}

int store_open(const char *directory, const struct store_start *start, struct store **store, struct err *err)
{
    struct store *made = make(directory);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    int result = store_lock(made, err);
    if (result == 0)
        result = start_up(made, start, err);
    if (result < 0) {
        disconnect(made);
        cleanup_fd(&made->lock_fd);
        free(made);
        return result;
    }
    *store = made;
    return 0;
}

int store_open_readonly(const char *directory, struct store **store, struct err *err)
{
    struct store *made = make(directory);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->readonly = true;
    int result = connect_file(made, "ledger.db", SQLITE_OPEN_READONLY, err);
    if (result == 0 && pragma_value(made, "PRAGMA application_id") != APPLICATION_ID)
        result = err_set(err, -EUCLEAN, "ledger.db is not a Fairstock ledger");
    if (result == 0)
        result = store_prepare(made, err);
    if (result == 0)
        result = store_load_head(made, err);
    if (result < 0) {
        disconnect(made);
        free(made);
        return result;
    }
    *store = made;
    return 0;
}

/* The orderly end: a seal, a snapshot, the WAL brought home. Each is a convenience; none may turn a stop into
 * an error. */
static void finish(struct store *store)
{
    int result = store_begin(store);
    if (result == 0)
        result = store_end(store, store_append_seal(store, 0));
    if (result == 0)
        result = store_snapshot(store);
    if (result == 0)
        (void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (!store->readonly && !store->dead && store->db)
        finish(store);
    disconnect(store);
    cleanup_fd(&store->lock_fd);
    free(store);
}

int store_reopen(struct store *store, const struct store_start *start, struct err *err)
{
    disconnect(store);
    store->dead = false;
    store->wal_ready = false;
    store->open_cards = -1;
    store->last_position = store->seal_position = store->snapshot_position = store->generation = 0;
    int result = start_up(store, start, err);
    if (result < 0)
        store->dead = true;
    return result;
}
