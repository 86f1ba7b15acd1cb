/* Housekeeping between scans: the stock snapshot with the item index, seals, the WAL's space and its
 * checkpoints. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/store_internal.h"

enum {
    /* Each piece costs a sync or two: rare enough that a sale's share of them stays below one in a hundred.
     */
    SNAPSHOT_IDLE_EVENTS = SEAL_EVERY_EVENTS - 32, /* before the next scan would have to seal */
    WAL_FRAME_BYTES = 1024 + 24, /* page and frame header (SQLite file format, section 4.1) */
    WAL_FRAMES = WAL_BYTES / WAL_FRAME_BYTES,
    CHECKPOINT_IDLE_FRAMES = WAL_FRAMES * 5 / 8,
    WAL_FULL_FRAMES = WAL_FRAMES * 3 / 4,
};

/* --- which items an event belongs to
 * ------------------------------------------------------------------------------------ */

static uint32_t listing_item(struct store *store, uint32_t channel, uint32_t alias)
{
    if (store->book) {
        const struct listing *listing = book_listing(store->book, channel, alias);
        return listing ? listing->item : 0;
    }
    sqlite3_stmt *get = store_use(store, SQL_LISTING_ITEM);
    store_bind_u(get, 1, channel);
    store_bind_u(get, 2, alias);
    uint32_t item = store_step(get) == 1 ? store_column_u32(get, 0) : 0;
    (void)sqlite3_reset(get);
    return item;
}

int store_event_items(struct store *store, const struct event *event, uint32_t items[EVENT_ITEMS_MAX])
{
    int count = 0;
    switch (event->kind) {
    case EVENT_SALE:
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            items[count++] = event->sale.lines[i].item;
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            items[count++] = event->voided.effects[i].item;
        break;
    case EVENT_UNKNOWN_NAMED:
        items[count++] = event->named.item;
        items[count++] = 0; /* so that who undoes the unknown sale finds what it became */
        break;
    case EVENT_ADJUSTMENT:
        items[count++] = event->adjustment.item;
        break;
    case EVENT_TRANSFER:
        items[count++] = event->transfer.item;
        break;
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        items[count++] = event->item.item;
        break;
    case EVENT_BARCODE_LINKED:
        items[count++] = event->barcode.item;
        break;
    case EVENT_LISTING_LINKED:
        items[count++] = event->listing.item;
        break;
    case EVENT_BASELINE:
        items[count++] = event->baseline.item;
        break;
    case EVENT_ORDER_STATE:
        items[count++] = event->order.item;
        break;
    case EVENT_GRANT:
    case EVENT_REVOKE:
        items[count++] = listing_item(store, event->allocation.channel, event->allocation.listing);
        break;
    case EVENT_LEVEL_EDIT:
        items[count++] = listing_item(store, event->edit.channel, event->edit.listing);
        break;
    case EVENT_CATCH_UP:
        items[count++] = STORE_CATCH_UPS; /* so that all of them are found without a walk */
        break;
    default:
        break;
    }
    return count;
}

/* --- snapshot
 * --------------------------------------------------------------------------------------------------------------
 */

static int snapshot_item(struct store *store, uint32_t item, uint64_t position, bool *dirty)
{
    sqlite3_stmt *put = store_use(store, SQL_ITEM_EVENT_PUT);
    store_bind_u(put, 1, item);
    store_bind_u(put, 2, position);
    if (item && item <= book_item_count(store->book))
        dirty[item] = true;
    return store_run(put);
}

static int snapshot_event(struct store *store, sqlite3_stmt *row, bool *dirty)
{
    struct event event;
    uint32_t items[EVENT_ITEMS_MAX];
    int size = sqlite3_column_bytes(row, 1);
    int result = size > TAG_BYTES
                     ? event_decode(sqlite3_column_blob(row, 1), (size_t)size - TAG_BYTES, &event)
                     : -EUCLEAN;
    int count = result == 0 ? store_event_items(store, &event, items) : 0;
    for (int i = 0; result == 0 && i < count; i++)
        result = snapshot_item(store, items[i], (uint64_t)sqlite3_column_int64(row, 0), dirty);
    return result;
}

static int put_stock(struct store *store, uint32_t item)
{
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++) {
        struct stock stock = book_stock(store->book, item, location);
        if (!stock.on_hand && !stock.committed && !book_has_location(store->book, location))
            continue;
        sqlite3_stmt *put = store_use(store, SQL_STOCK_PUT);
        store_bind_u(put, 1, item);
        store_bind_u(put, 2, location);
        store_bind_i(put, 3, stock.on_hand);
        store_bind_i(put, 4, stock.committed);
        int result = store_run(put);
        if (result < 0)
            return result;
    }
    return 0;
}

static int write_snapshot(struct store *store, bool *dirty)
{
    sqlite3_stmt *rows = store_use(store, SQL_EVENTS_AFTER);
    store_bind_u(rows, 1, store->snapshot_position);
    int result;
    while ((result = store_step(rows)) == 1) {
        result = snapshot_event(store, rows, dirty);
        if (result < 0)
            break;
    }
    (void)sqlite3_reset(rows);
    for (uint32_t item = 1; result == 0 && item <= book_item_count(store->book); item++)
        if (dirty[item])
            result = put_stock(store, item);
    return result == 0 ? store_put_meta(store, "snapshot", (int64_t)store->last_position) : result;
}

/* The book is exact at the last position, so a snapshot is always of the last position. */
int store_snapshot(struct store *store)
{
    if (store->snapshot_position == store->last_position)
        return 0;
    FREE_AUTO bool *dirty = calloc((size_t)book_item_count(store->book) + 1, sizeof *dirty);
    if (!dirty)
        return -ENOMEM;
    int result = store_begin(store);
    if (result < 0)
        return result;
    uint64_t position = store->last_position;
    result = write_snapshot(store, dirty);
    if (result == 0 && position - store->seal_position >= SNAPSHOT_IDLE_EVENTS)
        result = store_append_seal(store, 0); /* in the same commit; it moves no stock */
    result = store_end(store, result);
    if (result == 0)
        store->snapshot_position = position;
    return result;
}

/* --- the WAL's space
 * ---------------------------------------------------------------------------------------------------------
 */

/* Blocks that already exist make a commit one fdatasync without metadata. Zeros behind the valid frames are
 * never read: a frame counts only with the header's salt (SQLite file format, section 4.2). */
static int fill_with_zeros(const struct store_disk *disk, int handle, int64_t at)
{
    static const char zeros[65536];
    int result = 0;
    while (result == 0 && at < WAL_BYTES) {
        size_t part = sizeof zeros - (size_t)(at % (int64_t)sizeof zeros);
        result = disk->write(disk->user, handle, zeros, part, at);
        at += (int64_t)part;
    }
    return result == 0 ? disk->sync(disk->user, handle) : result;
}

static int prepare_wal(struct store *store)
{
    char path[STORE_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/ledger.db-wal", store->directory);
    const struct store_disk *disk = store->disk;
    int64_t bytes = 0;
    int result = disk->size(disk->user, path, &bytes);
    int handle = result < 0 ? result : disk->open(disk->user, path, O_WRONLY);
    if (handle < 0)
        return handle;
    result = fill_with_zeros(disk, handle, bytes);
    disk->close(disk->user, handle);
    return result;
}

static int checkpoint(struct store *store)
{
    store_wait_begin(store);
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    store_wait_end(store);
    if (result == SQLITE_OK) /* also when a reader kept some frames: the next commit counts them anew */
        store->wal_frames = 0;
    return result == SQLITE_BUSY ? 0 : store_errno(result);
}

/* --- one piece at a time
 * --------------------------------------------------------------------------------------------------- */

static bool checkpoint_is_due(const struct store *store, bool forced)
{
    return store->wal_frames >= (forced ? 1 : CHECKPOINT_IDLE_FRAMES);
}

static bool snapshot_is_due(const struct store *store, bool forced)
{
    return store->last_position - store->snapshot_position >= (forced ? 1 : SNAPSHOT_IDLE_EVENTS);
}

static int do_one(struct store *store, bool forced)
{
    if (checkpoint_is_due(store, forced)) {
        int result = checkpoint(store);
        return result < 0 ? result : 1;
    }
    if (snapshot_is_due(store, forced)) {
        int result = store_snapshot(store);
        return result < 0 ? result : 1;
    }
    if (!store->wal_ready) {
        store->wal_ready = true; /* also when it fails: then commits are slower, not wrong */
        store_wait_begin(store);
        int result = prepare_wal(store);
        store_wait_end(store);
        return result < 0 ? result : 1;
    }
    return 0;
}

int store_maintain(struct store *store, bool forced)
{
    if (store->dead || store->readonly)
        return 0;
    int result = do_one(store, forced);
    store->dead |= result == -EIO; /* whatever failed to reach the disk, the handle is not believed */
    return result;
}

bool store_rest_is_due(const struct store *store)
{
    return !store->dead && !store->readonly &&
           (checkpoint_is_due(store, false) || snapshot_is_due(store, false) || !store->wal_ready);
}

bool store_needs_rest(const struct store *store)
{
    return store->wal_frames >= WAL_FULL_FRAMES ||
           store->last_position - store->snapshot_position >= SNAPSHOT_BEHIND_MAX_EVENTS;
}
