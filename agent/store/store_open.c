/* Opening, creating, locking and closing the ledger file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

static const char *const migrations[] = {
#include "migrations.inc"
};
enum { FILE_MIN_BYTES = 512 }; /* the smallest page there is */
enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

/* --- lock
 * ----------------------------------------------------------------------------------------------------------------
 */

int store_lock(struct store *store, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/lock", store->directory);
    const struct store_disk *disk = store->disk;
    store->lock = disk->open(disk->user, path, O_RDWR | O_CREAT);
    if (store->lock < 0)
        return err_set_errno(err, store->lock, "cannot open %s", path);
    int result = disk->lock(disk->user, store->lock);
    if (result == 0)
        return 0;
    if (result == -EAGAIN || result == -EACCES)
        return err_set(err, -EBUSY, "another fairstockd is using this state directory; stop it first");
    return err_set_errno(err, result, "cannot lock %s", path);
}

/* --- the connection
 * ---------------------------------------------------------------------------------------------------------
 */

int store_pragma(struct store *store, const char *sql, struct err *err)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return err_set(err, store_errno(result), "%s: %s", sql, sqlite3_errmsg(store->db));
    return 0;
}

/* A number, such as that of the schema. */
static int pragma_value(struct store *store, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    int prepared = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    int result = prepared == SQLITE_OK ? store_step(statement) : store_errno(prepared);
    if (result == 1)
        *value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return result < 0 ? result : 0;
}

/* A folder may have any name; in a URI these three bytes mean something (SQLite, "URI Filenames"). */
void store_uri_escape(const char *path, char to[3 * STORE_PATH_MAX_BYTES])
{
    for (; *path; path++) {
        if (strchr("%?#", *path))
            to += snprintf(to, 4, "%%%02x", (unsigned)*path);
        else
            *to++ = *path;
    }
    *to = '\0';
}

/* psow=0: a damaged block must not take acknowledged sales with it
 * (docs/decisions/0011-psow-and-page-size.md). */
int store_connect(struct store *store, const char *name, int flags, struct err *err)
{
    char folder[3 * STORE_PATH_MAX_BYTES], uri[sizeof folder + 64];
    store_uri_escape(store->directory, folder);
    (void)snprintf(uri, sizeof uri, "file:%s/%s?psow=0", folder, name);
    int result =
        sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, store->disk->vfs);
    if (result != SQLITE_OK)
        return err_set(err, store_errno(result), "cannot open %s: %s", name,
                       store->db ? sqlite3_errmsg(store->db) : "out of memory");
    (void)sqlite3_extended_result_codes(store->db, 1);
    int persist = 1;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    /* Closing brings nothing home: an orderly stop does it itself, and a dead handle must not. */
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return 0;
}

int64_t store_schema_version(void)
{
    return SCHEMA_VERSION;
}

int store_schema_of(struct store *store, int64_t *schema, struct err *err)
{
    int64_t version = -1;
    int result = pragma_value(store, "PRAGMA user_version", &version);
    if (result < 0)
        return err_set(err, result, "the ledger's schema cannot be read: %s", sqlite3_errmsg(store->db));
    *schema = version;
    return 0;
}

/* Each migration is one transaction with its version number, so a power cut leaves the old or the new schema.
 */
int store_migrate(struct store *store, int64_t to, struct err *err)
{
    int64_t version = -1;
    int result = store_schema_of(store, &version, err);
    if (result < 0)
        return result;
    if (version < 0 || version > SCHEMA_VERSION)
        return err_set(
            err, -ENOTSUP,
            "this ledger was written by a newer Fairstock (schema %lld, this program knows %d); install "
            "that version again, nothing was changed",
            (long long)version, (int)SCHEMA_VERSION);
    for (int64_t next = version; next < to; next++) {
        char finish[64];
        (void)snprintf(finish, sizeof finish, "PRAGMA user_version = %lld; COMMIT", (long long)next + 1);
        result = store_pragma(store, "BEGIN IMMEDIATE", err);
        if (result == 0)
            result = store_pragma(store, migrations[next], err);
        if (result == 0)
            result = store_pragma(store, finish, err);
        if (result < 0)
            return err_prefix(err, result, "schema %lld", (long long)next + 1);
    }
    return 0;
}

static int wal_hook(void *user, sqlite3 *db, const char *name, int frames)
{
    struct store *store = user;
    (void)db;
    (void)name;
    store->wal_frames = frames;
    return SQLITE_OK;
}

/* Not zero: the commit is refused, and nothing is written (sqlite3_commit_hook). */
static int commit_hook(void *user)
{
    const struct store *store = user;
    return store->next_position && sqlite3_last_insert_rowid(store->db) != (int64_t)store->next_position;
}

void store_watch(struct store *store)
{
    (void)sqlite3_wal_hook(store->db, wal_hook, store);
    (void)sqlite3_commit_hook(store->db, commit_hook, store);
}

/* SQLite answers the mode that it could have, not the one that was asked for. */
static bool is_wal(struct store *store)
{
    sqlite3_stmt *ask = NULL;
    bool wal = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &ask, NULL) == SQLITE_OK &&
               sqlite3_step(ask) == SQLITE_ROW &&
               strcmp((const char *)sqlite3_column_text(ask, 0), "wal") == 0;
    (void)sqlite3_finalize(ask);
    return wal;
}

static int configure(struct store *store, struct err *err)
{
    int result =
        store_pragma(store,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
                     "PRAGMA journal_size_limit = -1; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY",
                     err);
    if (result < 0)
        return result;
    int64_t application = -1;
    result = pragma_value(store, "PRAGMA application_id", &application);
    if (result < 0)
        return err_set(err, result, "ledger.db cannot be read: %s", sqlite3_errmsg(store->db));
    if (application != STORE_APPLICATION_ID)
        return err_set(err, -EUCLEAN, "ledger.db is not a Fairstock ledger");
    if (!is_wal(store))
        return err_set(err, -ENOTSUP, "this file system cannot keep the ledger's log (WAL)");
    store_watch(store);
    result = store_log_settle(store, err);
    return result == 0 ? store_migrate(store, SCHEMA_VERSION, err) : result;
}

int store_open_file(struct store *store, const struct store_start *start, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db", store->directory);
    int64_t bytes = 0;
    int result = store->disk->size(store->disk->user, path, &bytes);
    if (result == -ENOENT)
        result = store_create(store, start, path, err);
    else if (result < 0)
        return err_set_errno(err, result, "cannot use %s", path);
    else if (bytes < FILE_MIN_BYTES) /* SQLite would take it for an empty database and write into it */
        return err_set(err, -EUCLEAN, "ledger.db is not a Fairstock ledger");
    if (result < 0)
        return result;
    result = store_connect(store, "ledger.db", SQLITE_OPEN_READWRITE, err);
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
    store_bind_id(add, 3, &store->epoch);
    store_bind_id(add, 4, &start->boot);
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

int store_write_epoch(struct store *store, const struct store_start *start)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 2};
    event.epoch.device = store->device;
    event.epoch.epoch = start->epoch;
    event.epoch.boot = start->boot;
    event.epoch.wall_ms = start->wall_ms;
    event.epoch.quality = start->clock_quality;
    event.epoch.boottime_ms = (uint64_t)start->boottime_ms;
    event.epoch.flags = store->practice ? 1 : 0;
    event.epoch.program = text_of(start->program);
    store_identity_before(store, start, event.epoch.fingerprint);
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
    if (result == 0)
        result = store_identity_start(store);
    if (result == 0 && store_seal_due(store, 1)) /* starts that never sold count too */
        result = store_append_seal(store, 0);
    return store_end(store, result);
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------------------------
 */

struct store *store_make(const char *directory, const struct store_disk *disk)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->disk = disk ? disk : &store_disk_system;
    store->lock = -1;
    store->open_cards = -1;
    (void)snprintf(store->directory, sizeof store->directory, "%s", directory);
    return store;
}

void store_free(struct store *store)
{
    if (store->reader)
        store_free(store->reader);
    store_finalize(store);
    (void)sqlite3_close(store->db);
    book_free(store->book);
    if (store->lock >= 0)
        store->disk->close(store->disk->user, store->lock);
    free(store);
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

int store_start_up(struct store *store, const struct store_start *start, struct err *err)
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
    result = store_write_epoch(store, start);
    if (result == 0)
        return 0;
    /* What a failed sync left in the kernel's cache must not be found, and believed, by the next start. */
    if (store->dead && store_bring_home(store, err) < 0)
        return err_prefix(err, result, "cannot write this start into the ledger");
    return err_set_errno(err, result, "cannot write this start into the ledger");
}

int store_open(const char *directory, const struct store_start *start, struct store **store, struct err *err)
{
    struct store *made = store_make(directory, start->disk);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    int result = store_lock(made, err);
    if (result == 0)
        result = store_start_up(made, start, err);
    if (result < 0) {
        store_free(made);
        return result;
    }
    *store = made;
    return 0;
}

int store_settle_readonly(struct store *store, const char *name, struct err *err)
{
    int64_t version = -1, application = -1;
    int read = pragma_value(store, "PRAGMA user_version", &version);
    if (read == 0)
        read = pragma_value(store, "PRAGMA application_id", &application);
    if (read < 0 && read != -EUCLEAN)
        return err_set(err, read, "%s cannot be read: %s", name, sqlite3_errmsg(store->db));
    if (application != STORE_APPLICATION_ID)
        return err_set(err, -EUCLEAN, "%s is not a Fairstock ledger", name);
    if (version > SCHEMA_VERSION)
        return store_migrate(store, SCHEMA_VERSION, err); /* says so, and changes nothing */
    if (version < 1)                                      /* made, but its first tables never came */
        return err_set(err, -EUCLEAN, "%s is not a Fairstock ledger", name);
    store->older = version < SCHEMA_VERSION;
    int result = store_prepare(store, err);
    return result == 0 ? store_load_head(store, err) : result;
}

int store_open_readonly(const char *directory, struct store **store, struct err *err)
{
    return store_open_reader(directory, NULL, store, err);
}

int store_open_reader(const char *directory, const struct store_disk *disk, struct store **store,
                      struct err *err)
{
    struct store *made = store_make(directory, disk);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->readonly = true;
    int result = store_connect(made, "ledger.db", SQLITE_OPEN_READONLY, err);
    if (result == 0)
        result = store_settle_readonly(made, "ledger.db", err);
    if (result == 0)
        result = store_pragma(made, "PRAGMA cache_size = -512", err);
    if (result < 0) {
        store_free(made);
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
    struct err err = {0};
    /* Who saw a sync fail empties the log: the next start in this boot would believe pages that the kernel
     * never wrote. If that fails too, nobody is left to tell; the start verifies what it finds. */
    if (store->dead && store_bring_home(store, &err) < 0)
        store->dead = true;
    store_free(store);
}
