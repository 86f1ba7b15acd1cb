/* The text of every statement, and small helpers to bind and read. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

#define ITEM_COLUMNS "alias, sku, title, price_minor, cost_minor, currency, flags, reorder_point, lead_days"
#define ORDER_COLUMNS                                                                                        \
    "channel, source_key, order_id, order_name, remote_id, listing, item, pack, location, lines_in_order, "  \
    "version, "                                                                                              \
    "created_wall_ms, ordered, held, cancelled, handed_over, returned_sellable, returned_unsellable, "       \
    "restored"
#define CARD_COLUMNS                                                                                         \
    "id, kind, state, key, channel, item, listing, origin, units, text, chosen, detail, opened_wall_ms"

const char *const store_sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_EVENT_ADD] = "INSERT INTO event (position, body) VALUES (?1, ?2)",
    [SQL_EVENT_NEXT] = "INSERT INTO event (body) VALUES (?1)",
    [SQL_EVENT_GET] = "SELECT body FROM event WHERE position = ?1",
    [SQL_EVENTS_AFTER] = "SELECT position, body FROM event WHERE position > ?1 ORDER BY position",
    [SQL_EVENT_LAST] = "SELECT max(position) FROM event",
    [SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
    [SQL_ORIGIN_DROP] = "DELETE FROM meta WHERE key GLOB 'origin*'",
    [SQL_META_PUT] =
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
    [SQL_EPOCH_ADD] =
        "INSERT INTO epoch (first_position, generation, id, boot, wall_ms, boottime_ms, quality) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_EPOCH_OF] = "SELECT first_position, generation, id FROM epoch WHERE first_position <= ?1 "
                     "ORDER BY first_position DESC LIMIT 1",
    [SQL_EPOCH_GENERATION] = "SELECT first_position FROM epoch WHERE generation = ?1",
    [SQL_EPOCH_BY_ID] =
        "SELECT first_position, (SELECT min(n.first_position) FROM epoch n WHERE n.first_position > "
        "e.first_position) FROM epoch e WHERE id = ?1",
    [SQL_BOOT_CLOCK_GET] = "SELECT offset_ms, quality, facts FROM boot_clock WHERE boot = ?1",
    [SQL_BOOT_CLOCK_PUT] =
        "INSERT OR REPLACE INTO boot_clock (boot, offset_ms, quality, facts) VALUES (?1, ?2, ?3, ?4)",
    [SQL_STARTS] = "SELECT e.first_position, e.boot, e.boottime_ms, e.wall_ms, e.quality, c.offset_ms, "
                   "c.quality, c.facts FROM epoch e LEFT JOIN boot_clock c ON c.boot = e.boot "
                   "ORDER BY e.first_position DESC LIMIT ?1",
    [SQL_ITEM_PUT] =
        "INSERT INTO item (" ITEM_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (alias) DO UPDATE SET sku = ?2, title = ?3, price_minor = ?4, cost_minor = ?5, "
        "currency = ?6, flags = ?7, reorder_point = ?8, lead_days = ?9",
    [SQL_ITEM_GET] = "SELECT " ITEM_COLUMNS " FROM item WHERE alias = ?1",
    [SQL_ITEM_BY_SKU] = "SELECT " ITEM_COLUMNS " FROM item WHERE sku = ?1",
    /* Every word somewhere in SKU or title, or the beginning of one of the item's codes. */
    [SQL_ITEMS] =
        "SELECT " ITEM_COLUMNS " FROM item WHERE alias > ?1 AND (?2 = '' "
        "OR (instr(lower(sku || ' ' || title), lower(?2)) AND instr(lower(sku || ' ' || title), lower(?3)) "
        "AND instr(lower(sku || ' ' || title), lower(?4)) AND instr(lower(sku || ' ' || title), lower(?5))) "
        "OR alias IN (SELECT item FROM barcode WHERE code >= ?6 AND code < ?6 || '~')) "
        "ORDER BY alias LIMIT ?7",
    [SQL_BARCODE_PUT] = "INSERT OR REPLACE INTO barcode (code, item, pack) VALUES (?1, ?2, ?3)",
    [SQL_BARCODES_OF] = "SELECT code, pack FROM barcode WHERE item = ?1 ORDER BY pack, code LIMIT ?2",
    [SQL_LOCATION_PUT] = "INSERT INTO location (alias, name, kind) VALUES (?1, ?2, ?3)",
    [SQL_LOCATION_GET] = "SELECT name FROM location WHERE alias = ?1",
    [SQL_LOCATION_BY_NAME] = "SELECT alias FROM location WHERE name = ?1",
    [SQL_STOCK_PUT] = "INSERT INTO stock (item, location, on_hand, committed) VALUES (?1, ?2, ?3, ?4) "
                      "ON CONFLICT (item, location) DO UPDATE SET on_hand = ?3, committed = ?4",
    [SQL_ITEM_EVENT_PUT] = "INSERT OR IGNORE INTO item_event (item, position) VALUES (?1, ?2)",
    [SQL_ITEM_EVENTS] =
        "SELECT position FROM item_event WHERE item = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
    [SQL_CHANNEL_PUT] =
        "INSERT OR REPLACE INTO channel (alias, kind, name, location, baselined, live, orders_since_ms, "
        "clock_offset_ms, baseline_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_LISTING_PUT] =
        "INSERT OR REPLACE INTO listing (channel, alias, item, pack, remote_id, baseline, "
        "granted, revoked, sold, restored, "
        "edits, level, level_wall_ms, parked, parked_reason, paused, held, held_off, may_return) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [SQL_LISTING_ITEM] = "SELECT item FROM listing WHERE channel = ?1 AND alias = ?2",
    [SQL_OP_PUT] =
        "INSERT INTO op (id, request_key, channel, kind, state, listing, delta, compare_from, order_id, "
        "source_key, "
        "sent_wall_ms, attempts, words, method, to_level, applied_wall_ms, sold_after, "
        "back_before) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) "
        "ON CONFLICT (id) DO UPDATE SET request_key = ?2, state = ?5, delta = ?7, compare_from = ?8, "
        "sent_wall_ms = ?11, attempts = ?12, words = ?13, to_level = ?15, applied_wall_ms = ?16, "
        "sold_after = ?17",
    [SQL_OP_DELETE] = "DELETE FROM op WHERE id = ?1",
    [SQL_ORDER_PUT] = "INSERT OR REPLACE INTO order_line (" ORDER_COLUMNS
                      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                      "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [SQL_ORDER_GET] = "SELECT " ORDER_COLUMNS " FROM order_line WHERE channel = ?1 AND source_key = ?2",
    [SQL_ORDERS_OPEN] = "SELECT " ORDER_COLUMNS " FROM order_line INDEXED BY order_line_open_key "
                        "WHERE channel = ?1 AND source_key > ?2 "
                        "AND (ordered > cancelled + handed_over OR held > 0) ORDER BY source_key LIMIT ?3",
    [SQL_ORDERS_OF_ITEM] =
        "SELECT " ORDER_COLUMNS " FROM order_line INDEXED BY order_line_open WHERE item = ?1 "
        "AND (ordered > cancelled + handed_over OR held > 0) "
        "ORDER BY created_wall_ms DESC, source_key DESC LIMIT ?2",
    [SQL_CARD_UPDATE] =
        "UPDATE card SET kind = ?2, state = ?3, key = ?4, channel = ?5, item = ?6, listing = ?7, origin = "
        "?8, "
        "units = ?9, text = ?10, chosen = ?11, detail = ?12, opened_wall_ms = ?13 WHERE id = ?1",
    [SQL_CARD_UPDATE_UNSETTLED] =
        "UPDATE card SET text = ?5, units = CASE ?1 WHEN 1 THEN units + ?4 ELSE ?4 END, "
        "state = CASE WHEN ?1 = 1 AND units + ?4 <= 0 THEN 3 ELSE state END "
        "WHERE kind = ?1 AND channel = ?2 AND key = ?3 AND state < 3",
    [SQL_CARD_SETTLE] =
        "UPDATE card SET state = 3 WHERE kind = ?1 AND channel = ?2 AND key = ?3 AND state < 3",
    [SQL_CARD_ADD] = "INSERT INTO card (" CARD_COLUMNS
                     ") VALUES (NULL, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_CARD_GET] = "SELECT " CARD_COLUMNS " FROM card WHERE id = ?1",
    [SQL_CARDS] = "SELECT " CARD_COLUMNS " FROM card ORDER BY id DESC LIMIT ?1",
    [SQL_CARDS_UNSETTLED] =
        "SELECT " CARD_COLUMNS " FROM card INDEXED BY card_open WHERE state < 3 ORDER BY id DESC LIMIT ?1",
    [SQL_CARDS_OPEN] = "SELECT count(*) FROM card INDEXED BY card_open WHERE state < 3",
};

int store_errno(int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EUCLEAN;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_TOOBIG:
        return -E2BIG;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    default:
        return -EIO;
    }
}

int store_prepare(struct store *store, struct err *err)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        int result = sqlite3_prepare_v3(store->db, store_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &store->statements[i], NULL);
        if (result == SQLITE_ERROR && store->older)
            continue; /* it names a column or an index that came later; store_use answers NULL */
        if (result != SQLITE_OK)
            return err_set(err, store_errno(result), "ledger: %s", sqlite3_errmsg(store->db));
    }
    return 0;
}

void store_finalize(struct store *store)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}

sqlite3_stmt *store_use(struct store *store, enum statement statement)
{
    return store->waiting ? store->reader->statements[statement] : store->statements[statement];
}

int store_step(sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    return result == SQLITE_DONE ? 0 : store_errno(result);
}

int store_run(sqlite3_stmt *statement)
{
    int stepped = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    if (stepped == SQLITE_DONE || stepped == SQLITE_ROW)
        return store_errno(reset);
    return store_errno(stepped);
}

/* Binding fails only for a wrong index (a defect that the first test shows): nothing here is copied, so it
 * needs no memory. Texts and blobs outlive the step. */
void store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void store_bind_u(sqlite3_stmt *statement, int index, uint64_t value)
{
    (void)sqlite3_bind_int64(statement, index, (sqlite3_int64)value);
}

void store_bind_i(sqlite3_stmt *statement, int index, int64_t value)
{
    (void)sqlite3_bind_int64(statement, index, value);
}

void store_bind_id(sqlite3_stmt *statement, int index, const struct id128 *id)
{
    (void)sqlite3_bind_blob(statement, index, id->bytes, ID128_BYTES, SQLITE_STATIC);
}

void store_column_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    const unsigned char *from = sqlite3_column_text(statement, column);
    size_t length = from ? (size_t)sqlite3_column_bytes(statement, column) : 0;
    if (length > size - 1)
        length = size - 1;
    if (length)
        memcpy(text, from, length);
    text[length] = '\0';
}

struct id128 store_column_id(sqlite3_stmt *statement, int column)
{
    struct id128 id = {0};
    const void *blob = sqlite3_column_blob(statement, column);
    if (blob && sqlite3_column_bytes(statement, column) == ID128_BYTES)
        memcpy(id.bytes, blob, ID128_BYTES);
    return id;
}

uint32_t store_column_u32(sqlite3_stmt *statement, int column)
{
    return (uint32_t)sqlite3_column_int64(statement, column);
}
