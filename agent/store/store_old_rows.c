/* What the rows of a damaged file can still say: names, cards, unfinished ops. */
#include <errno.h>
#include <stdio.h>

#include "store/store_copy_internal.h"
#include "store/store_old_rows.h"

enum { URI_BYTES = 3 * STORE_PATH_MAX_BYTES + 32 };

/* --- the file --- */

/* Nothing is made beside a file that has no log: it may be on a stick that cannot be written. */
static void old_uri(const char *file, char uri[URI_BYTES])
{
    char escaped[3 * STORE_PATH_MAX_BYTES];
    bool log;
    bool alone = store_copy_has_log(file, &log) == 0 && !log;
    store_uri_escape(file, escaped);
    (void)sqlite3_snprintf(URI_BYTES, uri, "file:%s?%s", escaped, alone ? "immutable=1" : "mode=ro");
}

int store_old_rows_open(struct store_old_rows *rows, struct store *target, const char *file)
{
    char uri[URI_BYTES];
    rows->target = target;
    old_uri(file, uri);
    int opened = sqlite3_open_v2(uri, &rows->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    if (opened == SQLITE_OK)
        return 0;
    (void)sqlite3_close(rows->db);
    rows->db = NULL;
    return store_errno(opened) == -ENOMEM ? -ENOMEM : 0;
}

void store_old_rows_close(struct store_old_rows *rows)
{
    (void)sqlite3_close(rows->db);
    rows->db = NULL;
}

/* --- what is spoken of, but whose making is lost --- */

static uint32_t location_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        return event->sale.location;
    case EVENT_UNKNOWN_NAMED:
        return event->named.location;
    case EVENT_ADJUSTMENT:
        return event->adjustment.location;
    case EVENT_TRANSFER:
        return event->transfer.from;
    case EVENT_BASELINE:
        return event->baseline.location;
    case EVENT_ORDER_STATE:
        return event->order.location;
    case EVENT_CHANNEL_CONNECTED:
        return event->channel.location;
    default:
        return 0;
    }
}

void store_old_rows_note(struct store_old_rows *rows, const struct event *event)
{
    uint32_t items[EVENT_ITEMS_MAX], location = location_of(event);
    int count = store_event_items(rows->target, event, items);
    for (int i = 0; i < count; i++)
        if (items[i] <= ITEMS_MAX)
            rows->named_items[items[i]] = true;
    if (location <= LOCATIONS_MAX)
        rows->named_locations[location] = true;
    if (event->kind == EVENT_TRANSFER && event->transfer.to <= LOCATIONS_MAX)
        rows->named_locations[event->transfer.to] = true;
    if ((event->kind == EVENT_ITEM_CREATED || event->kind == EVENT_ITEM_CHANGED) &&
        event->item.item <= ITEMS_MAX)
        rows->items[event->item.item] = true;
    if (event->kind == EVENT_LOCATION_CREATED && event->location.location <= LOCATIONS_MAX)
        rows->locations[event->location.location] = true;
}

static int append(struct store_old_rows *rows, const struct event *event)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    int length = event_encode(event, bytes, sizeof bytes);
    int result = length < 0 ? length : book_reserve_event(rows->target->book, event);
    if (result == 0)
        result = store_append(rows->target, bytes, (size_t)length);
    if (result == 0)
        result = book_apply_event(rows->target->book, event);
    return result == 0 ? store_put_event_rows(rows->target, event) : result;
}

/* A row of the damaged file, NULL when it cannot be read any more; the caller finalizes it. -ENOMEM: whether
 * it can, nobody knows. */
static int old_row(struct store_old_rows *rows, const char *sql, uint32_t alias, sqlite3_stmt **row)
{
    *row = NULL;
    int prepared = rows->db ? sqlite3_prepare_v2(rows->db, sql, -1, row, NULL) : SQLITE_ERROR;
    if (prepared == SQLITE_OK)
        store_bind_u(*row, 1, alias);
    int result = prepared == SQLITE_OK ? store_step(*row) : store_errno(prepared);
    if (result == 1)
        return 0;
    (void)sqlite3_finalize(*row);
    *row = NULL;
    return result == -ENOMEM ? result : 0;
}

static int append_item(struct store_old_rows *rows, const struct item *item)
{
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    item_fill_event(item, &event);
    return append(rows, &event);
}

static int name_item(struct store_old_rows *rows, uint32_t alias)
{
    struct item item = {.alias = alias}, other;
    sqlite3_stmt *row;
    int result = old_row(rows,
                         "SELECT sku, title, price_minor, cost_minor, currency, flags, reorder_point, "
                         "lead_days FROM item WHERE alias = ?1",
                         alias, &row);
    if (result < 0)
        return result;
    if (row) {
        store_column_text(row, 0, item.sku, sizeof item.sku);
        store_column_text(row, 1, item.title, sizeof item.title);
        item.price_minor = sqlite3_column_int64(row, 2);
        item.cost_minor = sqlite3_column_int64(row, 3);
        store_column_text(row, 4, item.currency, sizeof item.currency);
        item.flags = store_column_u32(row, 5);
        item.reorder_point = store_column_u32(row, 6);
        item.lead_days = store_column_u32(row, 7);
        (void)sqlite3_finalize(row);
    }
    if (row && *item.sku)
        result = store_item_by_sku(rows->target, item.sku, &other);
    if (result < 0 && result != -ENOENT)
        return result;
    if (result == -ENOENT) {
        result = append_item(rows, &item);
        if (result != -EINVAL && result != -E2BIG) /* those: no text, or no number, that an event may have */
            return result;
    }
    item = (struct item){.alias = alias};
    (void)snprintf(item.sku, sizeof item.sku, "LOST-%u", alias);
    (void)snprintf(item.title, sizeof item.title, "Item %u, whose name was lost in damage", alias);
    return append_item(rows, &item);
}

static int name_location(struct store_old_rows *rows, uint32_t alias)
{
    char name[NAME_MAX_BYTES + 1] = "";
    uint32_t other;
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    event.location.kind = 1;
    sqlite3_stmt *row;
    int result = old_row(rows, "SELECT name, kind FROM location WHERE alias = ?1", alias, &row);
    if (result < 0)
        return result;
    if (row) {
        store_column_text(row, 0, name, sizeof name);
        event.location.kind = store_column_u32(row, 1);
        (void)sqlite3_finalize(row);
    }
    event.location.location = alias;
    event.location.name = text_of(name);
    if (*name)
        result = store_location_by_name(rows->target, name, &other);
    if (result < 0 && result != -ENOENT)
        return result;
    if (result == -ENOENT) {
        result = append(rows, &event);
        if (result != -EINVAL && result != -E2BIG)
            return result;
    }
    (void)snprintf(name, sizeof name, "lost-%u", alias);
    event.location.name = text_of(name);
    event.location.kind = 1;
    return append(rows, &event);
}

int store_old_rows_name(struct store_old_rows *rows)
{
    int result = 0;
    for (uint32_t i = 1; result == 0 && i <= LOCATIONS_MAX; i++)
        if (rows->named_locations[i] && !rows->locations[i])
            result = name_location(rows, i);
    for (uint32_t i = 1; result == 0 && i <= ITEMS_MAX; i++)
        if (rows->named_items[i] && !rows->items[i])
            result = name_item(rows, i);
    return result;
}

/* --- what events do not say --- */

bool store_old_rows_take(struct store *target, const char *file)
{
    static const char *const statements[] = {
        "INSERT OR IGNORE INTO card SELECT * FROM old.card WHERE state < 3",
        "INSERT OR IGNORE INTO op SELECT * FROM old.op",
        "UPDATE order_line SET (order_name, lines_in_order, created_wall_ms) = (SELECT order_name, "
        "lines_in_order, "
        "created_wall_ms FROM old.order_line o WHERE o.channel = order_line.channel AND o.source_key = "
        "order_line.source_key) WHERE EXISTS (SELECT 1 FROM old.order_line o WHERE o.channel = "
        "order_line.channel "
        "AND o.source_key = order_line.source_key)",
        "UPDATE channel SET baseline_ms = (SELECT baseline_ms FROM old.channel o WHERE o.alias = "
        "channel.alias) "
        "WHERE EXISTS (SELECT 1 FROM old.channel o WHERE o.alias = channel.alias)",
    };
    char uri[URI_BYTES], attach[2 * URI_BYTES];
    old_uri(file, uri);
    (void)sqlite3_snprintf(sizeof attach, attach, "ATTACH %Q AS old", uri);
    if (sqlite3_exec(target->db, attach, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    bool all = true;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        all &= sqlite3_exec(target->db, statements[i], NULL, NULL, NULL) == SQLITE_OK;
    all &= sqlite3_exec(target->db, "DETACH old", NULL, NULL, NULL) == SQLITE_OK;
    return all;
}
