/* POST /pack, /unpack, GET /carried: what goes to a market, and comes home. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/cleanup.h"
#include "domain/allocation.h"
#include "domain/gtin.h"
#include "intake/packing.h"

enum { QUANTITY_MAX = 100000, CARRIED_MAX = 2000 };

static int one_place(struct api_call *call)
{
    return api_error(
        call, HTTP_CONFLICT,
        "there is one place only, so nothing has to be packed. To keep the shops' stock apart from the "
        "stall's, set online_location under [allocation]");
}

/* An item by barcode, which may stand for several units, or by SKU. */
static int find_item(struct api_call *call, struct item *item, int64_t *pack)
{
    struct store *store = call->daemon->store;
    const char *given = json_get_text(call->body, "code");
    struct book_item found;
    char code[CODE_MAX_BYTES + 1];
    *pack = 1;
    if (!given || !*given || strlen(given) > CODE_MAX_BYTES)
        return api_error(call, HTTP_BAD_REQUEST, "give a barcode or a SKU as \"code\"");
    gtin_normalise(given, code, sizeof code);
    int result = -ENOENT;
    if (book_find_code(store_book(store), code, &found)) {
        *pack = found.pack;
        result = store_item(store, found.alias, item);
    }
    if (result == -ENOENT) {
        *pack = 1;
        result = store_item_by_sku(store, given, item);
    }
    if (result == -ENOENT)
        return api_error(call, HTTP_NOT_FOUND, "no item has the code or SKU %s", given);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-result));
    return HTTP_OK;
}

static void write_moved(struct api_call *call, const struct item *item, int64_t quantity)
{
    const struct daemon *daemon = call->daemon;
    const struct book *book = store_book(daemon->store);
    json_begin_object(call->json, NULL);
    json_text(call->json, "sku", item->sku);
    json_text(call->json, "title", item->title);
    json_int(call->json, "quantity", quantity);
    json_int(call->json, "carried", book_stock(book, item->alias, daemon->sell_location).on_hand);
    json_int(call->json, "left", book_stock(book, item->alias, daemon->shop_location).on_hand);
    json_int(call->json, "deficit", allocation_deficit(book, item->alias, daemon->shop_location));
    json_end_object(call->json);
}

static int move(struct api_call *call, bool home)
{
    struct daemon *daemon = call->daemon;
    FREE_AUTO struct item *item = calloc(1, sizeof *item);
    int64_t quantity = 1, pack = 1;
    bool anyway = false;
    if (!item)
        return api_error(call, HTTP_FAILED, "out of memory");
    if (daemon->sell_location == daemon->shop_location)
        return one_place(call);
    int read = json_get_int(call->body, "quantity", &quantity);
    if ((read < 0 && read != -ENOENT) || quantity < 1 || quantity > QUANTITY_MAX)
        return api_error(call, HTTP_BAD_REQUEST, "the quantity must be 1 to %d", QUANTITY_MAX);
    if (json_get_bool(call->body, "anyway", &anyway) == -EINVAL)
        return api_error(call, HTTP_BAD_REQUEST, "\"anyway\" must be true or false");
    int status = find_item(call, item, &pack);
    if (status != HTTP_OK)
        return status;
    struct packing packing = {.item = item->alias,
                              .quantity = quantity * pack,
                              .from = home ? daemon->sell_location : daemon->shop_location,
                              .to = home ? daemon->shop_location : daemon->sell_location,
                              .anyway = anyway,
                              .event_ms = daemon_event_ms(daemon),
                              .wall_ms = daemon_clock_wall_ms(daemon)};
    CHANGES_AUTO struct changes changes = changes_new();
    struct err err = {0};
    int result = packing_book(daemon->store, &packing, &changes, &err);
    if (result < 0)
        return api_error(call, result == -ENODATA ? HTTP_CONFLICT : HTTP_FAILED, "%s", err_text(&err));
    result = daemon_commit(daemon, &changes);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "it could not be saved: %s", strerrordesc_np(-result));
    daemon_showing_look(daemon); /* a market is packed: nothing is mirrored any more */
    daemon_stock_changed(daemon, item->alias);
    write_moved(call, item, packing.quantity);
    return HTTP_OK;
}

int api_pack(struct api_call *call)
{
    return move(call, false);
}

int api_unpack(struct api_call *call)
{
    return move(call, true);
}

/* What is at the stall: the carry list while away, what may come home afterwards. */
int api_carried(struct api_call *call)
{
    const struct daemon *daemon = call->daemon;
    const struct book *book = store_book(daemon->store);
    FREE_AUTO struct item *item = calloc(1, sizeof *item);
    if (!item)
        return api_error(call, HTTP_FAILED, "out of memory");
    if (daemon->sell_location == daemon->shop_location)
        return one_place(call);
    int count = 0;
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "items");
    for (uint32_t alias = 1; alias <= book_item_count(book) && count <= CARRIED_MAX; alias++) {
        struct stock stock = book_stock(book, alias, daemon->sell_location);
        if (!stock.on_hand || store_item(daemon->store, alias, item) < 0 || ++count > CARRIED_MAX)
            continue;
        json_begin_object(call->json, NULL);
        json_text(call->json, "sku", item->sku);
        json_text(call->json, "title", item->title);
        json_int(call->json, "carried", stock.on_hand);
        json_int(call->json, "left", book_stock(book, alias, daemon->shop_location).on_hand);
        json_int(call->json, "deficit", allocation_deficit(book, alias, daemon->shop_location));
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_bool(call->json, "more", count > CARRIED_MAX);
    json_end_object(call->json);
    return HTTP_OK;
}
