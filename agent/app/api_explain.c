/* GET /explain: every number with the ledger lines behind it, adding up (promise 8). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "app/explain_carried.h"
#include "store/store_group.h"

enum { EXPLAIN_LINES_MAX = 2000, POSITIONS_AT_ONCE = 128, WORDS_MAX_BYTES = 320 };

/* What one event did to the item's stock, or to one listing of it. */
struct effect {
    int64_t on_hand, committed; /* stock units */
    int64_t expected;           /* the listing's own units */
    uint32_t channel, listing;  /* 0: stock only */
    char words[WORDS_MAX_BYTES];
};

static const char *adjust_words(uint32_t reason)
{
    static const char *const words[] = {
        [ADJUST_OPENING] = "opening stock",
        [ADJUST_FOUND] = "found",
        [ADJUST_LOST] = "lost",
        [ADJUST_DAMAGED] = "damaged",
        [ADJUST_STOLEN] = "stolen",
        [ADJUST_GIFT] = "given away",
        [ADJUST_SAMPLE] = "sample",
        [ADJUST_MADE] = "made",
        [ADJUST_CORRECTION] = "count corrected",
    };
    return reason < sizeof words / sizeof words[0] && words[reason] ? words[reason] : "adjusted";
}

static const char *proof_words(uint32_t proof)
{
    static const char *const words[] = {
        [PROOF_ANSWER] = "proven by the shop's answer",
        [PROOF_REFUSED_GRANT] = "the shop did not take the raise",
        [PROOF_READ_BACK] = "proven by reading the level back",
        [PROOF_SELLER] = "by the seller's word",
    };
    return proof < sizeof words / sizeof words[0] && words[proof] ? words[proof] : "proven";
}

static void explain_sale(const struct event *event, uint32_t item, struct effect *effect)
{
    for (uint32_t i = 0; i < event->sale.line_count; i++)
        if (event->sale.lines[i].item == item)
            effect->on_hand -= event->sale.lines[i].quantity;
    (void)snprintf(effect->words, sizeof effect->words, "sold %" PRId64 " at the booth%s", -effect->on_hand,
                   event->sale.flags & SALE_BEYOND_LEDGER ? " (the ledger said there was none)" : "");
}

static void explain_void(const struct event *event, uint32_t item, struct effect *effect)
{
    for (uint32_t i = 0; i < event->voided.effect_count; i++)
        if (event->voided.effects[i].item == item)
            effect->on_hand += event->voided.effects[i].delta;
    (void)snprintf(effect->words, sizeof effect->words, "%s: %+" PRId64,
                   event->voided.reason == 1 ? "undone" : "corrected", effect->on_hand);
}

/* What people call the order; the shop's own id when the order is not among those we keep. */
static void order_name(struct store *store, const struct event *event, char name[WORDS_MAX_BYTES / 2])
{
    char key[SOURCE_KEY_MAX_BYTES + 1];
    struct order_line line;
    text_copy(event->order.source_key, key, sizeof key);
    if (store_order_line(store, event->order.channel, key, &line) == 0 && line.order_name[0])
        (void)snprintf(name, WORDS_MAX_BYTES / 2, "%s", line.order_name);
    else
        text_copy(event->order.order, name, WORDS_MAX_BYTES / 2);
}

static void explain_order(struct store *store, const struct event *event, struct effect *effect)
{
    char name[WORDS_MAX_BYTES / 2];
    const struct order_vector *d = &event->order.difference;
    int64_t pack = event->order.pack;
    effect->on_hand = (d->returned_sellable - d->handed_over) * pack;
    effect->committed = (d->ordered - d->cancelled - d->handed_over) * pack;
    effect->expected = d->restored - d->ordered;
    effect->channel = event->order.channel;
    effect->listing = event->order.listing;
    order_name(store, event, name);
    int used = snprintf(effect->words, sizeof effect->words, "order %s:", name);
    const struct {
        int64_t units;
        const char *what;
    } parts[] = {{d->ordered, "ordered"},
                 {d->cancelled, "cancelled"},
                 {d->handed_over, "handed over"},
                 {d->held, "held"},
                 {d->returned_sellable, "came back"},
                 {d->returned_unsellable, "came back damaged"},
                 {d->restored, "put back by the shop"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].units && used > 0 && (size_t)used < sizeof effect->words)
            used += snprintf(effect->words + used, sizeof effect->words - (size_t)used, " %" PRId64 " %s",
                             parts[i].units, parts[i].what);
}

static void explain_allocation(const struct event *event, struct effect *effect)
{
    bool grant = event->kind == EVENT_GRANT;
    effect->expected = grant ? (int64_t)event->allocation.units : -(int64_t)event->allocation.units;
    effect->channel = event->allocation.channel;
    effect->listing = event->allocation.listing;
    if (grant)
        (void)snprintf(effect->words, sizeof effect->words, "raised by %" PRIu64, event->allocation.units);
    else
        (void)snprintf(effect->words, sizeof effect->words, "lowered by %" PRIu64 ", %s",
                       event->allocation.units, proof_words(event->allocation.proof));
}

static void explain_baseline(const struct event *event, struct effect *effect)
{
    effect->committed = (int64_t)event->baseline.committed * event->baseline.pack;
    effect->expected = event->baseline.level;
    effect->channel = event->baseline.channel;
    effect->listing = event->baseline.listing;
    (void)snprintf(effect->words, sizeof effect->words, "connected: the shop showed %" PRId64,
                   event->baseline.level);
}

static void explain_edit(const struct event *event, uint32_t pack, struct effect *effect)
{
    effect->expected = event->edit.delta;
    effect->on_hand = event->edit.adopted ? event->edit.delta * pack : 0;
    effect->channel = event->edit.channel;
    effect->listing = event->edit.listing;
    (void)snprintf(effect->words, sizeof effect->words, "changed at the shop by %+" PRId64 "%s",
                   event->edit.delta, event->edit.adopted ? ", taken over into stock" : "");
}

static uint32_t listing_pack(const struct book *book, uint32_t channel, uint32_t alias)
{
    const struct listing *listing = book_listing(book, channel, alias);
    return listing ? listing->pack : 1;
}

/* Fills the effect; false for kinds that change neither stock nor a listing. */
static bool explain_event(struct store *store, const struct event *event, uint32_t item,
                          struct effect *effect)
{
    const struct book *book = store_book(store);
    *effect = (struct effect){0};
    switch (event->kind) {
    case EVENT_SALE:
        explain_sale(event, item, effect);
        return true;
    case EVENT_VOID:
        explain_void(event, item, effect);
        return true;
    case EVENT_UNKNOWN_NAMED:
        effect->on_hand = -event->named.quantity;
        (void)snprintf(effect->words, sizeof effect->words,
                       "sold %" PRId64 " under a code that was unknown then", event->named.quantity);
        return true;
    case EVENT_ADJUSTMENT:
        effect->on_hand = event->adjustment.delta;
        (void)snprintf(effect->words, sizeof effect->words, "%s: %+" PRId64,
                       adjust_words(event->adjustment.reason), event->adjustment.delta);
        return true;
    case EVENT_BASELINE:
        explain_baseline(event, effect);
        return true;
    case EVENT_GRANT:
    case EVENT_REVOKE:
        explain_allocation(event, effect);
        return true;
    case EVENT_ORDER_STATE:
        explain_order(store, event, effect);
        return true;
    case EVENT_LEVEL_EDIT:
        explain_edit(event, listing_pack(book, event->edit.channel, event->edit.listing), effect);
        return true;
    default:
        return false;
    }
}

/* --- collecting
 * ---------------------------------------------------------------------------------------------------------
 */

struct line {
    uint64_t position;
    uint32_t kind;
    struct effect effect;
};

struct explanation {
    struct daemon *daemon;
    uint32_t item;
    struct line *lines;
    uint32_t count, limit;
    bool more;
    struct explain_carried from, next; /* the sums before the lines, and behind them */
    struct event event;                /* large; one is enough */
};

static int add_position(struct explanation *all, uint64_t position)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int result = store_event(all->daemon->store, position, bytes, &length);
    if (result == 0)
        result = event_decode(bytes, length, &all->event);
    if (result < 0)
        return result;
    struct line *line = &all->lines[all->count];
    all->next.position = position;
    if (!explain_event(all->daemon->store, &all->event, all->item, &line->effect))
        return 0;
    line->position = position;
    line->kind = all->event.kind;
    all->count++;
    const struct effect *effect = &line->effect;
    return explain_carried_add(&all->next, effect->on_hand, effect->committed, effect->channel,
                               effect->listing, effect->expected)
               ? 0
               : -E2BIG;
}

static int collect(struct explanation *all)
{
    uint64_t positions[POSITIONS_AT_ONCE], after = all->from.position;
    all->next = all->from;
    for (;;) {
        int count = store_item_events(all->daemon->store, all->item, after, positions, POSITIONS_AT_ONCE);
        if (count <= 0)
            return count;
        for (int i = 0; i < count; i++) {
            all->more = all->count == all->limit;
            int result = all->more ? 0 : add_position(all, positions[i]);
            if (result < 0 || all->more)
                return result;
        }
        after = positions[count - 1];
    }
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------------
 */

static void write_head(struct explanation *all, struct json_writer *json, const struct line *line)
{
    char event_id[EVENT_ID_TEXT_BYTES];
    event_id_text(store_event_id(all->daemon->store, line->position), event_id);
    json_int(json, "position", (int64_t)line->position);
    json_text(json, "event", event_id);
    json_text(json, "kind", event_kind_name(line->kind));
    json_text(json, "words", line->effect.words);
}

/* The first line of a page that is not the first. */
static void write_carried(struct explanation *all, struct json_writer *json)
{
    char words[WORDS_MAX_BYTES];
    (void)snprintf(words, sizeof words, "carried over from the %" PRIu64 " lines before", all->from.lines);
    json_begin_object(json, NULL);
    json_int(json, "position", (int64_t)all->from.position);
    json_text(json, "event", "");
    json_text(json, "kind", "carried");
    json_text(json, "words", words);
}

static struct stock write_stock_lines(struct explanation *all, struct json_writer *json)
{
    struct stock running = {all->from.on_hand, all->from.committed};
    json_begin_array(json, "lines");
    if (all->from.position) {
        write_carried(all, json);
        json_int(json, "on_hand", running.on_hand);
        json_int(json, "committed", running.committed);
        json_int(json, "running_on_hand", running.on_hand);
        json_int(json, "running_committed", running.committed);
        json_end_object(json);
    }
    for (uint32_t i = 0; i < all->count; i++) {
        const struct effect *effect = &all->lines[i].effect;
        if (!effect->on_hand && !effect->committed)
            continue;
        running.on_hand += effect->on_hand;
        running.committed += effect->committed;
        json_begin_object(json, NULL);
        write_head(all, json, &all->lines[i]);
        json_int(json, "on_hand", effect->on_hand);
        json_int(json, "committed", effect->committed);
        json_int(json, "running_on_hand", running.on_hand);
        json_int(json, "running_committed", running.committed);
        json_end_object(json);
    }
    json_end_array(json);
    return running;
}

static int64_t write_listing_lines(struct explanation *all, struct json_writer *json,
                                   const struct listing *listing)
{
    int64_t running = explain_carried_expected(&all->from, listing->channel, listing->alias);
    json_begin_array(json, "lines");
    if (all->from.position) {
        write_carried(all, json);
        json_int(json, "expected", running);
        json_int(json, "running", running);
        json_end_object(json);
    }
    for (uint32_t i = 0; i < all->count; i++) {
        const struct effect *effect = &all->lines[i].effect;
        if (effect->channel != listing->channel || effect->listing != listing->alias ||
            (!effect->expected && all->lines[i].kind != EVENT_BASELINE))
            continue;
        running += effect->expected;
        json_begin_object(json, NULL);
        write_head(all, json, &all->lines[i]);
        json_int(json, "expected", effect->expected);
        json_int(json, "running", running);
        json_end_object(json);
    }
    json_end_array(json);
    return running;
}

static bool write_channel(struct explanation *all, struct json_writer *json, const struct channel *channel,
                          const struct listing *listing)
{
    int64_t expected = listing_expected(listing);
    json_begin_object(json, NULL);
    json_text(json, "channel", channel->name);
    json_int(json, "baseline", listing->baseline);
    json_int(json, "granted", listing->granted);
    json_int(json, "revoked", listing->revoked);
    json_int(json, "sold", listing->sold);
    json_int(json, "restored", listing->restored);
    json_int(json, "edits", listing->edits);
    json_int(json, "expected", expected);
    if (listing->has_level)
        json_int(json, "level", listing->level);
    else
        json_null(json, "level");
    bool adds_up = write_listing_lines(all, json, listing) == expected;
    json_bool(json, "adds_up", adds_up);
    json_end_object(json);
    return adds_up;
}

static void write_explanation(struct api_call *call, struct explanation *all, const struct item *item,
                              const char *only)
{
    const struct book *book = store_book(call->daemon->store);
    struct stock stock = book_stock_total(book, item->alias);
    struct json_writer *json = call->json;
    json_begin_object(json, NULL);
    json_text(json, "sku", item->sku);
    json_text(json, "title", item->title);
    json_int(json, "on_hand", stock.on_hand);
    json_int(json, "committed", stock.committed);
    struct stock sum = write_stock_lines(all, json);
    bool adds_up = sum.on_hand == stock.on_hand && sum.committed == stock.committed;
    json_begin_array(json, "channels");
    for (const struct listing *listing = book_item_listing(book, item->alias, NULL); listing;
         listing = book_item_listing(book, item->alias, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (channel && (!*only || strcmp(only, channel->name) == 0))
            adds_up &= write_channel(all, json, channel, listing);
    }
    json_end_array(json);
    json_bool(json, "adds_up", adds_up && !all->more);
    json_bool(json, "more", all->more);
    BUF_AUTO struct buf next = buf_new(EXPLAIN_CARRIED_MAX_BYTES);
    if (all->more)
        explain_carried_write(&all->next, &next);
    json_text(json, "next", buf_text(&next));
    json_end_object(json);
}

/* Which lines: those behind what `from` carries over, at most `limit`. */
static bool which_lines(struct api_call *call, struct explanation *all)
{
    char from[EXPLAIN_CARRIED_MAX_BYTES];
    int64_t limit = api_query_int(call, "limit", EXPLAIN_LINES_MAX);
    all->limit = limit > 0 && limit < EXPLAIN_LINES_MAX ? (uint32_t)limit : EXPLAIN_LINES_MAX;
    return !api_query(call, "from", from, sizeof from) || explain_carried_read(from, &all->from);
}

int api_explain(struct api_call *call)
{
    char sku[SKU_MAX_BYTES + 1], only[NAME_MAX_BYTES + 1];
    struct item item;
    if (!api_query(call, "sku", sku, sizeof sku))
        return api_error(call, HTTP_BAD_REQUEST, "say which item: ?sku=…");
    const struct channel *channel = NULL;
    if (api_query(call, "channel", only, sizeof only) && *only &&
        !daemon_courier(call->daemon, only, &channel))
        return api_error(call, HTTP_NOT_FOUND, "no channel is called %s; fairstock status names them", only);
    if (store_group_is_open(
            call->daemon->store)) /* the book is ahead of the lines, so nothing would add up */
        return api_error(call, HTTP_BUSY, "several sales are being saved at this moment; ask again");
    if (store_item_by_sku(call->daemon->store, sku, &item) < 0)
        return api_error(call, HTTP_NOT_FOUND, "no item has the SKU %s", sku);
    struct explanation *all = calloc(1, sizeof *all);
    struct line *lines = calloc(EXPLAIN_LINES_MAX, sizeof *lines);
    int result = -ENOMEM;
    bool known = all && lines && which_lines(call, all);
    if (known) {
        all->daemon = call->daemon;
        all->item = item.alias;
        all->lines = lines;
        result = collect(all);
    }
    int status = HTTP_OK;
    if (all && lines && !known)
        status = api_error(call, HTTP_BAD_REQUEST, "from is not a next that an explanation gave");
    else if (result == -E2BIG)
        status = api_error(call, HTTP_FAILED,
                           "the item has more than %d listings; fairstock export --journal has its lines",
                           (int)EXPLAIN_LISTINGS_MAX);
    else if (result < 0)
        status = api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-result));
    else
        write_explanation(call, all, &item, only);
    free(lines);
    free(all);
    return status;
}
