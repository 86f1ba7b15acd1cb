/* Derived rows against the events (docs/events.md section 4), and the rows that came with them against what
 * was submitted. */
#include <stdio.h>
#include <string.h>

#include "domain/order_vector.h"
#include "law.h"
#include "memory.h"

enum { ITEMS = 512, LISTINGS = 4, OPS = 64, ORDERS = 32, CARDS = 128, OPEN_MAX = 4 };

struct rows {
    struct stock stock[ITEMS]; /* location 1, by item */
    int64_t expected[LISTINGS + 1];
    struct listing listings[LISTINGS + 1];
    struct op ops[OPS];
    uint32_t op_count;
    struct order_line orders[ORDERS];
    uint32_t order_count;
    struct card cards[CARDS]; /* by id - 1 */
    uint32_t card_count;
};

/* --- what events say
 * ---------------------------------------------------------------------------------------------------------
 */

static void move(struct rows *rows, uint32_t item, int64_t on_hand, int64_t committed)
{
    if (!item || item >= ITEMS)
        return;
    rows->stock[item].on_hand += on_hand;
    rows->stock[item].committed += committed;
}

static void apply_listing_event(struct rows *rows, const struct event *event)
{
    switch (event->kind) {
    case EVENT_BASELINE:
        rows->expected[event->baseline.listing] = event->baseline.level;
        move(rows, event->baseline.item, 0, (int64_t)event->baseline.committed * event->baseline.pack);
        break;
    case EVENT_GRANT:
        rows->expected[event->allocation.listing] += (int64_t)event->allocation.units;
        break;
    case EVENT_REVOKE:
        rows->expected[event->allocation.listing] -= (int64_t)event->allocation.units;
        break;
    case EVENT_ORDER_STATE: {
        const struct order_vector *d = &event->order.difference;
        move(rows, event->order.item, (d->returned_sellable - d->handed_over) * event->order.pack,
             (d->ordered - d->cancelled - d->handed_over) * event->order.pack);
        rows->expected[event->order.listing] += d->restored - d->ordered;
        break;
    }
    case EVENT_LEVEL_EDIT:
        rows->expected[event->edit.listing] += event->edit.delta;
        if (event->edit.adopted)
            move(rows, event->edit.listing, /* the stall's listing n sells item n */
                 event->edit.delta * (event->edit.listing == 2 ? 2 : 1), 0);
        break;
    default:
        break;
    }
}

static void apply_event(struct rows *rows, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SALE:
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            move(rows, event->sale.lines[i].item, -event->sale.lines[i].quantity, 0);
        break;
    case EVENT_VOID:
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            move(rows, event->voided.effects[i].item, event->voided.effects[i].delta, 0);
        break;
    case EVENT_UNKNOWN_NAMED:
        move(rows, event->named.item, -event->named.quantity, 0);
        break;
    case EVENT_ADJUSTMENT:
        move(rows, event->adjustment.item, event->adjustment.delta, 0);
        break;
    default:
        apply_listing_event(rows, event);
        break;
    }
}

/* --- what rows were put
 * ------------------------------------------------------------------------------------------------------ */

static void put_op(struct rows *rows, const struct op *op)
{
    uint32_t i = 0;
    while (i < rows->op_count && !id128_equal(rows->ops[i].id, op->id))
        i++;
    if (op->state == OP_DONE || op->state == OP_REJECTED) {
        if (i < rows->op_count) {
            rows->op_count--;
            memmove(&rows->ops[i], &rows->ops[i + 1], (rows->op_count - i) * sizeof *op);
        }
        return;
    }
    if (i < OPS)
        rows->ops[i] = *op;
    rows->op_count += i == rows->op_count && i < OPS;
}

static void put_order(struct rows *rows, const struct order_line *line)
{
    uint32_t i = 0;
    while (i < rows->order_count && strcmp(rows->orders[i].source_key, line->source_key) != 0)
        i++;
    if (i < ORDERS)
        rows->orders[i] = *line;
    rows->order_count += i == rows->order_count && i < ORDERS;
}

static void put_card(struct rows *rows, const struct card *card)
{
    if (card->id) {
        if (card->id <= rows->card_count)
            rows->cards[card->id - 1] = *card;
        return;
    }
    for (uint32_t i = 0; i < rows->card_count; i++) {
        struct card *old = &rows->cards[i];
        if (old->state == CARD_SETTLED || old->kind != card->kind || old->channel != card->channel ||
            strcmp(old->key, card->key) != 0)
            continue;
        if (card->state == CARD_SETTLED) {
            old->state = CARD_SETTLED;
        } else if (card->kind == CARD_UNKNOWN_CODE) { /* its units add up, and none left settles it */
            old->units += card->units;
            if (old->units <= 0)
                old->state = CARD_SETTLED;
        } else {
            old->units = card->units;
        }
        return;
    }
    bool taken_back = card->kind == CARD_UNKNOWN_CODE && card->units < 0;
    if (card->state == CARD_SETTLED || taken_back || rows->card_count == CARDS)
        return;
    rows->cards[rows->card_count] = *card;
    rows->cards[rows->card_count].id = rows->card_count + 1;
    rows->card_count++;
}

static void put_rows(struct rows *rows, const struct witness_batch *batch)
{
    for (uint32_t i = 0; i < batch->row_count; i++) {
        const struct change *row = &batch->rows[i];
        if (row->kind == CHANGE_LISTING && row->listing.alias <= LISTINGS)
            rows->listings[row->listing.alias] = row->listing;
        else if (row->kind == CHANGE_OP)
            put_op(rows, &row->op);
        else if (row->kind == CHANGE_ORDER_LINE)
            put_order(rows, &row->order_line);
        else if (row->kind == CHANGE_CARD)
            put_card(rows, &row->card);
    }
}

/* --- comparing
 * -----------------------------------------------------------------------------------------------------------------
 */

static int differs(struct law *law, const char *what, uint64_t which, int64_t is, int64_t should)
{
    return err_set(&law->words, -1, "%s %llu is %lld, the events say %lld", what, (unsigned long long)which,
                   (long long)is, (long long)should);
}

static int compare_stock(struct law *law, const struct rows *rows)
{
    struct book *book = store_book(law->stall->store);
    for (uint32_t item = 1; item < ITEMS; item++) {
        struct stock is = book_stock(book, item, 1), should = rows->stock[item];
        if (is.on_hand != should.on_hand)
            return differs(law, "on hand of item", item, is.on_hand, should.on_hand);
        if (is.committed != should.committed)
            return differs(law, "committed of item", item, is.committed, should.committed);
    }
    for (uint32_t alias = 1; alias <= LISTINGS; alias++) {
        const struct listing *listing = book_listing(book, 1, alias);
        int64_t is = listing ? listing_expected(listing) : 0;
        if (is != rows->expected[alias])
            return differs(law, "the expected level of listing", alias, is, rows->expected[alias]);
    }
    return 0;
}

static int compare_listings(struct law *law, const struct rows *rows)
{
    for (uint32_t alias = 1; alias <= LISTINGS; alias++) {
        const struct listing *is = book_listing(store_book(law->stall->store), 1, alias);
        const struct listing *should = &rows->listings[alias];
        if (!should->alias)
            continue;
        if (!is || is->sold != should->sold || is->granted != should->granted ||
            is->revoked != should->revoked || is->level != should->level || is->item != should->item ||
            strcmp(is->remote_id, should->remote_id) != 0)
            return differs(law, "the row of listing", alias, is ? is->level : 0, should->level);
    }
    return 0;
}

static int compare_ops(struct law *law, const struct rows *rows)
{
    struct book *book = store_book(law->stall->store);
    if (book_op_count(book) != rows->op_count)
        return differs(law, "the number of ops", 0, book_op_count(book), rows->op_count);
    for (uint32_t i = 0; i < rows->op_count; i++) {
        const struct op *is = book_op(book, i), *should = &rows->ops[i];
        if (!id128_equal(is->id, should->id) || is->state != should->state || is->delta != should->delta ||
            is->attempts != should->attempts || !id128_equal(is->request_key, should->request_key))
            return differs(law, "the state of op", i, is->state, should->state);
    }
    return 0;
}

static int compare_orders(struct law *law, const struct rows *rows)
{
    for (uint32_t i = 0; i < rows->order_count; i++) {
        struct order_line is = {0};
        const struct order_line *should = &rows->orders[i];
        int result = store_order_line(law->stall->store, 1, should->source_key, &is);
        if (result < 0 || is.version != should->version ||
            memcmp(&is.booked, &should->booked, sizeof is.booked) != 0)
            return differs(law, "the version of order", i, result < 0 ? result : is.version, should->version);
    }
    return 0;
}

static int compare_cards(struct law *law, const struct rows *rows)
{
    struct card *cards = memory_get((CARDS + 1) * sizeof *cards);
    int count = store_cards(law->stall->store, true, cards, CARDS + 1);
    int result =
        count == (int)rows->card_count ? 0 : differs(law, "the number of cards", 0, count, rows->card_count);
    for (int i = 0; result == 0 && i < count; i++) {
        const struct card *should = cards[i].id <= rows->card_count ? &rows->cards[cards[i].id - 1] : NULL;
        if (!should || should->kind != cards[i].kind || should->state != cards[i].state ||
            should->units != cards[i].units || strcmp(should->key, cards[i].key) != 0)
            result =
                differs(law, "the state of card", cards[i].id, cards[i].state, should ? should->state : 0);
    }
    memory_put(cards);
    return result;
}

/* --- the index of an item's events
 * --------------------------------------------------------------------------------------------- */

static bool belongs(const struct event *event, uint32_t item)
{
    switch (event->kind) {
    case EVENT_SALE:
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            if (event->sale.lines[i].item == item)
                return true;
        return false;
    case EVENT_VOID:
        return event->voided.effect_count > 0 && event->voided.effects[0].item == item;
    case EVENT_UNKNOWN_NAMED:
        return event->named.item == item || item == 0;
    case EVENT_ADJUSTMENT:
        return event->adjustment.item == item;
    case EVENT_TRANSFER:
        return event->transfer.item == item;
    case EVENT_ITEM_CREATED:
        return event->item.item == item;
    case EVENT_BARCODE_LINKED:
        return event->barcode.item == item;
    case EVENT_LISTING_LINKED:
        return event->listing.item == item;
    case EVENT_BASELINE:
        return event->baseline.item == item;
    case EVENT_GRANT:
    case EVENT_REVOKE:
        return event->allocation.listing == item;
    case EVENT_LEVEL_EDIT:
        return event->edit.listing == item;
    case EVENT_ORDER_STATE:
        return event->order.item == item;
    default:
        return false;
    }
}

static int compare_index(struct law *law)
{
    enum { AT_ONCE = 1024 };
    uint64_t *positions = memory_get(AT_ONCE * sizeof *positions);
    uint32_t items = book_item_count(store_book(law->stall->store));
    /* The unknown ones and two others, different ones each time: all would cost more than the rest together.
     */
    uint32_t looked_at[] = {0, 1 + law->event_count % 4, 1 + law->event_count % (items ? items : 1)};
    int result = 0;
    for (size_t n = 0; result == 0 && n < sizeof looked_at / sizeof looked_at[0]; n++) {
        uint32_t item = looked_at[n];
        int count = store_item_events(law->stall->store, item, 0, positions, AT_ONCE), at = 0;
        for (uint32_t i = 0; result == 0 && i < law->event_count; i++)
            if (belongs(&law->events[i].event, item) &&
                (at >= count || positions[at++] != law->events[i].position))
                result = differs(law, "the list of events of item", item,
                                 at > 0 ? (int64_t)positions[at - 1] : 0, (int64_t)law->events[i].position);
        if (result == 0 && at != count)
            result = differs(law, "the number of events of item", item, count, at);
    }
    memory_put(positions);
    return result;
}

/* --- all of it
 * -----------------------------------------------------------------------------------------------------------------
 */

/* Sets of rows without events leave no trace in the chain, so whether an unanswered one arrived is found by
 * trying. */
static int compare_with(struct law *law, const uint32_t *open, uint32_t chosen)
{
    struct rows *rows = memory_get(sizeof *rows);
    for (uint32_t i = 0; i < law->event_count; i++)
        apply_event(rows, &law->events[i].event);
    for (uint32_t i = 0; i < law->witness->count; i++) {
        const struct witness_batch *batch = &law->witness->batches[i];
        bool there = law->present[i] || (!batch->event_count && batch->state == WITNESS_ACKED);
        for (uint32_t j = 0; j < OPEN_MAX; j++)
            there = there || ((chosen >> j & 1) && open[j] == i);
        if (there)
            put_rows(rows, batch);
    }
    int result = compare_stock(law, rows);
    if (result == 0)
        result = compare_listings(law, rows);
    if (result == 0)
        result = compare_ops(law, rows);
    if (result == 0)
        result = compare_orders(law, rows);
    if (result == 0)
        result = compare_cards(law, rows);
    memory_put(rows);
    return result;
}

int law_rows(struct law *law)
{
    uint32_t open[OPEN_MAX] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, count = 0;
    for (uint32_t i = law->witness->count; i-- > 0 && count < OPEN_MAX;) {
        const struct witness_batch *batch = &law->witness->batches[i];
        if (!batch->start && !batch->event_count && batch->state != WITNESS_ACKED &&
            witness_may_be_there(law->witness, i))
            open[count++] = i;
    }
    int result = -1;
    for (uint32_t chosen = 0; result < 0 && chosen < 1U << count; chosen++) {
        result = compare_with(law, open, chosen);
        for (uint32_t j = 0; result == 0 && j < count; j++)
            law->present[open[j]] = chosen >> j & 1;
    }
    return result == 0 ? compare_index(law) : result;
}
