/* What stands beside the ledger lines in GET /explain. */
#include "app/api_explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api.h"
#include "base/cleanup.h"
#include "domain/order_vector.h"

enum { SENDINGS_SHOWN = 12, ORDERS_SHOWN = 200, CARDS_LOOKED_AT = 400, CARDS_SHOWN = 20 };

static bool say(char wrong[EXPLAIN_WRONG_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool say(char wrong[EXPLAIN_WRONG_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!*wrong)
        (void)vsnprintf(wrong, EXPLAIN_WRONG_BYTES, format, args);
    va_end(args);
    return false;
}

bool api_explain_stock(struct stock kept, struct stock lines, char wrong[EXPLAIN_WRONG_BYTES])
{
    if (kept.on_hand != lines.on_hand)
        return say(wrong, "The lines add up to %" PRId64 " on hand, the books keep %" PRId64 ".",
                   lines.on_hand, kept.on_hand);
    if (kept.committed != lines.committed)
        return say(wrong, "The lines add up to %" PRId64 " promised to orders, the books keep %" PRId64 ".",
                   lines.committed, kept.committed);
    return true;
}

/* --- promised to whom -------------------------------------------------------------------------------- */

static void write_promise(const struct book *book, struct json_writer *json, const struct order_line *line,
                          int64_t units)
{
    const struct channel *channel = book_channel(book, line->channel);
    json_begin_object(json, NULL);
    json_text(json, "channel", channel ? channel->name : "");
    json_text(json, "order", line->order_name[0] ? line->order_name : line->order);
    json_int(json, "units", units);
    json_int(json, "held", line->booked.held * line->pack);
    json_end_object(json);
}

/* The rows of open orders are kept apart from the events' sum: the two must agree. */
static bool write_promises(struct daemon *daemon, struct json_writer *json, const struct item *item,
                           char wrong[EXPLAIN_WRONG_BYTES])
{
    const struct book *book = store_book(daemon->store);
    int64_t committed = book_stock_total(book, item->alias).committed, sum = 0;
    FREE_AUTO struct order_line *lines = calloc(ORDERS_SHOWN + 1, sizeof *lines);
    int count = lines ? store_item_order_lines(daemon->store, item->alias, lines, ORDERS_SHOWN + 1) : -1;
    json_begin_array(json, "promised");
    for (int i = 0; i < count && i < ORDERS_SHOWN; i++) {
        int64_t units = order_vector_committed(&lines[i].booked) * lines[i].pack;
        sum += units;
        if (units || lines[i].booked.held)
            write_promise(book, json, &lines[i], units);
    }
    json_end_array(json);
    json_bool(json, "promised_more", count > ORDERS_SHOWN);
    if (count < 0)
        return say(wrong, "The open orders cannot be read.");
    if (count <= ORDERS_SHOWN && sum != committed)
        return say(wrong, "%" PRId64 " are promised to orders, but the open orders need %" PRId64 ".",
                   committed, sum);
    return true;
}

/* --- who may sell what is available ------------------------------------------------------------------ */

static int64_t write_allocations(const struct book *book, struct json_writer *json, uint32_t item,
                                 uint32_t location)
{
    int64_t sum = 0;
    json_begin_array(json, "channels");
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        int64_t expected = listing_expected(listing);
        if (!channel || channel->location != location)
            continue;
        int64_t units = expected > 0 ? expected * listing->pack : 0;
        sum += units;
        json_begin_object(json, NULL);
        json_text(json, "channel", channel->name);
        json_int(json, "units", units);
        json_end_object(json);
    }
    json_end_array(json);
    return sum;
}

/* available = what the channels may still sell + what is left for the stall. */
static bool write_location(struct daemon *daemon, struct json_writer *json, uint32_t item, uint32_t location,
                           char wrong[EXPLAIN_WRONG_BYTES])
{
    const struct book *book = store_book(daemon->store);
    struct stock stock = book_stock(book, item, location);
    char name[NAME_MAX_BYTES + 1] = "";
    if (store_location_name(daemon->store, location, name) < 0)
        (void)snprintf(name, sizeof name, "location %" PRIu32, location);
    json_begin_object(json, NULL);
    json_text(json, "location", name);
    json_int(json, "on_hand", stock.on_hand);
    json_int(json, "committed", stock.committed);
    json_int(json, "available", stock.on_hand - stock.committed);
    int64_t sum = write_allocations(book, json, item, location);
    json_int(json, "allocated", sum);
    json_int(json, "left", stock.on_hand - stock.committed - sum);
    json_end_object(json);
    if (sum != book_allocated(book, item, location))
        return say(wrong, "The shops' parts at %s add up to %" PRId64 ", the books keep %" PRId64 ".", name,
                   sum, book_allocated(book, item, location));
    return true;
}

static bool is_sold_from(const struct book *book, uint32_t item, uint32_t location)
{
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        const struct channel *channel = book_channel(book, listing->channel);
        if (channel && channel->location == location)
            return true;
    }
    return false;
}

static bool write_locations(struct daemon *daemon, struct json_writer *json, uint32_t item,
                            char wrong[EXPLAIN_WRONG_BYTES])
{
    const struct book *book = store_book(daemon->store);
    struct stock total = book_stock_total(book, item), sum = {0};
    bool right = true;
    json_begin_array(json, "locations");
    for (uint32_t location = 1; location <= LOCATIONS_MAX; location++) {
        struct stock stock = book_stock(book, item, location);
        sum.on_hand += stock.on_hand;
        sum.committed += stock.committed;
        if (stock.on_hand || stock.committed || is_sold_from(book, item, location))
            right &= write_location(daemon, json, item, location, wrong);
    }
    json_end_array(json);
    if (sum.on_hand != total.on_hand || sum.committed != total.committed)
        return say(wrong, "The places together have %" PRId64 " on hand, the books keep %" PRId64 ".",
                   sum.on_hand, total.on_hand);
    return right;
}

/* --- cards ------------------------------------------------------------------------------------------- */

static void write_cards(struct daemon *daemon, struct json_writer *json, uint32_t item)
{
    FREE_AUTO struct card *cards = calloc(CARDS_LOOKED_AT, sizeof *cards);
    int count = cards ? store_cards(daemon->store, true, cards, CARDS_LOOKED_AT) : 0, shown = 0;
    json_begin_array(json, "cards");
    for (int i = 0; i < count && shown < CARDS_SHOWN; i++) {
        if (cards[i].item != item)
            continue;
        api_write_card_head(daemon, json, &cards[i]);
        shown++;
    }
    json_end_array(json);
}

bool api_explain_item(struct daemon *daemon, struct json_writer *json, const struct item *item,
                      char wrong[EXPLAIN_WRONG_BYTES])
{
    bool right = write_promises(daemon, json, item, wrong);
    right &= write_locations(daemon, json, item->alias, wrong);
    write_cards(daemon, json, item->alias);
    return right;
}

/* --- one listing: what is on its way, what was said ------------------------------------------------- */

static const char *method_name(enum write_method method)
{
    static const char *const names[] = {[WRITE_DELTA] = "by delta",
                                        [WRITE_COMPARE] = "by delta if unchanged",
                                        [WRITE_ABSOLUTE] = "to a number",
                                        [WRITE_PAUSE] = "off sale"};
    return method < sizeof names / sizeof names[0] && names[method] ? names[method] : "";
}

static const char *state_name(enum op_state state)
{
    static const char *const names[] = {[OP_NEW] = "new",
                                        [OP_SENT] = "sent",
                                        [OP_DONE] = "done",
                                        [OP_REJECTED] = "rejected",
                                        [OP_UNKNOWN] = "unknown"};
    return state < sizeof names / sizeof names[0] && names[state] ? names[state] : "";
}

static void change_words(enum write_method method, int64_t delta, int64_t to, char *words, size_t size)
{
    if (method == WRITE_PAUSE)
        (void)snprintf(words, size, "taken off sale");
    else if (method == WRITE_ABSOLUTE)
        (void)snprintf(words, size, "set to %" PRId64, to);
    else
        (void)snprintf(words, size, "%s by %" PRId64, delta < 0 ? "lowered" : "raised",
                       delta < 0 ? -delta : delta);
}

static void write_op(struct json_writer *json, const struct op *op)
{
    char id[ID128_TEXT_BYTES], words[64];
    if (!op) {
        json_null(json, "op");
        return;
    }
    id128_text(op->id, id);
    change_words(op->method, op->delta, op->to, words, sizeof words);
    json_begin_object(json, "op");
    json_text(json, "op", id);
    json_text(json, "words", words);
    json_text(json, "method", method_name(op->method));
    json_text(json, "state", state_name(op->state));
    json_int(json, "delta", op->delta);
    json_int(json, "first_sent_ms", op->sent_wall_ms);
    json_int(json, "attempts", op->attempts);
    json_text(json, "said", op->words);
    json_end_object(json);
}

static void write_sending(struct daemon *daemon, struct json_writer *json, const struct traffic_op *sent)
{
    char id[ID128_TEXT_BYTES], words[64];
    id128_text(sent->op, id);
    change_words(sent->method, sent->delta, sent->to, words, sizeof words);
    json_begin_object(json, NULL);
    json_text(json, "op", id);
    json_text(json, "words", words);
    json_text(json, "outcome", traffic_outcome_name(sent->outcome));
    json_int(json, "sent_ms", api_moment_ms(daemon, sent->sent_ms));
    if (sent->outcome)
        json_int(json, "took_ms", sent->answered_ms - sent->sent_ms);
    else
        json_null(json, "took_ms");
    if (sent->level_after != INT64_MIN)
        json_int(json, "level_after", sent->level_after);
    else
        json_null(json, "level_after");
    json_text(json, "said", sent->words);
    json_end_object(json);
}

/* Newest first. */
static void write_sendings(struct daemon *daemon, struct json_writer *json, const struct courier *courier,
                           const struct listing *listing)
{
    const struct traffic *traffic = courier ? courier_traffic(courier) : NULL;
    const struct traffic_op *sent = traffic ? traffic_op(traffic, listing->alias, NULL) : NULL;
    json_begin_array(json, "sendings");
    for (int i = 0; i < SENDINGS_SHOWN && sent; i++) {
        write_sending(daemon, json, sent);
        sent = traffic_op(traffic, listing->alias, sent);
    }
    json_end_array(json);
    json_int(json, "read_ms", traffic ? api_moment_ms(daemon, traffic_seen_ms(traffic, listing->alias)) : 0);
}

static bool has_drift_card(struct daemon *daemon, const struct listing *listing)
{
    FREE_AUTO struct card *cards = calloc(CARDS_LOOKED_AT, sizeof *cards);
    int count = cards ? store_cards(daemon->store, false, cards, CARDS_LOOKED_AT) : 0;
    for (int i = 0; i < count; i++)
        if (cards[i].kind == CARD_DRIFT && cards[i].channel == listing->channel &&
            cards[i].listing == listing->alias)
            return true;
    return false;
}

static struct courier *courier_of(struct daemon *daemon, uint32_t channel)
{
    for (uint32_t i = 0; i < daemon->courier_count; i++)
        if (courier_channel(daemon->couriers[i]) == channel)
            return daemon->couriers[i];
    return NULL;
}

bool api_explain_listing(struct daemon *daemon, struct json_writer *json, const struct listing *listing,
                         const struct balance_lines *lines, char wrong[EXPLAIN_WRONG_BYTES])
{
    const struct book *book = store_book(daemon->store);
    const struct courier *courier = courier_of(daemon, listing->channel);
    const struct op *op = book_listing_op(book, listing->channel, listing->alias);
    struct balance_gap gap;
    balance_gap(listing, op, has_drift_card(daemon, listing), &gap);
    json_int(json, "pack", listing->pack);
    json_int(json, "wanted", courier ? courier_wanted(courier, listing) : listing_expected(listing));
    json_int(json, "on_its_way", gap.on_its_way);
    json_int(json, "suspected_sold", gap.suspected_sold);
    json_int(json, "drift", gap.drift);
    json_int(json, "level_since_ms", listing->level_wall_ms);
    json_bool(json, "paused", listing->paused);
    json_text(json, "parked", listing->parked ? listing->parked_reason : "");
    write_op(json, op);
    write_sendings(daemon, json, courier, listing);
    enum balance_term term;
    if (!balance_agrees(lines, listing, &term))
        return say(wrong, "The lines say %s %" PRId64 ", the books keep %" PRId64 ".",
                   balance_term_name(term), lines->terms[term], balance_kept(listing, term));
    if (listing->has_level &&
        listing->level != listing_expected(listing) + gap.on_its_way - gap.suspected_sold + gap.drift)
        return say(wrong, "The level that the shop showed is not explained to the last unit.");
    return true;
}
