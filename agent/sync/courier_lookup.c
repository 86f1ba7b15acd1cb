#include "sync/courier_lookup.h"

#include <errno.h>
#include <stdlib.h>

#include "domain/gtin.h"

void courier_lookup_free(struct courier_lookup *lookup)
{
    free(lookup->known);
    free(lookup->items);
    free(lookup->moved);
}

static int look_up_orders(struct store *store, const struct channel_answer *answer,
                          struct courier_lookup *lookup)
{
    lookup->known = calloc(answer->count, sizeof *lookup->known);
    if (!lookup->known)
        return -ENOMEM;
    for (uint32_t i = 0; i < answer->count; i++) {
        int result =
            store_order_line(store, answer->channel, answer->orders[i].source_key, &lookup->known[i]);
        if (result < 0 && result != -ENOENT)
            return result;
        if (result == -ENOENT)
            lookup->known[i] = (struct order_line){0};
    }
    return 0;
}

static bool is_movement(uint32_t kind)
{
    return kind == EVENT_SALE || kind == EVENT_VOID || kind == EVENT_ADJUSTMENT || kind == EVENT_TRANSFER ||
           kind == EVENT_UNKNOWN_NAMED || kind == EVENT_ORDER_STATE || kind == EVENT_BASELINE;
}

/* Whether the ledger knows how many there are: an item that sold out has a known stock of 0. Its first events
 * tell. */
static int look_up_moved(struct store *store, uint32_t item, bool *moved)
{
    enum { FIRST_EVENTS = 32 };
    uint64_t positions[FIRST_EVENTS];
    int count = item ? store_item_events(store, item, 0, positions, FIRST_EVENTS) : 0;
    *moved = count == FIRST_EVENTS;
    for (int i = 0; i < count && !*moved; i++) {
        uint8_t bytes[EVENT_MAX_BYTES];
        size_t length = sizeof bytes;
        struct event event;
        int result = store_event(store, positions[i], bytes, &length);
        if (result == 0)
            result = event_decode(bytes, length, &event);
        if (result < 0)
            return result;
        *moved = is_movement(event.kind);
    }
    return count < 0 ? count : 0;
}

/* A shop keeps a barcode as somebody typed it; the book has it in its one form. */
static bool find_barcode(struct store *store, const char *barcode, struct book_item *found)
{
    char code[CODE_MAX_BYTES + 1];
    gtin_normalise(barcode, code, sizeof code);
    return code[0] && book_find_code(store_book(store), code, found);
}

static int look_up_items(struct store *store, const struct channel_answer *answer,
                         struct courier_lookup *lookup)
{
    lookup->items = calloc(answer->count, sizeof *lookup->items);
    struct item *item = malloc(sizeof *item);
    lookup->moved = calloc(answer->count, sizeof *lookup->moved);
    int result = lookup->items && lookup->moved && item ? 0 : -ENOMEM;
    for (uint32_t i = 0; result == 0 && i < answer->count; i++) {
        const struct answer_listing *listing = &answer->listings[i];
        struct book_item found;
        int by_sku = listing->sku[0] ? store_item_by_sku(store, listing->sku, item) : -ENOENT;
        if (by_sku == 0)
            lookup->items[i] = item->alias;
        else if (by_sku != -ENOENT)
            result = by_sku;
        else if (find_barcode(store, listing->barcode, &found))
            lookup->items[i] = found.alias;
        if (result == 0)
            result = look_up_moved(store, lookup->items[i], &lookup->moved[i]);
    }
    free(item);
    return result;
}

static bool same_event(const struct event_id *a, const struct event_id *b)
{
    return id128_equal(a->device, b->device) && id128_equal(a->epoch, b->epoch) && a->sequence == b->sequence;
}

static int look_up_claim(struct store *store, const struct channel_answer *answer,
                         struct courier_lookup *lookup)
{
    uint64_t position;
    if (!answer->claim_shown || answer->claim.word == CLAIM_NONE)
        return 0;
    if (!id128_is_zero(lookup->holder.device) && same_event(&lookup->holder, &answer->claim.holder)) {
        lookup->claim_known = true;
        return 0;
    }
    int result = store_find_event(store, answer->claim.holder, &position);
    lookup->claim_known = result == 0;
    if (lookup->claim_known)
        lookup->holder = answer->claim.holder;
    return result == -ENOENT ? 0 : result;
}

int courier_lookup_read(struct store *store, const struct channel_answer *answer,
                        struct courier_lookup *lookup)
{
    if (!answer || answer->outcome != ANSWER_DONE)
        return 0;
    int claim = look_up_claim(store, answer, lookup);
    if (claim < 0 || !answer->count)
        return claim;
    if (answer->kind == REQUEST_ORDERS)
        return look_up_orders(store, answer, lookup);
    if (answer->kind == REQUEST_LISTINGS)
        return look_up_items(store, answer, lookup);
    return 0;
}
