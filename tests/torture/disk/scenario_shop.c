#include "scenario_shop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain/order_vector.h"

static void note_error(void *user, const struct store_result *result)
{
    struct stall *stall = user;
    if (result->error && !stall->first_error)
        stall->first_error = result->error;
}

static void submit(struct stall *stall, struct changes *changes)
{
    store_submit(stall->store, changes, note_error, stall);
    changes_free(changes);
}

static struct event event_of(struct stall *stall, enum event_kind kind)
{
    return (struct event){.kind = kind, .version = 1, .time_ms = (uint64_t)stall->now_ms};
}

/* --- the catalogue
 * --------------------------------------------------------------------------------------------------------------
 */

static void add_item(struct stall *stall, struct changes *changes, uint32_t alias, int64_t units)
{
    char sku[16], code[16], title[40];
    (void)snprintf(sku, sizeof sku, "SKU-%u", alias);
    (void)snprintf(code, sizeof code, "CODE-%u", alias);
    (void)snprintf(title, sizeof title, "Mug, blue, number %u", alias);
    struct event event = event_of(stall, EVENT_ITEM_CREATED);
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of(title);
    event.item.price_minor = 2400;
    event.item.cost_minor = 700;
    event.item.currency = text_of("EUR");
    event.item.flags = alias == 4 ? ITEM_ONE_OF_A_KIND : 0;
    changes_add_event(changes, &event);
    event = event_of(stall, EVENT_BARCODE_LINKED);
    event.barcode.item = alias;
    event.barcode.code = text_of(code);
    event.barcode.pack = 1;
    changes_add_event(changes, &event);
    event = event_of(stall, EVENT_ADJUSTMENT);
    event.adjustment.item = alias;
    event.adjustment.location = 1;
    event.adjustment.delta = units;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(changes, &event);
}

void shop_import(struct stall *stall)
{
    enum { ITEMS = 8 };
    struct changes changes = changes_new();
    uint32_t first = book_item_count(store_book(stall->store)) + 1;
    for (uint32_t i = 0; i < ITEMS; i++)
        add_item(stall, &changes, first + i, 10);
    submit(stall, &changes);
}

static void add_listing(struct stall *stall, struct changes *changes, uint32_t alias)
{
    struct listing listing = {.channel = 1,
                              .alias = alias,
                              .item = alias,
                              .pack = alias == 2 ? 2 : 1,
                              .baseline = 20,
                              .has_level = true,
                              .level = 20};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "gid://listing/%u", alias);
    struct event event = event_of(stall, EVENT_LISTING_LINKED);
    event.listing.channel = 1;
    event.listing.listing = event.listing.item = alias;
    event.listing.remote_id = text_of(listing.remote_id);
    event.listing.pack = listing.pack;
    changes_add_event(changes, &event);
    event = event_of(stall, EVENT_BASELINE);
    event.baseline.channel = event.baseline.location = 1;
    event.baseline.listing = event.baseline.item = alias;
    event.baseline.pack = listing.pack;
    event.baseline.level = 20;
    event.baseline.committed = 1;
    changes_add_event(changes, &event);
    changes_put_listing(changes, &listing);
}

void shop_furnish(struct stall *stall)
{
    struct changes changes = changes_new();
    struct event event = event_of(stall, EVENT_LOCATION_CREATED);
    event.location.location = event.location.kind = 1;
    event.location.name = text_of("booth");
    changes_add_event(&changes, &event);
    for (uint32_t alias = 1; alias <= SHOP_ITEMS; alias++)
        add_item(stall, &changes, alias, alias == 4 ? 1 : 100);
    struct channel channel = {.alias = 1, .location = 1, .live = true, .baselined = true};
    (void)snprintf(channel.kind, sizeof channel.kind, "shopify");
    (void)snprintf(channel.name, sizeof channel.name, "shop");
    changes_put_channel(&changes, &channel);
    event = event_of(stall, EVENT_CHANNEL_CONNECTED);
    event.channel.channel = event.channel.location = 1;
    event.channel.kind = text_of("shopify");
    event.channel.name = text_of("shop");
    changes_add_event(&changes, &event);
    for (uint32_t alias = 1; alias <= SHOP_LISTINGS; alias++)
        add_listing(stall, &changes, alias);
    submit(stall, &changes);
}

/* --- orders
 * --------------------------------------------------------------------------------------------------------------------
 */

static bool pick_listing(struct stall *stall, struct listing *listing)
{
    const struct listing *found =
        book_listing(store_book(stall->store), 1, 1 + random_below(&stall->random, SHOP_LISTINGS));
    if (!found)
        return false;
    *listing = *found;
    return true;
}

static void order_progress(const struct order_line *line, struct random *random,
                           struct order_vector *difference)
{
    const struct order_vector *booked = &line->booked;
    int64_t open = booked->ordered - booked->cancelled - booked->handed_over;
    if (open <= 0)
        difference->returned_sellable = booked->handed_over > booked->returned_sellable;
    else if (random_chance(random, 3))
        difference->cancelled = difference->restored = 1;
    else
        difference->handed_over = 1;
}

static void put_order_card(struct changes *changes, const struct order_line *line)
{
    struct card card = {.kind = CARD_OVERSOLD,
                        .state = CARD_OPEN,
                        .channel = 1,
                        .item = line->item,
                        .units = 1,
                        .origin_event = 1};
    (void)snprintf(card.key, sizeof card.key, "%s", line->source_key);
    (void)snprintf(card.text, sizeof card.text, "An order that on hand cannot fill.");
    changes_put_card(changes, &card);
}

void shop_order(struct stall *stall)
{
    struct listing listing;
    if (!pick_listing(stall, &listing))
        return;
    struct order_line line = {.channel = 1, .location = 1, .lines_in_order = 1};
    char key[32];
    (void)snprintf(key, sizeof key, "line-%u-%u", listing.alias, random_below(&stall->random, 4));
    int found = store_order_line(stall->store, 1, key, &line);
    if (found < 0 && found != -ENOENT) {
        note_error(stall, &(struct store_result){.error = found});
        return;
    }
    (void)snprintf(line.source_key, sizeof line.source_key, "%s", key);
    (void)snprintf(line.order, sizeof line.order, "gid://order/%s", key);
    line.listing = listing.alias;
    line.item = listing.item;
    line.pack = listing.pack;
    struct order_vector difference = {0};
    if (found == -ENOENT)
        difference.ordered = 1 + random_below(&stall->random, 2);
    else
        order_progress(&line, &stall->random, &difference);
    line.version++;
    order_vector_add(&line.booked, &difference);
    listing.sold += difference.ordered;
    listing.restored += difference.restored;
    struct changes changes = changes_new();
    struct event event = event_of(stall, EVENT_ORDER_STATE);
    event.order.channel = event.order.location = 1;
    event.order.source_key = text_of(line.source_key);
    event.order.order = text_of(line.order);
    event.order.listing = listing.alias;
    event.order.item = listing.item;
    event.order.pack = listing.pack;
    event.order.version = line.version;
    event.order.difference = difference;
    changes_add_event(&changes, &event);
    changes_put_order_line(&changes, &line);
    changes_put_listing(&changes, &listing);
    if (random_chance(&stall->random, 4))
        put_order_card(&changes, &line);
    submit(stall, &changes);
}

/* --- levels
 * --------------------------------------------------------------------------------------------------------------------
 */

static void new_op(struct stall *stall, int64_t delta)
{
    struct listing listing;
    if (!pick_listing(stall, &listing) || book_listing_op(store_book(stall->store), 1, listing.alias))
        return;
    struct op op = {
        .channel = 1, .kind = OP_LEVEL, .state = OP_NEW, .listing = listing.alias, .delta = delta};
    uint64_t random = random_next(&stall->random);
    memcpy(op.id.bytes, &random, sizeof random);
    op.request_key = op.id;
    struct changes changes = changes_new();
    if (delta > 0) { /* booked before it is sent */
        struct event event = event_of(stall, EVENT_GRANT);
        event.allocation.channel = 1;
        event.allocation.listing = listing.alias;
        event.allocation.units = (uint64_t)delta;
        event.allocation.op = op.id;
        changes_add_event(&changes, &event);
        listing.granted += delta;
        changes_put_listing(&changes, &listing);
    }
    changes_put_op(&changes, &op);
    submit(stall, &changes);
}

void shop_raise(struct stall *stall)
{
    new_op(stall, 1 + random_below(&stall->random, 3));
}

void shop_lower(struct stall *stall)
{
    new_op(stall, -1);
}

static bool oldest_op(struct stall *stall, enum op_state state, struct op *op)
{
    struct book *book = store_book(stall->store);
    for (uint32_t i = 0; i < book_op_count(book); i++)
        if (book_op(book, i)->state == state) {
            *op = *book_op(book, i);
            return true;
        }
    return false;
}

void shop_send(struct stall *stall)
{
    struct op op;
    if (!oldest_op(stall, OP_NEW, &op))
        return;
    op.state = OP_SENT;
    op.attempts++;
    op.sent_wall_ms = 1790000000000 + stall->now_ms;
    struct changes changes = changes_new();
    changes_put_op(&changes, &op);
    submit(stall, &changes);
}

void shop_answer(struct stall *stall)
{
    struct op op;
    if (!oldest_op(stall, OP_SENT, &op))
        return;
    const struct listing *found = book_listing(store_book(stall->store), 1, op.listing);
    if (!found)
        return;
    struct listing listing = *found;
    struct changes changes = changes_new();
    struct event event = event_of(stall, EVENT_OP_RESULT);
    event.op_result.channel = 1;
    event.op_result.op = op.id;
    event.op_result.kind = OP_LEVEL;
    event.op_result.outcome = 1;
    changes_add_event(&changes, &event);
    if (op.delta < 0) {
        event = event_of(stall, EVENT_REVOKE);
        event.allocation.channel = 1;
        event.allocation.listing = op.listing;
        event.allocation.units = (uint64_t)-op.delta;
        event.allocation.op = op.id;
        event.allocation.proof = PROOF_ANSWER;
        changes_add_event(&changes, &event);
        listing.revoked -= op.delta;
    }
    op.state = OP_DONE;
    listing.level += op.delta;
    changes_put_op(&changes, &op);
    changes_put_listing(&changes, &listing);
    submit(stall, &changes);
}

void shop_edit(struct stall *stall)
{
    struct listing listing;
    if (!pick_listing(stall, &listing))
        return;
    struct event event = event_of(stall, EVENT_LEVEL_EDIT);
    event.edit.channel = 1;
    event.edit.listing = listing.alias;
    event.edit.delta = 1 + random_below(&stall->random, 3);
    event.edit.cause = EDIT_AT_SHOP;
    event.edit.adopted = random_below(&stall->random, 2);
    listing.edits += event.edit.delta;
    listing.level += event.edit.delta;
    struct changes changes = changes_new();
    changes_add_event(&changes, &event);
    changes_put_listing(&changes, &listing);
    submit(stall, &changes);
}

/* --- cards
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void settle(struct stall *stall, struct card *card, struct changes *changes)
{
    struct event event = event_of(stall, EVENT_CARD_DECISION);
    event.decision.card_kind = card->kind;
    event.decision.key = text_of(card->key);
    event.decision.option = card->chosen;
    if (card->origin && store_ref(stall->store, card->origin, &event.decision.origin) < 0)
        event.decision.origin = (struct event_ref){0};
    changes_add_event(changes, &event);
    card->state = CARD_SETTLED;
    changes_put_card(changes, card);
    submit(stall, changes);
}

static int newest_cards(struct stall *stall, struct card *cards, int n)
{
    int count = store_cards(stall->store, false, cards, n);
    if (count < 0)
        note_error(stall, &(struct store_result){.error = count});
    return count;
}

void shop_decide(struct stall *stall)
{
    struct card card;
    if (newest_cards(stall, &card, 1) <= 0)
        return;
    struct changes changes = changes_new();
    card.chosen = OPTION_DISMISS;
    settle(stall, &card, &changes);
}

void shop_name(struct stall *stall)
{
    enum { LOOK_AT = 8 };
    struct card cards[LOOK_AT];
    struct book_item item;
    int count = book_item(store_book(stall->store), 5, &item) ? newest_cards(stall, cards, LOOK_AT) : 0;
    for (int i = 0; i < count; i++) {
        if (cards[i].kind != CARD_UNKNOWN_CODE)
            continue;
        struct changes changes = changes_new();
        int result = intake_name_code(stall->intake, &cards[i], 5, (uint64_t)stall->now_ms, &changes);
        if (result < 0) {
            note_error(stall, &(struct store_result){.error = result});
            changes_free(&changes);
            return;
        }
        cards[i].chosen = OPTION_NAME_ITEM;
        settle(stall, &cards[i], &changes);
        return;
    }
}
