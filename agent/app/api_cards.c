/* GET /cards and POST /cards/ID: what only the seller can settle, with ranked options. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/log.h"
#include "domain/resolve.h"

enum { CARDS_MAX = 100 };

static const char *kind_name(enum card_kind kind)
{
    static const char *const names[] = {
        [CARD_UNKNOWN_CODE] = "unknown_code",
        [CARD_BELOW_ZERO] = "below_zero",
        [CARD_OVERSOLD] = "oversold",
        [CARD_DRIFT] = "drift",
        [CARD_REFUSED] = "refused",
        [CARD_OVERLONG_CODE] = "overlong_code",
        [CARD_PARKED] = "parked",
        [CARD_UNLINKED_ORDER] = "unlinked_order",
        [CARD_RESTORED] = "restored",
    };
    return kind < sizeof names / sizeof names[0] && names[kind] ? names[kind] : "unknown";
}

static const char *state_name(enum card_state state)
{
    return state == CARD_OPEN ? "open" : state == CARD_WAITING ? "waiting" : "settled";
}

/* What is behind a card; the strings live here. */
struct subject {
    struct item item;
    struct order_line line;
    char other_name[NAME_MAX_BYTES + 1];
    struct resolve_facts facts;
};

static bool channel_cancels(const struct daemon *daemon, uint32_t alias)
{
    const struct channel *channel = book_channel(store_book(daemon->store), alias);
    const struct channel_ops *ops = channel ? channel_find(channel->kind) : NULL;
    return daemon->practice ? practice_caps.cancels_orders : ops && ops->caps.cancels_orders;
}

static void find_other_location(struct daemon *daemon, struct subject *subject, uint32_t item)
{
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++) {
        struct stock stock = book_stock(store_book(daemon->store), item, location);
        int64_t available = stock.on_hand - stock.committed;
        if (location == subject->facts.location || available <= subject->facts.other_available ||
            store_location_name(daemon->store, location, subject->other_name) < 0)
            continue;
        subject->facts.other_location = location;
        subject->facts.other_available = available;
        subject->facts.other_location_name = subject->other_name;
    }
}

static bool cancel_under_way(struct daemon *daemon, const struct order_line *line)
{
    const struct book *book = store_book(daemon->store);
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        const struct op *op = book_op(book, i);
        if (op->kind == OP_CANCEL_ORDER && op->channel == line->channel &&
            strcmp(op->order, line->order) == 0)
            return true;
    }
    return false;
}

static void fill_subject(struct daemon *daemon, const struct card *card, struct subject *subject)
{
    struct book *book = store_book(daemon->store);
    *subject = (struct subject){0};
    struct resolve_facts *facts = &subject->facts;
    const struct channel *channel = book_channel(book, card->channel);
    bool known = card->item && store_item(daemon->store, card->item, &subject->item) == 0;
    facts->title = known ? subject->item.title : "";
    facts->sku = known ? subject->item.sku : "";
    facts->shop = channel ? channel->name : "";
    facts->one_of_a_kind = (subject->item.flags & ITEM_ONE_OF_A_KIND) != 0;
    facts->location = channel ? channel->location : daemon->sell_location;
    facts->other_location_name = "";
    facts->channel_cancels = channel_cancels(daemon, card->channel);
    struct stock stock = book_stock(book, card->item, facts->location);
    facts->on_hand = stock.on_hand;
    facts->suspicion = book_suspicion(book);
    facts->committed = stock.committed;
    if (known)
        find_other_location(daemon, subject, card->item);
    if (store_order_line(daemon->store, card->channel, card->key, &subject->line) == 0)
        facts->line = &subject->line;
    if (card->listing) {
        facts->listing = book_listing(book, card->channel, card->listing);
        facts->unsettled = book_listing_op(book, card->channel, card->listing) != NULL;
    }
    if (facts->line)
        facts->unsettled |= cancel_under_way(daemon, facts->line);
}

static void write_options(struct json_writer *json, const struct card *card,
                          const struct resolve_facts *facts)
{
    struct resolve_option options[RESOLVE_OPTIONS_MAX];
    int count = resolve_options(card, facts, options);
    json_begin_array(json, "options");
    for (int i = 0; i < count; i++) {
        json_begin_object(json, NULL);
        json_text(json, "option", resolve_option_name(options[i].option));
        json_text(json, "title", options[i].title);
        json_text(json, "effect", options[i].effect);
        json_bool(json, "needs_detail", options[i].needs_detail);
        json_text(json, "detail_hint", options[i].detail_hint);
        json_text(json, "message", options[i].message);
        json_end_object(json);
    }
    json_end_array(json);
}

/* When what it is about happened, as known now; else the label it was given, 0 when the time was unknown
 * then. */
static int64_t opened_ms(struct daemon *daemon, const struct card *card)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    struct event event;
    if (!card->origin || store_event(daemon->store, card->origin, bytes, &length) < 0 ||
        event_decode(bytes, length, &event) < 0)
        return card->opened_wall_ms;
    return daemon_clock_when_ms(daemon, card->origin, event.time_ms);
}

static void write_card(struct daemon *daemon, struct json_writer *json, const struct card *card)
{
    struct subject subject;
    fill_subject(daemon, card, &subject);
    const char *chosen = resolve_option_name(card->chosen);
    json_begin_object(json, NULL);
    json_int(json, "id", (int64_t)card->id);
    json_text(json, "kind", kind_name(card->kind));
    json_text(json, "state", state_name(card->state));
    json_text(json, "text", card->text);
    json_text(json, "sku", subject.facts.sku);
    json_text(json, "title", subject.facts.title);
    json_text(json, "channel", subject.facts.shop);
    json_text(json, "key", card->key);
    json_int(json, "units", card->units);
    write_options(json, card, &subject.facts);
    json_text(json, "chosen", chosen && card->chosen ? chosen : "");
    json_text(json, "detail", card->detail);
    json_int(json, "opened_ms", opened_ms(daemon, card));
    json_end_object(json);
}

void api_write_card_head(struct daemon *daemon, struct json_writer *json, const struct card *card)
{
    const char *chosen = resolve_option_name(card->chosen);
    json_begin_object(json, NULL);
    json_int(json, "id", (int64_t)card->id);
    json_text(json, "kind", kind_name(card->kind));
    json_text(json, "state", state_name(card->state));
    json_text(json, "text", card->text);
    json_text(json, "chosen", chosen && card->chosen ? chosen : "");
    json_int(json, "opened_ms", opened_ms(daemon, card));
    json_end_object(json);
}

int api_cards(struct api_call *call)
{
    struct card *cards = calloc(CARDS_MAX + 1, sizeof *cards);
    int count =
        cards ? store_cards(call->daemon->store, api_query_int(call, "all", 0) != 0, cards, CARDS_MAX + 1)
              : -ENOMEM;
    if (count < 0) {
        free(cards);
        return api_error(call, HTTP_FAILED, "the cards cannot be read: %s", strerrordesc_np(-count));
    }
    json_begin_object(call->json, NULL);
    json_begin_array(call->json, "cards");
    for (int i = 0; i < count && i < CARDS_MAX; i++)
        write_card(call->daemon, call->json, &cards[i]);
    json_end_array(call->json);
    json_bool(call->json, "more", count > CARDS_MAX);
    json_end_object(call->json);
    free(cards);
    return HTTP_OK;
}

/* --- choosing
 * --------------------------------------------------------------------------------------------------------------
 */

/* Naming an unknown code needs the item and books its sales. */
static int name_item(struct api_call *call, const struct card *card, const char *sku, struct changes *changes)
{
    struct daemon *daemon = call->daemon;
    struct item item;
    int result = store_item_by_sku(daemon->store, sku, &item);
    if (result == -ENOENT)
        return api_error(call, HTTP_NOT_FOUND, "no item has the SKU %s; import it first", sku);
    if (result == 0)
        result = intake_name_code(daemon->intake, card, item.alias, daemon_event_ms(daemon), changes);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the code could not be named: %s", strerrordesc_np(-result));
    return HTTP_OK;
}

int api_decide(struct api_call *call, const struct card *card, enum card_option option, const char *detail)
{
    struct daemon *daemon = call->daemon;
    struct subject subject;
    fill_subject(daemon, card, &subject);
    struct resolve_stamp stamp = {.event_time_ms = daemon_event_ms(daemon),
                                  .op = daemon_random(daemon),
                                  .op_key = daemon_random(daemon)};
    if (card->origin && store_ref(daemon->store, card->origin, &stamp.origin) < 0)
        stamp.origin = (struct event_ref){0};
    CHANGES_AUTO struct changes changes = changes_new();
    struct err err = {0};
    int result = resolve_decide(card, option, detail, &subject.facts, &stamp, &changes, &err);
    if (result == -EALREADY || result == -EBUSY)
        return api_error(call, HTTP_CONFLICT, "%s", err_text(&err));
    if (result < 0)
        return api_error(call, HTTP_BAD_REQUEST, "%s", err_text(&err));
    if (option == OPTION_NAME_ITEM) {
        int status = name_item(call, card, detail, &changes);
        if (status != HTTP_OK)
            return status;
    }
    result = daemon_commit(daemon, &changes);
    if (result < 0)
        return api_error(call, HTTP_FAILED, "the choice could not be saved: %s", strerrordesc_np(-result));
    return HTTP_OK;
}

int api_card_choose(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    char *end;
    uint64_t id = strtoull(call->tail, &end, 10);
    struct card card;
    if (*end || store_card(daemon->store, id, &card) < 0)
        return api_error(call, HTTP_NOT_FOUND, "there is no card %s", call->tail);
    const char *name = json_get_text(call->body, "option"), *detail = json_get_text(call->body, "detail");
    enum card_option option = resolve_option_from_name(name ? name : "");
    if (option == OPTION_NONE)
        return api_error(call, HTTP_BAD_REQUEST, "\"%s\" is no option; fairstock cards lists them",
                         name ? name : "");
    int status = api_decide(call, &card, option, detail ? detail : "");
    if (status != HTTP_OK)
        return status;
    if (store_card(daemon->store, id, &card) < 0)
        return api_error(call, HTTP_FAILED, "the card cannot be read back");
    json_begin_object(call->json, NULL);
    json_text(call->json, "state", state_name(card.state));
    json_end_object(call->json);
    daemon_update_lamp(daemon);
    daemon_stock_changed(daemon, card.item);
    return HTTP_OK;
}
