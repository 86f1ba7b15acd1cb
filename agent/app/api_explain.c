/* GET /explain: every number with the ledger lines behind it, adding up (promise 8). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "app/api_explain.h"
#include "store/store_group.h"

enum { EXPLAIN_LINES_MAX = 2000, POSITIONS_AT_ONCE = 128, WORDS_MAX_BYTES = 320 };

/* What one event did to the item's stock, or to one listing of it. */
struct effect {
    int64_t on_hand, committed; /* stock units */
    int64_t expected;           /* the listing's own units */
    uint32_t channel, listing;  /* 0: stock only */
    struct balance_lines terms; /* the same change by what it is */
    struct id128 op;            /* the change of ours that it belongs to; zero none */
    bool moved;                 /* between places: told, though it adds nothing */
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
    effect->op = event->allocation.op;
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

static void explain_transfer(struct store *store, const struct event *event, struct effect *effect)
{
    char from[NAME_MAX_BYTES + 1], to[NAME_MAX_BYTES + 1];
    if (store_location_name(store, event->transfer.from, from) < 0)
        (void)snprintf(from, sizeof from, "place %" PRIu32, event->transfer.from);
    if (store_location_name(store, event->transfer.to, to) < 0)
        (void)snprintf(to, sizeof to, "place %" PRIu32, event->transfer.to);
    effect->moved = true;
    (void)snprintf(effect->words, sizeof effect->words, "moved %" PRId64 " from %s to %s",
                   event->transfer.quantity, from, to);
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
    balance_add(&effect->terms, event);
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
    case EVENT_TRANSFER: /* on hand counts all places together */
        explain_transfer(store, event, effect);
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
    uint32_t count;
    bool more;
    struct event event; /* large; one is enough */
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
    if (!explain_event(all->daemon->store, &all->event, all->item, &line->effect))
        return 0;
    line->position = position;
    line->kind = all->event.kind;
    all->count++;
    return 0;
}

static int collect(struct explanation *all)
{
    uint64_t positions[POSITIONS_AT_ONCE], after = 0;
    for (;;) {
        int count = store_item_events(all->daemon->store, all->item, after, positions, POSITIONS_AT_ONCE);
        if (count <= 0)
            return count;
        for (int i = 0; i < count; i++) {
            all->more = all->count == EXPLAIN_LINES_MAX;
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
    if (id128_is_zero(line->effect.op))
        return;
    char op[ID128_TEXT_BYTES];
    id128_text(line->effect.op, op);
    json_text(json, "op", op);
}

static struct stock write_stock_lines(struct explanation *all, struct json_writer *json)
{
    struct stock running = {0};
    json_begin_array(json, "lines");
    for (uint32_t i = 0; i < all->count; i++) {
        const struct effect *effect = &all->lines[i].effect;
        if (!effect->on_hand && !effect->committed && !effect->moved)
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

static struct balance_lines write_listing_lines(struct explanation *all, struct json_writer *json,
                                                const struct listing *listing)
{
    struct balance_lines terms = {0};
    json_begin_array(json, "lines");
    for (uint32_t i = 0; i < all->count; i++) {
        const struct effect *effect = &all->lines[i].effect;
        if (effect->channel != listing->channel || effect->listing != listing->alias ||
            (!effect->expected && all->lines[i].kind != EVENT_BASELINE))
            continue;
        for (int term = 0; term < BALANCE_TERMS; term++)
            terms.terms[term] += effect->terms.terms[term];
        json_begin_object(json, NULL);
        write_head(all, json, &all->lines[i]);
        json_int(json, "expected", effect->expected);
        json_int(json, "running", balance_sum(&terms));
        json_end_object(json);
    }
    json_end_array(json);
    return terms;
}

static bool write_channel(struct explanation *all, struct json_writer *json, const struct channel *channel,
                          const struct listing *listing, char wrong[EXPLAIN_WRONG_BYTES])
{
    json_begin_object(json, NULL);
    json_text(json, "channel", channel->name);
    for (int term = 0; term < BALANCE_TERMS; term++)
        json_int(json, balance_term_name((enum balance_term)term),
                 balance_kept(listing, (enum balance_term)term));
    json_int(json, "expected", listing_expected(listing));
    if (listing->has_level)
        json_int(json, "level", listing->level);
    else
        json_null(json, "level");
    struct balance_lines lines = write_listing_lines(all, json, listing);
    bool adds_up = api_explain_listing(all->daemon, json, listing, &lines, wrong);
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
    char wrong[EXPLAIN_WRONG_BYTES] = "";
    json_begin_object(json, NULL);
    json_text(json, "sku", item->sku);
    json_text(json, "title", item->title);
    json_int(json, "now_ms", daemon_clock_now_ms(call->daemon));
    daemon_clock_write(call->daemon, json);
    json_int(json, "on_hand", stock.on_hand);
    json_int(json, "committed", stock.committed);
    json_int(json, "available", stock.on_hand - stock.committed);
    struct stock sum = write_stock_lines(all, json);
    bool adds_up = api_explain_stock(stock, sum, wrong);
    adds_up &= api_explain_item(call->daemon, json, item, wrong);
    json_begin_array(json, "channels");
    for (const struct listing *listing = book_item_listing(book, item->alias, NULL); listing;
         listing = book_item_listing(book, item->alias, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (channel && (!*only || strcmp(only, channel->name) == 0))
            adds_up &= write_channel(all, json, channel, listing, wrong);
    }
    json_end_array(json);
    json_bool(json, "adds_up", adds_up && !all->more);
    json_text(json, "wrong", all->more ? "" : wrong);
    json_bool(json, "more", all->more);
    json_end_object(json);
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
    if (all && lines) {
        all->daemon = call->daemon;
        all->item = item.alias;
        all->lines = lines;
        result = collect(all);
    }
    int status = HTTP_OK;
    if (result < 0)
        status = api_error(call, HTTP_FAILED, "the ledger cannot be read: %s", strerrordesc_np(-result));
    else
        write_explanation(call, all, &item, only);
    free(lines);
    free(all);
    return status;
}
