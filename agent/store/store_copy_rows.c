/* From a ledger that may be selling to a new file, in pieces: no read transaction is open while the other
 * disk is written, so a slow or vanished stick never holds the agent's log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_copy_internal.h"

enum {
    PIECE_EVENTS = 4096,
    /* What a piece writes waits in memory until the read transaction has ended; only a ledger with more than
     * this beside its events is written earlier. */
    TARGET_CACHE_KIB = 64 * 1024,
};

struct copying {
    sqlite3 *from, *to;
    sqlite3_stmt *read, *write;
    uint64_t last;
    struct err *err;
};

static int from_failed(struct copying *copying, int result)
{
    return err_set(copying->err, store_errno(result), "the ledger cannot be read: %s",
                   sqlite3_errmsg(copying->from));
}

/* The system's own number says more than SQLite's: gone, full, read-only. */
static int to_failed(struct copying *copying, int result)
{
    int number = sqlite3_system_errno(copying->to), code = store_errno(result);
    if (code == -EIO && number > 0)
        code = -number;
    return err_set_errno(copying->err, code, "the copy cannot be written");
}

static int from_do(struct copying *copying, const char *sql)
{
    int result = sqlite3_exec(copying->from, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : from_failed(copying, result);
}

static int to_do(struct copying *copying, const char *sql)
{
    int result = sqlite3_exec(copying->to, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : to_failed(copying, result);
}

/* SQLite copies each: a value that there is no memory for would be NULL in the copy. */
static int copy_values(sqlite3_stmt *read, sqlite3_stmt *write, int columns)
{
    int result = SQLITE_OK;
    for (int i = 0; result == SQLITE_OK && i < columns; i++)
        result = sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i));
    return result;
}

/* --- events: they are only ever added, so pieces read one after the other fit together --- */

/* Returns how many. */
static int copy_events(struct copying *copying, int limit)
{
    int count = 0, stepped, result = SQLITE_DONE;
    store_bind_u(copying->read, 1, copying->last);
    store_bind_i(copying->read, 2, limit);
    while ((stepped = sqlite3_step(copying->read)) == SQLITE_ROW) {
        result = copy_values(copying->read, copying->write, 2);
        if (result == SQLITE_OK)
            result = sqlite3_step(copying->write);
        (void)sqlite3_reset(copying->write);
        if (result != SQLITE_DONE)
            break;
        copying->last = (uint64_t)sqlite3_column_int64(copying->read, 0);
        count++;
    }
    (void)sqlite3_reset(copying->read);
    if (stepped == SQLITE_ROW)
        return to_failed(copying, result);
    return stepped == SQLITE_DONE ? count : from_failed(copying, stepped);
}

static int copy_piece(struct copying *copying)
{
    int result = to_do(copying, "BEGIN");
    if (result == 0)
        result = from_do(copying, "BEGIN");
    int count = result == 0 ? copy_events(copying, PIECE_EVENTS) : result;
    if (count >= 0)
        result = from_do(copying, "COMMIT");
    if (count >= 0 && result == 0)
        result = to_do(copying, "COMMIT");
    return result < 0 ? result : count;
}

/* --- all other tables, whole, in the transaction of the last events --- */

static int copy_rows(struct copying *copying, sqlite3_stmt *read, sqlite3_stmt *write)
{
    int stepped, result = SQLITE_DONE, columns = sqlite3_column_count(read);
    while ((stepped = sqlite3_step(read)) == SQLITE_ROW) {
        result = copy_values(read, write, columns);
        if (result == SQLITE_OK)
            result = sqlite3_step(write);
        (void)sqlite3_reset(write);
        if (result != SQLITE_DONE)
            return to_failed(copying, result);
    }
    return stepped == SQLITE_DONE ? 0 : from_failed(copying, stepped);
}

static int copy_table(struct copying *copying, const char *table)
{
    char select[160], insert[512], clear[160];
    (void)sqlite3_snprintf(sizeof select, select, "SELECT * FROM \"%w\"", table);
    (void)sqlite3_snprintf(sizeof clear, clear, "DELETE FROM \"%w\"", table);
    int result = to_do(copying, clear);
    sqlite3_stmt *read = NULL, *write = NULL;
    int prepared = result == 0 ? sqlite3_prepare_v2(copying->from, select, -1, &read, NULL) : SQLITE_OK;
    if (prepared != SQLITE_OK)
        result = from_failed(copying, prepared);
    if (result == 0) {
        size_t used = (size_t)snprintf(insert, sizeof insert, "INSERT INTO \"%s\" VALUES (?", table);
        for (int i = 1; i < sqlite3_column_count(read) && used + 4 < sizeof insert; i++)
            used += (size_t)snprintf(insert + used, sizeof insert - used, ",?");
        (void)snprintf(insert + used, sizeof insert - used, ")");
        prepared = sqlite3_prepare_v2(copying->to, insert, -1, &write, NULL);
        result = prepared == SQLITE_OK ? copy_rows(copying, read, write) : to_failed(copying, prepared);
    }
    (void)sqlite3_finalize(read);
    (void)sqlite3_finalize(write);
    return result;
}

static int copy_tables(struct copying *copying)
{
    sqlite3_stmt *tables = NULL;
    int result = sqlite3_prepare_v2(copying->from,
                                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'event' "
                                    "AND name NOT GLOB 'sqlite_*' ORDER BY name",
                                    -1, &tables, NULL);
    if (result != SQLITE_OK)
        return from_failed(copying, result);
    int stepped;
    result = 0;
    while (result == 0 && (stepped = sqlite3_step(tables)) == SQLITE_ROW)
        result = copy_table(copying, (const char *)sqlite3_column_text(tables, 0));
    if (result == 0 && stepped != SQLITE_DONE)
        result = from_failed(copying, stepped);
    (void)sqlite3_finalize(tables);
    return result;
}

/* One read transaction: the events that came meanwhile and everything that goes with them. The commit is the
 * caller's. */
static int copy_rest(struct copying *copying)
{
    int result = to_do(copying, "BEGIN");
    if (result == 0)
        result = from_do(copying, "BEGIN");
    if (result == 0)
        result = copy_events(copying, -1);
    if (result >= 0)
        result = copy_tables(copying);
    return result == 0 ? from_do(copying, "COMMIT") : result;
}

static int copy_all(struct copying *copying)
{
    int prepared = sqlite3_prepare_v2(
        copying->from, "SELECT position, body FROM event WHERE position > ?1 ORDER BY position LIMIT ?2", -1,
        &copying->read, NULL);
    if (prepared != SQLITE_OK)
        return from_failed(copying, prepared);
    prepared = sqlite3_prepare_v2(copying->to, store_sql[SQL_EVENT_ADD], -1, &copying->write, NULL);
    if (prepared != SQLITE_OK)
        return to_failed(copying, prepared);
    int result;
    while ((result = copy_piece(copying)) == PIECE_EVENTS)
        continue;
    return result < 0 ? result : copy_rest(copying);
}

/* The rows of an earlier program's ledger become what that program's successor would make of them. */
static int bring_up(struct copying *copying, struct store *target)
{
    int64_t schema;
    int result = store_schema_of(target, &schema, copying->err);
    if (result < 0 || schema == store_schema_version())
        return result;
    result = to_do(copying, "COMMIT");
    if (result == 0)
        result = store_migrate(target, store_schema_version(), copying->err);
    return result == 0 ? to_do(copying, "BEGIN") : result;
}

int store_copy_rows(struct store *source, struct store *target, uint64_t *last_position, struct err *err)
{
    struct copying copying = {.from = source->db, .to = target->db, .err = err};
    char cache[64];
    (void)snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", (int)TARGET_CACHE_KIB);
    int result = to_do(&copying, cache);
    if (result == 0)
        result = copy_all(&copying);
    (void)sqlite3_finalize(copying.read);
    (void)sqlite3_finalize(copying.write);
    if (result == 0)
        result = bring_up(&copying, target);
    if (!sqlite3_get_autocommit(source->db) && from_do(&copying, "ROLLBACK") < 0 && result == 0)
        result = -EIO;
    if (result == 0)
        *last_position = copying.last;
    return result;
}
