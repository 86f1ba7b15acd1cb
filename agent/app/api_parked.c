/* GET and POST /parked: listings that a shop refuses to change. Each waits alone; the others go on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/cleanup.h"
#include "domain/resolve.h"

enum { PARKED_MAX = 1000, CARDS_LOOKED_AT = 400 };

static bool about(const struct card *card, const struct listing *listing)
{
    return card->kind == CARD_PARKED && card->channel == listing->channel && card->listing == listing->alias;
}

struct parked {
    struct daemon *daemon;
    struct card *cards; /* unsettled */
    int card_count;
    uint32_t shown;
};

static const struct card *card_of(const struct parked *parked, const struct listing *listing)
{
    for (int i = 0; i < parked->card_count; i++)
        if (about(&parked->cards[i], listing))
            return &parked->cards[i];
    return NULL;
}

/* The card may have been seen and put away: then there is one as it would be. */
static struct card subject(const struct parked *parked, const struct listing *listing)
{
    const struct card *open = card_of(parked, listing);
    struct card card = {.kind = CARD_PARKED,
                        .state = CARD_OPEN,
                        .channel = listing->channel,
                        .item = listing->item,
                        .listing = listing->alias};
    (void)snprintf(card.key, sizeof card.key, "%" PRIu32 "/%s", listing->channel, listing->remote_id);
    return open ? *open : card;
}

static int read_cards(struct parked *parked)
{
    parked->cards = calloc(CARDS_LOOKED_AT, sizeof *parked->cards);
    if (!parked->cards)
        return -1;
    parked->card_count = store_cards(parked->daemon->store, false, parked->cards, CARDS_LOOKED_AT);
    return parked->card_count;
}

/* --- reading ----------------------------------------------------------------------------------------- */

static void write_listing(struct parked *parked, struct json_writer *json, const struct channel *channel,
                          const struct listing *listing)
{
    const struct card *card = card_of(parked, listing);
    struct item item = {0};
    bool known = store_item(parked->daemon->store, listing->item, &item) == 0;
    json_begin_object(json, NULL);
    json_text(json, "channel", channel->name);
    json_int(json, "listing", listing->alias);
    json_text(json, "sku", known ? item.sku : "");
    json_text(json, "title", known ? item.title : "");
    json_text(json, "reason", listing->parked_reason);
    if (listing->has_level)
        json_int(json, "level", listing->level);
    else
        json_null(json, "level");
    json_int(json, "expected", listing_expected(listing));
    json_int(json, "card", card ? (int64_t)card->id : 0);
    json_end_object(json);
}

int api_parked(struct api_call *call)
{
    struct parked parked = {.daemon = call->daemon};
    const struct book *book = store_book(call->daemon->store);
    if (read_cards(&parked) < 0) {
        free(parked.cards);
        return api_error(call, HTTP_FAILED, "the cards cannot be read");
    }
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "parked");
    for (uint32_t channel = 1; channel <= book_channel_count(book); channel++)
        for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
            const struct listing *listing = book_listing(book, channel, alias);
            if (listing && listing->parked && parked.shown++ < PARKED_MAX)
                write_listing(&parked, call->json, book_channel(book, channel), listing);
        }
    json_end_array(call->json);
    json_bool(call->json, "more", parked.shown > PARKED_MAX);
    json_end_object(call->json);
    free(parked.cards);
    return HTTP_OK;
}

/* --- deciding ---------------------------------------------------------------------------------------- */

/* By the listing's number, or by SKU where only one listing of it is parked there. NULL and *count. */
static const struct listing *find(struct api_call *call, uint32_t channel, int64_t alias, uint32_t item,
                                  uint32_t *count)
{
    const struct book *book = store_book(call->daemon->store);
    const struct listing *found = NULL;
    *count = 0;
    for (uint32_t i = 1; i <= book_listing_count(book, channel); i++) {
        const struct listing *listing = book_listing(book, channel, i);
        if (!listing || !listing->parked || (alias ? listing->alias != alias : listing->item != item))
            continue;
        found = listing;
        (*count)++;
    }
    return *count == 1 ? found : NULL;
}

int api_parked_decide(struct api_call *call)
{
    const char *name = json_get_text(call->body, "channel"), *sku = json_get_text(call->body, "sku"),
               *what = json_get_text(call->body, "do");
    const struct channel *channel = NULL;
    int64_t alias = 0;
    struct item item = {0};
    enum card_option option = what ? resolve_option_from_name(what) : OPTION_NONE;
    if (option != OPTION_RETRY && option != OPTION_ACCEPT)
        return api_error(call, HTTP_BAD_REQUEST, "\"do\" must be retry or accept");
    if (!name || !daemon_courier(call->daemon, name, &channel))
        return api_error(call, HTTP_NOT_FOUND, "no channel is called %s", name ? name : "\"\"");
    bool by_alias = json_get_int(call->body, "listing", &alias) == 0 && alias > 0;
    if (!by_alias && (!sku || store_item_by_sku(call->daemon->store, sku, &item) < 0))
        return api_error(call, HTTP_NOT_FOUND, "no item has the SKU %s", sku ? sku : "\"\"");
    uint32_t count;
    const struct listing *listing = find(call, channel->alias, by_alias ? alias : 0, item.alias, &count);
    if (!listing)
        return api_error(call, count ? HTTP_CONFLICT : HTTP_NOT_FOUND,
                         count ? "several listings of it are parked there: name one by its number"
                               : "no such listing is parked there");
    struct parked parked = {.daemon = call->daemon};
    int read = read_cards(&parked);
    struct card card = subject(&parked, listing);
    free(parked.cards);
    if (read < 0)
        return api_error(call, HTTP_FAILED, "the cards cannot be read");
    int status = api_decide(call, &card, option, "");
    if (status != HTTP_OK)
        return status;
    json_begin_object(call->json, NULL);
    json_bool(call->json, "parked", option == OPTION_ACCEPT);
    json_end_object(call->json);
    daemon_update_lamp(call->daemon);
    daemon_stock_changed(call->daemon, card.item);
    return HTTP_OK;
}
