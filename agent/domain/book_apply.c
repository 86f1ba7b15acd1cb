/* Events and whole sets of changes applied to the book; the room for them made before. */
#include <errno.h>
#include <string.h>

#include "domain/book_internal.h"

/* --- events
 * ------------------------------------------------------------------------------------------------------------------
 */

static int apply_sale(struct book *book, const struct event *event)
{
    for (uint32_t i = 0; i < event->sale.line_count; i++) {
        int result = book_move(book, event->sale.lines[i].item, event->sale.location,
                               -event->sale.lines[i].quantity, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_void(struct book *book, const struct event *event)
{
    for (uint32_t i = 0; i < event->voided.effect_count; i++) {
        const struct stock_effect *effect = &event->voided.effects[i];
        int result = book_move(book, effect->item, effect->location, effect->delta, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int apply_transfer(struct book *book, const struct event *event)
{
    int64_t quantity = event->transfer.quantity;
    int result =
        book_move(book, event->transfer.item, event->transfer.to, 0, 0); /* room before anything moves */
    if (result == 0)
        result = book_move(book, event->transfer.item, event->transfer.from, -quantity, 0);
    return result == 0 ? book_move(book, event->transfer.item, event->transfer.to, quantity, 0) : result;
}

static int apply_order(struct book *book, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    int64_t pack = event->order.pack;
    return book_move(book, event->order.item, event->order.location,
                     (d->returned_sellable - d->handed_over) * pack,
                     (d->ordered - d->cancelled - d->handed_over) * pack);
}

static int apply_edit(struct book *book, const struct event *event)
{
    const struct listing *listing = book_listing(book, event->edit.channel, event->edit.listing);
    const struct channel *channel = book_channel(book, event->edit.channel);
    if (!event->edit.adopted || !listing || !channel)
        return 0;
    return book_move(book, listing->item, channel->location, event->edit.delta * listing->pack, 0);
}

static int apply_item(struct book *book, const struct event *event)
{
    struct book_item made = {.price_minor = event->item.price_minor,
                             .cost_minor = event->item.cost_minor,
                             .flags = event->item.flags,
                             .reorder_point = event->item.reorder_point};
    return book_put_item_as(book, event->item.item, &made);
}

static int apply_code(struct book *book, const struct event *event)
{
    char code[CODE_MAX_BYTES + 1];
    text_copy(event->barcode.code, code, sizeof code);
    return book_put_code(book, code, event->barcode.item, event->barcode.pack);
}

int book_apply_event(struct book *book, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        return apply_sale(book, event);
    case EVENT_VOID:
        return apply_void(book, event);
    case EVENT_UNKNOWN_NAMED:
        return book_move(book, event->named.item, event->named.location, -event->named.quantity, 0);
    case EVENT_ADJUSTMENT:
        return book_move(book, event->adjustment.item, event->adjustment.location, event->adjustment.delta,
                         0);
    case EVENT_TRANSFER:
        return apply_transfer(book, event);
    case EVENT_BASELINE:
        return book_move(book, event->baseline.item, event->baseline.location, 0,
                         (int64_t)event->baseline.committed * event->baseline.pack);
    case EVENT_ORDER_STATE:
        return apply_order(book, event);
    case EVENT_LEVEL_EDIT:
        return apply_edit(book, event);
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        return apply_item(book, event);
    case EVENT_BARCODE_LINKED:
        return apply_code(book, event);
    case EVENT_WITNESS:
    case EVENT_RESTORE_DECISION:
        suspicion_apply(&book->suspicion, event);
        return 0;
    default:
        return 0;
    }
}

/* --- whole sets
 * --------------------------------------------------------------------------------------------------------------
 */

/* What a set may add, counted generously. */
struct need {
    uint32_t highest_item, codes, listings, ops;
    size_t code_bytes;
    bool locations[LOCATIONS_MAX + 1];
    uint32_t highest_alias[CHANNELS_MAX];
    bool wrong; /* something that cannot be applied, however much room there is */
};

static void need_stock(struct need *need, uint32_t item, uint32_t location)
{
    if (item > need->highest_item)
        need->highest_item = item;
    if (item)
        need->locations[location <= LOCATIONS_MAX ? location : 0] = true; /* slot 0: out of range */
}

static void need_event(struct need *need, const struct book *book, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            need_stock(need, event->sale.lines[i].item, event->sale.location);
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            need_stock(need, event->voided.effects[i].item, event->voided.effects[i].location);
        break;
    case EVENT_UNKNOWN_NAMED:
        need_stock(need, event->named.item, event->named.location);
        break;
    case EVENT_ADJUSTMENT:
        need_stock(need, event->adjustment.item, event->adjustment.location);
        break;
    case EVENT_TRANSFER:
        need_stock(need, event->transfer.item, event->transfer.from);
        need_stock(need, event->transfer.item, event->transfer.to);
        break;
    case EVENT_BASELINE:
        need_stock(need, event->baseline.item, event->baseline.location);
        break;
    case EVENT_ORDER_STATE:
        need_stock(need, event->order.item, event->order.location);
        break;
    case EVENT_LEVEL_EDIT: {
        const struct listing *listing = book_listing(book, event->edit.channel, event->edit.listing);
        const struct channel *channel = book_channel(book, event->edit.channel);
        if (event->edit.adopted && listing && channel)
            need_stock(need, listing->item, channel->location);
        break;
    }
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        if (event->item.item > need->highest_item)
            need->highest_item = event->item.item;
        need->wrong |= event->item.item == 0;
        break;
    case EVENT_BARCODE_LINKED:
        need->codes++;
        need->code_bytes += event->barcode.code.length + 1;
        break;
    default:
        break;
    }
}

/* A remote id is a listing's identity. */
static bool renames_listing(const struct book *book, const struct listing *listing)
{
    const struct listing *old = book_listing(book, listing->channel, listing->alias);
    return old && strcmp(old->remote_id, listing->remote_id) != 0;
}

static int need_rows(struct need *need, const struct book *book, const struct changes *changes)
{
    for (uint32_t i = 0; i < changes->row_count; i++) {
        const struct change *row = &changes->rows[i];
        if (row->kind == CHANGE_OP)
            need->ops++;
        if (row->kind == CHANGE_CHANNEL && (row->channel.alias == 0 || row->channel.alias > CHANNELS_MAX))
            return -E2BIG;
        if (row->kind != CHANGE_LISTING)
            continue;
        if (row->listing.channel == 0 || row->listing.channel > CHANNELS_MAX || row->listing.alias == 0 ||
            row->listing.alias > LISTINGS_MAX)
            return -E2BIG;
        need->wrong |= renames_listing(book, &row->listing);
        need->listings++;
        uint32_t *highest = &need->highest_alias[row->listing.channel - 1];
        if (row->listing.alias > *highest)
            *highest = row->listing.alias;
        if (row->listing.item > need->highest_item)
            need->highest_item = row->listing.item;
    }
    return 0;
}

static int reserve_need(struct book *book, const struct need *need)
{
    if (need->wrong)
        return -EINVAL;
    int result = need->locations[0] ? -E2BIG : book_reserve_items(book, need->highest_item);
    for (uint32_t location = 1; result == 0 && location <= LOCATIONS_MAX; location++)
        if (need->locations[location])
            result = book_reserve_location(book, location, book->item_capacity);
    return result == 0 && need->codes ? book_reserve_codes(book, need->codes, need->code_bytes) : result;
}

int book_reserve_event(struct book *book, const struct event *event)
{
    struct need need = {0};
    need_event(&need, book, event);
    return reserve_need(book, &need);
}

int book_reserve(struct book *book, const struct changes *changes)
{
    struct need need = {0};
    const uint8_t *bytes;
    size_t at = 0, length;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        int result = event_decode(bytes, length, &event);
        if (result < 0)
            return result;
        need_event(&need, book, &event);
    }
    int result = need_rows(&need, book, changes);
    if (result == 0)
        result = reserve_need(book, &need);
    return result == 0 ? book_reserve_channels(book, need.listings, need.highest_alias, need.ops) : result;
}

static int apply_row(struct book *book, const struct change *row)
{
    switch (row->kind) {
    case CHANGE_LISTING:
        return book_put_listing(book, &row->listing);
    case CHANGE_OP:
        return book_put_op(book, &row->op);
    case CHANGE_CHANNEL:
        return book_put_channel(book, &row->channel);
    case CHANGE_ORDER_LINE:
    case CHANGE_CARD:
        break; /* on disk only */
    }
    return 0;
}

int book_apply(struct book *book, const struct changes *changes)
{
    const uint8_t *bytes;
    size_t at = 0, length;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        int result = event_decode(bytes, length, &event);
        if (result == 0)
            result = book_apply_event(book, &event);
        if (result < 0)
            return result;
    }
    for (uint32_t i = 0; i < changes->row_count; i++) {
        int result = apply_row(book, &changes->rows[i]);
        if (result < 0)
            return result;
    }
    return 0;
}
