/* One file as a ledger of its own: making it, and reading it without a state directory around it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_copy_internal.h"

int store_copy_new(struct store *target, const char *name, int64_t schema, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + STORE_COPY_NAME_BYTES], application[64];
    (void)snprintf(path, sizeof path, "%s/%s", target->directory, name);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, -errno, "the copy cannot be made");
    (void)close(fd); /* before SQLite opens it: closing a descriptor drops the process's locks */
    (void)snprintf(application, sizeof application, "PRAGMA application_id = %d", (int)STORE_APPLICATION_ID);
    int result = store_connect(target, name, SQLITE_OPEN_READWRITE, err);
    if (result == 0)
        result = store_pragma(
            target,
            "PRAGMA page_size = 1024; PRAGMA main.locking_mode = EXCLUSIVE; PRAGMA journal_mode = "
            "OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY",
            err);
    if (result == 0)
        result = store_pragma(target, application, err);
    if (result == 0)
        result = store_migrate(target, schema, err);
    if (result == -EIO && target->db && sqlite3_system_errno(target->db) > 0)
        result = -sqlite3_system_errno(target->db);
    return result;
}

int store_copy_has_log(const char *path, bool *log)
{
    char beside[STORE_PATH_MAX_BYTES + 8];
    struct stat status;
    *log = false;
    if (snprintf(beside, sizeof beside, "%s-wal", path) >= (int)sizeof beside)
        return -ENAMETOOLONG;
    if (stat(beside, &status) == 0)
        *log = status.st_size > 0;
    else if (errno != ENOENT)
        return -errno;
    return 0;
}

static int connect_copy(struct store *store, const char *path, bool log, struct err *err)
{
    char escaped[3 * STORE_PATH_MAX_BYTES], uri[sizeof escaped + 64];
    store_uri_escape(path, escaped);
    (void)snprintf(uri, sizeof uri, "file:%s%s", escaped, log ? "" : "?immutable=1");
    int result =
        sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(store->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        return 0;
    if (log && store_errno(result) == -EACCES)
        return err_set(err, -EACCES,
                       "its log cannot be read where it lies; copy the whole folder to where you may write");
    return err_set(err, store_errno(result), "%s",
                   result == SQLITE_NOTADB ? "it is not a ledger" : sqlite3_errmsg(store->db));
}

int store_copy_open(const char *path, struct store **store, struct err *err)
{
    bool log;
    if (strlen(path) >= STORE_PATH_MAX_BYTES)
        return err_set(err, -ENAMETOOLONG, "the name is too long");
    int result = store_copy_has_log(path, &log);
    if (result < 0)
        return err_set_errno(err, result, "cannot read it");
    struct store *made = store_make(".", NULL);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->readonly = true;
    result = connect_copy(made, path, log, err);
    if (result == 0)
        result = store_settle_readonly(made, "it", err);
    if (result < 0) {
        store_free(made);
        return result;
    }
    *store = made;
    return 0;
}

int store_copy_text(struct store *store, const char *name, struct buf *text)
{
    char key[128];
    (void)snprintf(key, sizeof key, STORE_META_TEXT "%s", name);
    sqlite3_stmt *get = store_use(store, SQL_META_GET);
    store_bind_text(get, 1, key);
    int result = store_step(get);
    if (result == 1)
        buf_add(text, sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0));
    (void)sqlite3_reset(get);
    return result == 1 ? buf_error(text) : result == 0 ? -ENOENT : result;
}
