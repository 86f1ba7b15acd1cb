/* Rows of the derived tables: putting them in the current transaction, and reading the ones the book mirrors.
 */
#include <errno.h>

#include "store/store_internal.h"

static void bind_slice(sqlite3_stmt *statement, int index, struct text text)
{
    (void)sqlite3_bind_text(statement, index, text.length ? text.at : "", (int)text.length, SQLITE_STATIC);
}

/* --- rows that events derive
 * ------------------------------------------------------------------------------------------- */

static int put_item(struct store *store, const struct event *event)
{
    sqlite3_stmt *put = store_use(store, SQL_ITEM_PUT);
    store_bind_u(put, 1, event->item.item);
    bind_slice(put, 2, event->item.sku);
    bind_slice(put, 3, event->item.title);
    store_bind_i(put, 4, event->item.price_minor);
    store_bind_i(put, 5, event->item.cost_minor);
    bind_slice(put, 6, event->item.currency);
    store_bind_u(put, 7, event->item.flags);
    store_bind_u(put, 8, event->item.reorder_point);
    store_bind_u(put, 9, event->item.lead_days);
    return store_run(put);
}

static int put_barcode(struct store *store, const struct event *event)
{
    sqlite3_stmt *put = store_use(store, SQL_BARCODE_PUT);
    bind_slice(put, 1, event->barcode.code);
    store_bind_u(put, 2, event->barcode.item);
    store_bind_u(put, 3, event->barcode.pack);
    return store_run(put);
}

static int put_location(struct store *store, const struct event *event)
{
    sqlite3_stmt *put = store_use(store, SQL_LOCATION_PUT);
    store_bind_u(put, 1, event->location.location);
    bind_slice(put, 2, event->location.name);
    store_bind_u(put, 3, event->location.kind);
    return store_run(put);
}

int store_put_event_rows(struct store *store, const struct event *event)
{
    switch (event->kind) {
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        return put_item(store, event);
    case EVENT_BARCODE_LINKED:
        return put_barcode(store, event);
    case EVENT_LOCATION_CREATED:
        return put_location(store, event);
    case EVENT_WITNESS:
    case EVENT_RESTORE_DECISION:
        return store_identity_put(store, event);
    case EVENT_TIME_FACT:
        return store_put_time_fact(store, event);
    default:
        return 0;
    }
}

/* --- rows that the engine and the intake bring
 * ---------------------------------------------------------------------------- */

static int put_channel(struct store *store, const struct channel *channel)
{
    sqlite3_stmt *put = store_use(store, SQL_CHANNEL_PUT);
    store_bind_u(put, 1, channel->alias);
    store_bind_text(put, 2, channel->kind);
    store_bind_text(put, 3, channel->name);
    store_bind_u(put, 4, channel->location);
    store_bind_u(put, 5, channel->baselined);
    store_bind_u(put, 6, channel->live);
    store_bind_i(put, 7, channel->orders_since_ms);
    store_bind_i(put, 8, channel->clock_offset_ms);
    store_bind_i(put, 9, channel->baseline_ms);
    return store_run(put);
}

static int put_listing(struct store *store, const struct listing *listing)
{
    sqlite3_stmt *put = store_use(store, SQL_LISTING_PUT);
    store_bind_u(put, 1, listing->channel);
    store_bind_u(put, 2, listing->alias);
    store_bind_u(put, 3, listing->item);
    store_bind_u(put, 4, listing->pack);
    store_bind_text(put, 5, listing->remote_id);
    store_bind_i(put, 6, listing->baseline);
    store_bind_i(put, 7, listing->granted);
    store_bind_i(put, 8, listing->revoked);
    store_bind_i(put, 9, listing->sold);
    store_bind_i(put, 10, listing->restored);
    store_bind_i(put, 11, listing->edits);
    if (listing->has_level)
        store_bind_i(put, 12, listing->level);
    else
        (void)sqlite3_bind_null(put, 12);
    store_bind_i(put, 13, listing->level_wall_ms);
    store_bind_u(put, 14, listing->parked);
    store_bind_text(put, 15, listing->parked_reason);
    store_bind_u(put, 16, listing->paused);
    store_bind_i(put, 17, listing->held);
    store_bind_i(put, 18, listing->held_off);
    store_bind_i(put, 19, listing->may_return);
    return store_run(put);
}

static int put_op(struct store *store, const struct op *op)
{
    if (op->state == OP_DONE || op->state == OP_REJECTED) {
        sqlite3_stmt *drop = store_use(store, SQL_OP_DELETE);
        store_bind_id(drop, 1, &op->id);
        return store_run(drop);
    }
    sqlite3_stmt *put = store_use(store, SQL_OP_PUT);
    store_bind_id(put, 1, &op->id);
    store_bind_id(put, 2, &op->request_key);
    store_bind_u(put, 3, op->channel);
    store_bind_u(put, 4, op->kind);
    store_bind_u(put, 5, op->state);
    store_bind_u(put, 6, op->listing);
    store_bind_i(put, 7, op->delta);
    if (op->kind == OP_LEVEL && op->method != WRITE_DELTA)
        store_bind_i(put, 8, op->from);
    else
        (void)sqlite3_bind_null(put, 8);
    store_bind_text(put, 9, op->order);
    store_bind_text(put, 10, op->source_key);
    store_bind_i(put, 11, op->sent_wall_ms);
    store_bind_u(put, 12, op->attempts);
    store_bind_text(put, 13, op->words);
    store_bind_u(put, 14, op->method);
    store_bind_i(put, 15, op->to);
    store_bind_i(put, 16, op->applied_wall_ms);
    store_bind_i(put, 17, op->sold_after);
    store_bind_i(put, 18, op->back_before);
    return store_run(put);
}

static int put_order_line(struct store *store, const struct order_line *line)
{
    sqlite3_stmt *put = store_use(store, SQL_ORDER_PUT);
    store_bind_u(put, 1, line->channel);
    store_bind_text(put, 2, line->source_key);
    store_bind_text(put, 3, line->order);
    store_bind_text(put, 4, line->order_name);
    store_bind_text(put, 5, line->remote_id);
    store_bind_u(put, 6, line->listing);
    store_bind_u(put, 7, line->item);
    store_bind_u(put, 8, line->pack);
    store_bind_u(put, 9, line->location);
    store_bind_u(put, 10, line->lines_in_order);
    store_bind_i(put, 11, line->version);
    store_bind_i(put, 12, line->created_wall_ms);
    store_bind_i(put, 13, line->booked.ordered);
    store_bind_i(put, 14, line->booked.held);
    store_bind_i(put, 15, line->booked.cancelled);
    store_bind_i(put, 16, line->booked.handed_over);
    store_bind_i(put, 17, line->booked.returned_sellable);
    store_bind_i(put, 18, line->booked.returned_unsellable);
    store_bind_i(put, 19, line->booked.restored);
    return store_run(put);
}

static void bind_card(sqlite3_stmt *put, const struct card *card, uint64_t origin)
{
    store_bind_u(put, 2, card->kind);
    store_bind_u(put, 3, card->state);
    store_bind_text(put, 4, card->key);
    store_bind_u(put, 5, card->channel);
    store_bind_u(put, 6, card->item);
    store_bind_u(put, 7, card->listing);
    store_bind_u(put, 8, origin);
    store_bind_i(put, 9, card->units);
    store_bind_text(put, 10, card->text);
    store_bind_u(put, 11, card->chosen);
    store_bind_text(put, 12, card->detail);
    store_bind_i(put, 13, card->opened_wall_ms);
}

static int put_card(struct store *store, const struct card *card, uint64_t first_position)
{
    uint64_t origin = card->origin_event ? first_position + card->origin_event - 1 : card->origin;
    store->open_cards = -1;
    if (card->id) {
        sqlite3_stmt *put = store_use(store, SQL_CARD_UPDATE);
        store_bind_u(put, 1, card->id);
        bind_card(put, card, origin);
        return store_run(put);
    }
    if (card->state == CARD_SETTLED) {
        sqlite3_stmt *settle = store_use(store, SQL_CARD_SETTLE);
        store_bind_u(settle, 1, card->kind);
        store_bind_u(settle, 2, card->channel);
        store_bind_text(settle, 3, card->key);
        return store_run(settle);
    }
    sqlite3_stmt *update = store_use(store, SQL_CARD_UPDATE_UNSETTLED);
    store_bind_u(update, 1, card->kind);
    store_bind_u(update, 2, card->channel);
    store_bind_text(update, 3, card->key);
    store_bind_i(update, 4, card->units);
    store_bind_text(update, 5, card->text);
    int result = store_run(update);
    if (result < 0 || sqlite3_changes(store->db) > 0 || (card->kind == CARD_UNKNOWN_CODE && card->units < 0))
        return result;
    sqlite3_stmt *add = store_use(store, SQL_CARD_ADD);
    bind_card(add, card, origin);
    return store_run(add);
}

int store_put_row(struct store *store, const struct change *row, uint64_t first_position)
{
    switch (row->kind) {
    case CHANGE_LISTING:
        return put_listing(store, &row->listing);
    case CHANGE_OP:
        return put_op(store, &row->op);
    case CHANGE_ORDER_LINE:
        return put_order_line(store, &row->order_line);
    case CHANGE_CARD:
        return put_card(store, &row->card, first_position);
    case CHANGE_CHANNEL:
        return put_channel(store, &row->channel);
    }
    return -EINVAL;
}

/* --- rows that the book mirrors
 * -------------------------------------------------------------------------------------------- */

void store_read_op(sqlite3_stmt *row, struct op *op)
{
    *op = (struct op){
        .id = store_column_id(row, 0),
        .request_key = store_column_id(row, 1),
        .channel = store_column_u32(row, 2),
        .kind = (enum op_kind)store_column_u32(row, 3),
        .state = (enum op_state)store_column_u32(row, 4),
        .listing = store_column_u32(row, 5),
        .delta = sqlite3_column_int64(row, 6),
        .from = sqlite3_column_int64(row, 7),
        .sent_wall_ms = sqlite3_column_int64(row, 10),
        .attempts = store_column_u32(row, 11),
        .method = (enum write_method)store_column_u32(row, 13),
        .to = sqlite3_column_int64(row, 14),
        .applied_wall_ms = sqlite3_column_int64(row, 15),
        .sold_after = sqlite3_column_int64(row, 16),
        .back_before = sqlite3_column_int64(row, 17),
    };
    store_column_text(row, 8, op->order, sizeof op->order);
    store_column_text(row, 9, op->source_key, sizeof op->source_key);
    store_column_text(row, 12, op->words, sizeof op->words);
}

void store_read_listing(sqlite3_stmt *row, struct listing *listing)
{
    *listing = (struct listing){
        .channel = store_column_u32(row, 0),
        .alias = store_column_u32(row, 1),
        .item = store_column_u32(row, 2),
        .pack = store_column_u32(row, 3),
        .baseline = sqlite3_column_int64(row, 5),
        .granted = sqlite3_column_int64(row, 6),
        .revoked = sqlite3_column_int64(row, 7),
        .sold = sqlite3_column_int64(row, 8),
        .restored = sqlite3_column_int64(row, 9),
        .edits = sqlite3_column_int64(row, 10),
        .has_level = sqlite3_column_type(row, 11) != SQLITE_NULL,
        .level = sqlite3_column_int64(row, 11),
        .level_wall_ms = sqlite3_column_int64(row, 12),
        .parked = sqlite3_column_int(row, 13) != 0,
        .paused = (enum listing_pause)store_column_u32(row, 15),
        .held = sqlite3_column_int64(row, 16),
        .held_off = sqlite3_column_int64(row, 17),
        .may_return = sqlite3_column_int64(row, 18),
    };
    store_column_text(row, 4, listing->remote_id, sizeof listing->remote_id);
    store_column_text(row, 14, listing->parked_reason, sizeof listing->parked_reason);
}
