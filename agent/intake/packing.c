#include "intake/packing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "domain/resolve.h"

/* Orders that are filled from where the units leave, and now cannot be. */
static int put_cards(struct store *store, const struct packing *packing, const struct item *item,
                     struct changes *changes)
{
    enum { LINES_MAX = 64 };
    struct stock stock = book_stock(store_book(store), packing->item, packing->from);
    int64_t on_hand = stock.on_hand - packing->quantity;
    if (stock.committed <= 0 || stock.committed <= on_hand)
        return 0;
    FREE_AUTO struct order_line *lines = calloc(LINES_MAX, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    int count = store_item_order_lines(store, packing->item, lines, LINES_MAX);
    uint32_t here = 0;
    for (int i = 0; i < count; i++)
        if (lines[i].location == packing->from)
            lines[here++] = lines[i];
    if (count >= 0)
        resolve_oversold(lines, here, item->sku, on_hand, stock.committed, packing->wall_ms, changes);
    return count < 0 ? count : 0;
}

static int check(struct store *store, const struct packing *packing, const struct item *item, struct err *err)
{
    char from[NAME_MAX_BYTES + 1] = "";
    struct stock stock = book_stock(store_book(store), packing->item, packing->from);
    if (packing->quantity < 1 || packing->from == packing->to)
        return err_set(err, -EINVAL, "nothing would move");
    if (packing->anyway || packing->quantity <= stock.on_hand - (stock.committed > 0 ? stock.committed : 0))
        return 0;
    int result = store_location_name(store, packing->from, from);
    if (result < 0)
        return err_set_errno(err, result, "the ledger's locations");
    return err_set(err, -ENODATA,
                   "%s: %" PRId64 " at %s, of which %" PRId64
                   " promised to orders; that is less than %" PRId64
                   ". If they are there, say so with \"anyway\"",
                   item->sku, stock.on_hand, from, stock.committed, packing->quantity);
}

int packing_book(struct store *store, const struct packing *packing, struct changes *changes, struct err *err)
{
    FREE_AUTO struct item *item = malloc(sizeof *item);
    if (!item)
        return err_set(err, -ENOMEM, "out of memory");
    int result = store_item(store, packing->item, item);
    if (result < 0)
        return err_set_errno(err, result, "the item");
    result = check(store, packing, item, err);
    if (result < 0)
        return result;
    struct event event = {.kind = EVENT_TRANSFER, .version = 1, .time_ms = packing->event_ms};
    event.transfer.item = packing->item;
    event.transfer.quantity = packing->quantity;
    event.transfer.from = packing->from;
    event.transfer.to = packing->to;
    changes_add_event(changes, &event);
    result = put_cards(store, packing, item, changes);
    if (result == 0)
        result = changes_error(changes);
    return result < 0 ? err_set_errno(err, result, "%s", item->sku) : 0;
}
