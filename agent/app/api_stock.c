/* GET /stock, /stock/SKU, /codes: reading what the stall has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "domain/allocation.h"
#include "labels/label.h"

enum { STOCK_PAGE_MAX = 500, ITEM_CODES_MAX = 8, PRACTICE_CODES = 6 };

static void write_codes(struct daemon *daemon, struct json_writer *json, uint32_t alias)
{
    char codes[ITEM_CODES_MAX][CODE_MAX_BYTES + 1];
    uint32_t packs[ITEM_CODES_MAX];
    int count = store_item_codes(daemon->store, alias, codes, packs, ITEM_CODES_MAX);
    json_begin_array(json, "codes");
    for (int i = 0; i < count; i++)
        json_text(json, NULL, codes[i]);
    json_end_array(json);
}

/* Difference between what a listing should show and what we believe it shows. */
static int64_t listing_owed(struct daemon *daemon, const struct listing *listing, int64_t *wanted)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++) {
        if (courier_channel(daemon->couriers[i]) != listing->channel)
            continue;
        *wanted = courier_wanted(daemon->couriers[i], listing);
        return *wanted - listing_expected(listing);
    }
    *wanted = listing_expected(listing);
    return 0;
}

static void write_listing(struct daemon *daemon, struct json_writer *json, const struct listing *listing)
{
    const struct channel *channel = book_channel(store_book(daemon->store), listing->channel);
    int64_t wanted = 0;
    int64_t owed = listing_owed(daemon, listing, &wanted);
    json_begin_object(json, NULL);
    json_text(json, "channel", channel ? channel->name : "");
    if (listing->has_level)
        json_int(json, "level", listing->level);
    else
        json_null(json, "level");
    json_int(json, "expected", listing_expected(listing));
    json_int(json, "wanted", wanted);
    json_int(json, "owed", owed);
    json_text(json, "parked", listing->parked ? listing->parked_reason : "");
    json_end_object(json);
}

/* Where the units are: every place that has or owes some, and those that the stall and the shops sell from.
 */
static void write_places(struct daemon *daemon, struct json_writer *json, uint32_t item)
{
    const struct book *book = store_book(daemon->store);
    json_begin_array(json, "places");
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++) {
        char name[NAME_MAX_BYTES + 1];
        struct stock stock = book_stock(book, item, location);
        bool used = location == daemon->sell_location || location == daemon->shop_location;
        if ((!used && !stock.on_hand && !stock.committed) ||
            store_location_name(daemon->store, location, name) < 0)
            continue;
        json_begin_object(json, NULL);
        json_text(json, "place", name);
        json_int(json, "on_hand", stock.on_hand);
        json_int(json, "committed", stock.committed);
        json_int(json, "deficit", allocation_deficit(book, item, location));
        json_int(json, "overlap",
                 allocation_overlap(book, item, location, daemon_showing_booth_percent(daemon, location)));
        json_end_object(json);
    }
    json_end_array(json);
}

/* The newest unsettled card about the item; 0 none. */
static uint64_t item_card(struct daemon *daemon, uint32_t alias)
{
    enum { CARDS_LOOKED_AT = 64 };
    struct card *cards = calloc(CARDS_LOOKED_AT, sizeof *cards);
    uint64_t id = 0;
    int count = cards ? store_cards(daemon->store, false, cards, CARDS_LOOKED_AT) : 0;
    for (int i = 0; i < count && !id; i++)
        if (cards[i].item == alias)
            id = cards[i].id;
    free(cards);
    return id;
}

static void write_item(struct daemon *daemon, struct json_writer *json, const char *key,
                       const struct item *item, uint64_t card)
{
    const struct book *book = store_book(daemon->store);
    struct stock stock = book_stock_total(book, item->alias);
    json_begin_object(json, key);
    json_int(json, "alias", item->alias);
    json_text(json, "sku", item->sku);
    json_text(json, "title", item->title);
    json_int(json, "price", item->price_minor);
    json_text(json, "currency", item->currency);
    json_bool(json, "one_of_a_kind", (item->flags & ITEM_ONE_OF_A_KIND) != 0);
    json_int(json, "on_hand", stock.on_hand);
    json_int(json, "committed", stock.committed);
    json_int(json, "available", stock.on_hand - stock.committed);
    write_codes(daemon, json, item->alias);
    write_places(daemon, json, item->alias);
    json_begin_array(json, "channels");
    for (const struct listing *listing = book_item_listing(book, item->alias, NULL); listing;
         listing = book_item_listing(book, item->alias, listing))
        write_listing(daemon, json, listing);
    json_end_array(json);
    json_int(json, "card", (int64_t)card);
    json_end_object(json);
}

void api_write_stock_item(struct daemon *daemon, struct json_writer *json, const char *key,
                          const struct item *item)
{
    write_item(daemon, json, key, item, item_card(daemon, item->alias));
}

static int one_item(struct api_call *call)
{
    struct item item;
    int result = store_item_by_sku(call->daemon->store, call->tail, &item);
    if (result == -ENOENT)
        return api_error(call, HTTP_NOT_FOUND, "no item has the SKU %s", call->tail);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-result));
    api_write_stock_item(call->daemon, call->json, NULL, &item);
    return HTTP_OK;
}

/* Cards are looked up once for a whole page of items, not once an item. */
struct card_list {
    struct card *cards;
    int count;
};

static uint64_t find_card(const struct card_list *list, uint32_t alias)
{
    for (int i = 0; i < list->count; i++)
        if (list->cards[i].item == alias)
            return list->cards[i].id;
    return 0;
}

int api_stock(struct api_call *call)
{
    enum { CARDS_LOOKED_AT = 256 };
    if (*call->tail)
        return one_item(call);
    char search[TITLE_MAX_BYTES + 1];
    (void)api_query(call, "search", search, sizeof search);
    int64_t limit = api_query_int(call, "limit", 200);
    if (limit < 1 || limit > STOCK_PAGE_MAX)
        limit = STOCK_PAGE_MAX;
    struct item *items = calloc((size_t)limit + 1, sizeof *items);
    struct card_list cards = {.cards = calloc(CARDS_LOOKED_AT, sizeof *cards.cards)};
    int count = -ENOMEM;
    if (items && cards.cards) {
        cards.count = store_cards(call->daemon->store, false, cards.cards, CARDS_LOOKED_AT);
        count = store_items(call->daemon->store, search, (uint32_t)api_query_int(call, "after", 0), items,
                            (int)limit + 1);
    }
    int status = HTTP_OK;
    if (count < 0) {
        status = api_error(call, HTTP_FAILED, "the stock cannot be read: %s", strerrordesc_np(-count));
    } else {
        json_begin_object(call->json, NULL);
        json_begin_array(call->json, "items");
        for (int i = 0; i < count && i < limit; i++)
            write_item(call->daemon, call->json, NULL, &items[i], find_card(&cards, items[i].alias));
        json_end_array(call->json);
        json_bool(call->json, "more", count > limit);
        json_end_object(call->json);
    }
    free(items);
    free(cards.cards);
    return status;
}

/* Six barcodes to scan off the screen, spread over the catalogue. */
int api_codes(struct api_call *call)
{
    if (!call->daemon->practice)
        return api_error(call, HTTP_FORBIDDEN, "barcodes to scan off the screen exist in practice mode only");
    uint32_t count = book_item_count(store_book(call->daemon->store));
    uint32_t stride = count > PRACTICE_CODES ? count / PRACTICE_CODES : 1;
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "codes");
    for (uint32_t i = 0, alias = 1; i < PRACTICE_CODES && alias <= count; i++, alias += stride) {
        struct item item;
        char codes[1][CODE_MAX_BYTES + 1];
        uint32_t packs[1];
        if (store_item(call->daemon->store, alias, &item) < 0 ||
            store_item_codes(call->daemon->store, alias, codes, packs, 1) < 1)
            continue;
        BUF_AUTO struct buf svg = buf_new(LABEL_SVG_MAX_BYTES);
        struct err err = {0};
        if (label_svg(codes[0], &svg, &err) < 0)
            return api_error(call, HTTP_FAILED, "%s: %s", codes[0], err_text(&err));
        json_begin_object(call->json, NULL);
        json_text(call->json, "sku", item.sku);
        json_text(call->json, "title", item.title);
        json_text(call->json, "code", codes[0]);
        json_text(call->json, "svg", buf_text(&svg));
        json_end_object(call->json);
    }
    json_end_array(call->json);
    json_end_object(call->json);
    return HTTP_OK;
}
