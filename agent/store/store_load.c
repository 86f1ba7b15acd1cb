/* From rows and the tail of events to the book and the head of the chain. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

int store_get_meta(struct store *store, const char *key, int64_t *value)
{
    sqlite3_stmt *get = store_use(store, SQL_META_GET);
    store_bind_text(get, 1, key);
    int result = store_step(get);
    if (result == 1)
        *value = sqlite3_column_int64(get, 0);
    (void)sqlite3_reset(get);
    return result == 1 ? 0 : result == 0 ? -ENOENT : result;
}

static int get_position(struct store *store, const char *key, uint64_t *position)
{
    int64_t value = 0;
    int result = store_get_meta(store, key, &value);
    *position = result == 0 ? (uint64_t)value : 0;
    return result == -ENOENT ? 0 : result;
}

static int get_device(struct store *store)
{
    sqlite3_stmt *get = store_use(store, SQL_META_GET);
    store_bind_text(get, 1, "device");
    int result = store_step(get);
    if (result == 1)
        store->device = store_column_id(get, 0);
    (void)sqlite3_reset(get);
    return result == 1 && !id128_is_zero(store->device) ? 0 : result < 0 ? result : -EUCLEAN;
}

static int get_last(struct store *store)
{
    sqlite3_stmt *get = store_use(store, SQL_EVENT_LAST);
    int result = store_step(get);
    if (result == 1)
        store->last_position = (uint64_t)sqlite3_column_int64(get, 0);
    (void)sqlite3_reset(get);
    if (result < 0 || !store->last_position)
        return result < 0 ? result : 0;
    sqlite3_stmt *epoch = store_use(store, SQL_EPOCH_OF);
    store_bind_u(epoch, 1, store->last_position);
    result = store_step(epoch);
    if (result == 1) {
        store->epoch_position = (uint64_t)sqlite3_column_int64(epoch, 0);
        store->generation = (uint64_t)sqlite3_column_int64(epoch, 1);
        store->epoch = store_column_id(epoch, 2);
    }
    (void)sqlite3_reset(epoch);
    return result == 1 ? 0 : result < 0 ? result : -EUCLEAN;
}

int store_load_head(struct store *store, struct err *err)
{
    int64_t practice = 0;
    int result = get_device(store);
    if (result == 0)
        result = get_last(store);
    if (result == 0)
        result = get_position(store, "snapshot", &store->snapshot_position);
    if (result == 0)
        result = get_position(store, "seal", &store->seal_position);
    if (result == 0)
        result = store_get_meta(store, "practice", &practice);
    store->practice = practice != 0;
    return result < 0 ? err_set_errno(err, result, "the ledger's head cannot be read") : 0;
}

/* --- rows → book
 * ---------------------------------------------------------------------------------------------------------
 */

typedef int load_row_fn(struct book *book, sqlite3_stmt *row);

static int load_item(struct book *book, sqlite3_stmt *row)
{
    struct item item = {.alias = store_column_u32(row, 0),
                        .price_minor = sqlite3_column_int64(row, 1),
                        .cost_minor = sqlite3_column_int64(row, 2),
                        .flags = store_column_u32(row, 3),
                        .reorder_point = store_column_u32(row, 4)};
    return book_put_item(book, &item);
}

static int load_code(struct book *book, sqlite3_stmt *row)
{
    char code[CODE_MAX_BYTES + 1];
    store_column_text(row, 0, code, sizeof code);
    return book_put_code(book, code, store_column_u32(row, 1), store_column_u32(row, 2));
}

static int load_stock(struct book *book, sqlite3_stmt *row)
{
    struct stock stock = {sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3)};
    return book_put_stock(book, store_column_u32(row, 0), store_column_u32(row, 1), stock);
}

static int load_channel(struct book *book, sqlite3_stmt *row)
{
    struct channel channel = {.alias = store_column_u32(row, 0),
                              .location = store_column_u32(row, 3),
                              .baselined = sqlite3_column_int(row, 4) != 0,
                              .live = sqlite3_column_int(row, 5) != 0,
                              .orders_since_ms = sqlite3_column_int64(row, 6),
                              .clock_offset_ms = sqlite3_column_int64(row, 7),
                              .baseline_ms = sqlite3_column_int64(row, 8)};
    store_column_text(row, 1, channel.kind, sizeof channel.kind);
    store_column_text(row, 2, channel.name, sizeof channel.name);
    return book_put_channel(book, &channel);
}

static int load_listing(struct book *book, sqlite3_stmt *row)
{
    struct listing listing;
    store_read_listing(row, &listing);
    return book_put_listing(book, &listing);
}

static int load_op(struct book *book, sqlite3_stmt *row)
{
    struct op op;
    store_read_op(row, &op);
    return book_put_op(book, &op);
}

static const struct {
    const char *sql;
    load_row_fn *load;
} tables[] = {
    {"SELECT alias, price_minor, cost_minor, flags, reorder_point FROM item ORDER BY alias DESC", load_item},
    {"SELECT code, item, pack FROM barcode", load_code},
    {"SELECT item, location, on_hand, committed FROM stock", load_stock},
    {"SELECT alias, kind, name, location, baselined, live, orders_since_ms, clock_offset_ms, "
     "baseline_ms FROM channel",
     load_channel},
    {"SELECT channel, alias, item, pack, remote_id, baseline, granted, revoked, sold, restored, edits, "
     "level, level_wall_ms, "
     "parked, parked_reason, paused, held, held_off, may_return FROM listing ORDER BY channel, alias",
     load_listing},
    {"SELECT id, request_key, channel, kind, state, listing, delta, compare_from, order_id, source_key, "
     "sent_wall_ms, "
     "attempts, words, method, to_level, applied_wall_ms, sold_after, back_before FROM op ORDER BY number",
     load_op},
};

static int load_table(struct store *store, const char *sql, load_row_fn *load)
{
    sqlite3_stmt *rows = NULL;
    int prepared = sqlite3_prepare_v2(store->db, sql, -1, &rows, NULL);
    if (prepared != SQLITE_OK)
        return store_errno(prepared);
    int result;
    while ((result = store_step(rows)) == 1) {
        result = load(store->book, rows);
        if (result < 0)
            break;
    }
    (void)sqlite3_finalize(rows);
    return result;
}

/* --- tail of events → book, head of the chain
 * --------------------------------------------------------------------------------- */

/* The chain is known at the last seal (its event carries h of the event before it) or at the start. */
static int chain_from(struct store *store, uint64_t *after)
{
    chain_hash_start(store->sha256, store->hash);
    *after = 0;
    if (!store->seal_position)
        return 0;
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    struct event event;
    int result = store_event(store, store->seal_position, bytes, &length);
    if (result == 0)
        result = event_decode(bytes, length, &event);
    if (result < 0 || event.kind != EVENT_SEAL)
        return -EUCLEAN;
    memcpy(store->hash, event.seal.hash, HASH_BYTES);
    *after = store->seal_position - 1;
    return 0;
}

static int replay(struct store *store, sqlite3_stmt *row)
{
    uint64_t position = (uint64_t)sqlite3_column_int64(row, 0);
    const uint8_t *body = sqlite3_column_blob(row, 1);
    int size = sqlite3_column_bytes(row, 1);
    if (size <= TAG_BYTES)
        return -EUCLEAN;
    size_t length = (size_t)size - TAG_BYTES;
    chain_hash(store->sha256, store->hash, body, length, store->hash);
    if (memcmp(store->hash, body + length, TAG_BYTES) != 0)
        return -EUCLEAN;
    if (position <= store->snapshot_position)
        return 0;
    struct event event;
    int result = event_decode(body, length, &event);
    return result == 0 ? book_apply_event(store->book, &event) : -EUCLEAN;
}

/* Events between the older of seal and snapshot and the end: bounded by both, never by history. */
static int replay_tail(struct store *store, struct err *err)
{
    uint64_t chain_after = 0;
    int result = chain_from(store, &chain_after);
    uint64_t after = chain_after;
    if (result == 0 && store->snapshot_position < after) {
        /* The snapshot is older than the seal: apply what lies between without the chain, the verifier covers
         * it. */
        result = store_apply_range(store, store->snapshot_position, after);
        store->snapshot_position = after;
    }
    uint64_t position = after;
    sqlite3_stmt *rows = store_use(store, SQL_EVENTS_AFTER);
    store_bind_u(rows, 1, after);
    while (result == 0 && (result = store_step(rows)) == 1) {
        position++;
        result = (uint64_t)sqlite3_column_int64(rows, 0) == position ? replay(store, rows) : -EUCLEAN;
    }
    (void)sqlite3_reset(rows);
    return result < 0 ? err_set(err, result, "the ledger is damaged near position %llu; run fairstock verify",
                                (unsigned long long)position)
                      : 0;
}

int store_apply_range(struct store *store, uint64_t after, uint64_t last)
{
    sqlite3_stmt *rows = store_use(store, SQL_EVENTS_AFTER);
    store_bind_u(rows, 1, after);
    int result;
    while ((result = store_step(rows)) == 1 && (uint64_t)sqlite3_column_int64(rows, 0) <= last) {
        struct event event;
        int size = sqlite3_column_bytes(rows, 1);
        result = size > TAG_BYTES
                     ? event_decode(sqlite3_column_blob(rows, 1), (size_t)size - TAG_BYTES, &event)
                     : -EUCLEAN;
        if (result == -EBADMSG)
            result = -EUCLEAN; /* what we wrote ourselves cannot be read: the ledger is damaged */
        if (result == 0)
            result = book_apply_event(store->book, &event);
        if (result < 0)
            break;
    }
    (void)sqlite3_reset(rows);
    return result < 0 ? result : 0;
}

int store_load(struct store *store, struct err *err)
{
    int result = store_load_head(store, err);
    if (result < 0)
        return result;
    if (store->seal_position > store->last_position || store->snapshot_position > store->last_position)
        return err_set(err, -EUCLEAN, "events are missing at the ledger's end; run fairstock verify");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        result = load_table(store, tables[i].sql, tables[i].load);
        if (result < 0)
            return err_set_errno(err, result, "the ledger cannot be loaded");
    }
    result = store_identity_load(store);
    if (result < 0)
        return err_set_errno(err, result, "the ledger cannot be loaded");
    uint64_t snapshot = store->snapshot_position;
    result = replay_tail(store, err);
    store->snapshot_position = snapshot;
    return result;
}

int store_reload_book(struct store *store)
{
    struct err err = {0};
    struct book *fresh = book_new(), *book = store->book;
    if (!fresh)
        return -ENOMEM;
    store->book = fresh;
    int result = store_load(store, &err);
    store->book = book;
    if (result == 0)
        book_swap(book, fresh); /* others hold its address */
    book_free(fresh);
    return result;
}
