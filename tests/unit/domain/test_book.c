/* Items, codes, stock: what events do to the book, against the table of docs/events.md section 4 worked out
 * here a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/book.h"

static int setup(void **state)
{
    *state = book_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

static void apply(struct book *book, const struct event *event)
{
    struct changes changes = changes_new();
    changes_add_event(&changes, event);
    assert_int_equal(changes_error(&changes), 0);
    assert_int_equal(book_reserve(book, &changes), 0);
    assert_int_equal(book_apply(book, &changes), 0);
    changes_free(&changes);
}

static struct event item_event(enum event_kind kind, uint32_t alias, int64_t price)
{
    struct event event = {.kind = kind, .version = 1};
    event.item.item = alias;
    event.item.sku = text_of("SKU");
    event.item.title = text_of("Title");
    event.item.currency = text_of("EUR");
    event.item.price_minor = price;
    event.item.cost_minor = price / 2;
    event.item.flags = ITEM_ONE_OF_A_KIND;
    event.item.reorder_point = 4;
    return event;
}

static struct event code_event(uint32_t item, const char *code, uint32_t pack)
{
    struct event event = {.kind = EVENT_BARCODE_LINKED, .version = 1};
    event.barcode.item = item;
    event.barcode.code = text_of(code);
    event.barcode.pack = pack;
    return event;
}

/* --- items and codes
 * ------------------------------------------------------------------------------------------ */

static void test_items(void **state)
{
    struct book *book = *state;
    struct book_item found;
    assert_int_equal(book_item_count(book), 0);
    assert_false(book_item(book, 0, &found));
    assert_false(book_item(book, 1, &found));
    struct event event = item_event(EVENT_ITEM_CREATED, 3, 1000); /* aliases may arrive out of order */
    apply(book, &event);
    assert_int_equal(book_item_count(book), 3);
    assert_false(book_item(book, 1, &found));
    assert_true(book_item(book, 3, &found));
    assert_int_equal(found.price_minor, 1000);
    assert_int_equal(found.cost_minor, 500);
    assert_int_equal(found.flags, ITEM_ONE_OF_A_KIND);
    assert_int_equal(found.reorder_point, 4);
    assert_int_equal(found.alias, 3);
    assert_int_equal(found.pack, 1);
    event = item_event(EVENT_ITEM_CHANGED, 3, 1200);
    apply(book, &event);
    assert_true(book_item(book, 3, &found));
    assert_int_equal(found.price_minor, 1200);
    assert_int_equal(book_item_count(book), 3);
}

static void test_codes_are_linked_relinked_and_unlinked(void **state)
{
    struct book *book = *state;
    struct book_item found;
    struct event events[] = {item_event(EVENT_ITEM_CREATED, 1, 100), item_event(EVENT_ITEM_CREATED, 2, 200),
                             code_event(1, "4006381333931", 1), code_event(2, "BOX", 6),
                             code_event(2, "ONE", 0)};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        apply(book, &events[i]);
    assert_true(book_find_code(book, "4006381333931", &found));
    assert_int_equal(found.alias, 1);
    assert_true(book_find_code(book, "BOX", &found));
    assert_int_equal(found.alias, 2);
    assert_int_equal(found.pack, 6);
    assert_true(book_find_code(book, "ONE", &found));
    assert_int_equal(found.pack, 1); /* a pack of none is one */
    assert_false(book_find_code(book, "box", &found));
    assert_false(book_find_code(book, "", &found));
    struct event event = code_event(1, "BOX", 12);
    apply(book, &event);
    assert_true(book_find_code(book, "BOX", &found));
    assert_int_equal(found.alias, 1);
    assert_int_equal(found.pack, 12);
    assert_int_equal(book_put_code(book, "BOX", 0, 1), 0); /* unlinked */
    assert_false(book_find_code(book, "BOX", &found));
    apply(book, &event);
    assert_true(book_find_code(book, "BOX", &found));
    event = code_event(9, "NOBODY", 1); /* an item that is not there */
    apply(book, &event);
    assert_false(book_find_code(book, "NOBODY", &found));
}

static void test_many_codes_find_their_items(void **state)
{
    enum { CODES = 5000 };
    struct book *book = *state;
    struct book_item found;
    char code[CODE_MAX_BYTES + 1];
    for (uint32_t i = 1; i <= CODES; i++) {
        struct item item = {.alias = i, .price_minor = i};
        assert_int_equal(book_put_item(book, &item), 0);
        (void)snprintf(code, sizeof code, "29%011u", i * 7919);
        assert_int_equal(book_put_code(book, code, i, 1 + i % 3), 0);
    }
    for (uint32_t i = 1; i <= CODES; i++) {
        (void)snprintf(code, sizeof code, "29%011u", i * 7919);
        assert_true(book_find_code(book, code, &found));
        assert_int_equal(found.alias, i);
        assert_int_equal(found.pack, 1 + i % 3);
    }
    memset(code, 'X', CODE_MAX_BYTES);
    code[CODE_MAX_BYTES] = '\0';
    assert_int_equal(book_put_code(book, code, 7, 1), 0);
    assert_true(book_find_code(book, code, &found));
    code[CODE_MAX_BYTES - 1] = 'Y';
    assert_false(book_find_code(book, code, &found));
}

/* --- limits
 * --------------------------------------------------------------------------------------------------- */

static int reserve(struct book *book, const struct event *event)
{
    struct changes changes = changes_new();
    changes_add_event(&changes, event);
    assert_int_equal(changes_error(&changes), 0);
    int result = book_reserve(book, &changes);
    assert_int_equal(book_reserve_event(book, event), result);
    changes_free(&changes);
    return result;
}

static void test_limits_are_met_before_the_commit(void **state)
{
    struct book *book = *state;
    struct event event = item_event(EVENT_ITEM_CREATED, ITEMS_MAX, 1);
    apply(book, &event);
    assert_int_equal(book_item_count(book), ITEMS_MAX);
    event.item.item = ITEMS_MAX + 1;
    assert_int_equal(reserve(book, &event), -E2BIG);
    event.item.item = 0;
    assert_int_equal(reserve(book, &event), -EINVAL);
    event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = 1;
    event.adjustment.delta = 1;
    event.adjustment.location = LOCATIONS_MAX;
    apply(book, &event);
    assert_true(book_has_location(book, LOCATIONS_MAX));
    event.adjustment.location = LOCATIONS_MAX + 1;
    assert_int_equal(reserve(book, &event), -E2BIG);
    event.adjustment.location = 0;
    assert_int_equal(reserve(book, &event), -E2BIG);
    event.adjustment.location = 1;
    event.adjustment.item = ITEMS_MAX + 1;
    assert_int_equal(reserve(book, &event), -E2BIG);
    assert_false(book_has_location(book, 0));
    assert_false(book_has_location(book, LOCATIONS_MAX + 1));
    assert_false(book_has_location(book, LOCATIONS_MAX - 1)); /* nothing was ever moved there */
    assert_int_equal(book_stock(book, 0, 1).on_hand, 0);
    assert_int_equal(book_stock(book, 1, 0).on_hand, 0);
    assert_int_equal(book_stock(book, 1, LOCATIONS_MAX + 1).on_hand, 0);
    assert_int_equal(book_stock(book, ITEMS_MAX + 9, 1).on_hand, 0);
}

/* Nothing of what cannot be is taken, by whichever door it comes. */
static void test_impossible_places_are_refused(void **state)
{
    struct book *book = *state;
    struct item item = {.alias = 0};
    struct stock stock = {1, 0};
    assert_int_equal(book_put_item(book, &item), -EINVAL);
    item.alias = ITEMS_MAX + 1;
    assert_int_equal(book_put_item(book, &item), -E2BIG);
    assert_int_equal(book_put_stock(book, 0, 1, stock), -EINVAL);
    assert_int_equal(book_put_stock(book, ITEMS_MAX + 1, 1, stock), -E2BIG);
    assert_int_equal(book_put_stock(book, 1, 0, stock), -E2BIG);
    assert_int_equal(book_put_stock(book, 1, LOCATIONS_MAX + 1, stock), -E2BIG);
    struct event event = {.kind = EVENT_SALE, .version = 1};
    event.sale.location = LOCATIONS_MAX + 1;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = 1, .quantity = 1};
    assert_int_equal(book_apply_event(book, &event), -E2BIG);
    event = (struct event){.kind = EVENT_VOID, .version = 1};
    event.voided.effect_count = 1;
    event.voided.effects[0] = (struct stock_effect){.item = 1, .location = 0, .delta = 1};
    assert_int_equal(book_apply_event(book, &event), -E2BIG);
    assert_int_equal(book_stock_total(book, 1).on_hand, 0);
}

static void test_codes_have_a_limit_and_may_share_a_hash(void **state)
{
    struct book *book = *state;
    struct book_item found;
    char code[16];
    struct event event = item_event(EVENT_ITEM_CREATED, 1, 100);
    apply(book, &event);
    event = item_event(EVENT_ITEM_CREATED, 2, 100);
    apply(book, &event);
    assert_int_equal(book_put_code(book, "costarring", 1, 1), 0); /* the same 32 bits of FNV-1a */
    assert_int_equal(book_put_code(book, "liquid", 2, 1), 0);
    assert_true(book_find_code(book, "costarring", &found));
    assert_int_equal(found.alias, 1);
    assert_true(book_find_code(book, "liquid", &found));
    assert_int_equal(found.alias, 2);
    for (uint32_t i = 2; i < CODES_MAX; i++) {
        (void)snprintf(code, sizeof code, "%u", i);
        assert_int_equal(book_put_code(book, code, 1, 1), 0);
    }
    assert_int_equal(book_put_code(book, "one more", 1, 1), -E2BIG);
    event = code_event(1, "one more", 1);
    assert_int_equal(book_reserve_event(book, &event), -E2BIG);
    assert_int_equal(book_put_code(book, "liquid", 1, 6), 0); /* a known one is no new one */
    assert_true(book_find_code(book, "liquid", &found));
    assert_int_equal(found.pack, 6);
}

static void test_an_unknown_kind_does_nothing(void **state)
{
    struct book *book = *state;
    struct event event = {.kind = 9999, .version = 3};
    assert_int_equal(book_reserve_event(book, &event), 0);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_int_equal(book_item_count(book), 0);
}

/* --- the laws
 * ------------------------------------------------------------------------------------------------- */

enum { ITEMS = 5, PLACES = 3, CHANNELS = 2, STEPS = 4000 };

/* on hand = Σ H, committed = Σ C, by the table. */
struct sums {
    int64_t on_hand[ITEMS + 1][PLACES + 1], committed[ITEMS + 1][PLACES + 1];
};

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static uint32_t pick(uint64_t *random, uint32_t below)
{
    return (uint32_t)(next_random(random) % below);
}

static int64_t units(uint64_t *random)
{
    return (int64_t)pick(random, 9) - 2;
}

static struct event random_event(uint64_t *random)
{
    static const enum event_kind kinds[] = {EVENT_SALE,       EVENT_VOID,       EVENT_UNKNOWN_NAMED,
                                            EVENT_ADJUSTMENT, EVENT_BASELINE,   EVENT_ORDER_STATE,
                                            EVENT_GRANT,      EVENT_REVOKE,     EVENT_SEAL,
                                            EVENT_TRANSFER,   EVENT_LEVEL_EDIT, EVENT_CARD_DECISION};
    struct event event = {.kind = kinds[pick(random, sizeof kinds / sizeof kinds[0])], .version = 1};
    uint32_t item = pick(random, ITEMS + 1),
             place = 1 + pick(random, PLACES); /* item 0: unknown, moves nothing */
    switch (event.kind) {
    case EVENT_SALE:
        event.sale.location = place;
        event.sale.line_count = 1 + pick(random, 3);
        for (uint32_t i = 0; i < event.sale.line_count; i++)
            event.sale.lines[i] =
                (struct sale_line){.item = pick(random, ITEMS + 1), .quantity = units(random)};
        for (uint32_t i = 0; i < event.sale.line_count; i++)
            event.sale.lines[i].code = text_of(event.sale.lines[i].item ? "" : "CODE");
        break;
    case EVENT_VOID:
        event.voided.reason = 1;
        event.voided.effect_count = 1 + pick(random, 3);
        for (uint32_t i = 0; i < event.voided.effect_count; i++)
            event.voided.effects[i] =
                (struct stock_effect){pick(random, ITEMS + 1), 1 + pick(random, PLACES), units(random)};
        break;
    case EVENT_UNKNOWN_NAMED:
        event.named.item = item;
        event.named.quantity = 1 + pick(random, 5);
        event.named.location = place;
        break;
    case EVENT_ADJUSTMENT:
        event.adjustment.item = item;
        event.adjustment.location = place;
        event.adjustment.delta = units(random);
        event.adjustment.reason = ADJUST_FOUND;
        break;
    case EVENT_TRANSFER:
        event.transfer.item = item;
        event.transfer.quantity = pick(random, 6);
        event.transfer.from = place, event.transfer.to = 1 + pick(random, PLACES);
        break;
    case EVENT_BASELINE:
        event.baseline.channel = event.baseline.listing = 1;
        event.baseline.item = item;
        event.baseline.pack = 1 + pick(random, 3);
        event.baseline.location = place;
        event.baseline.level = units(random);
        event.baseline.committed = pick(random, 4);
        break;
    case EVENT_ORDER_STATE:
        event.order.channel = 1;
        event.order.source_key = text_of("line");
        event.order.order = text_of("order");
        event.order.listing = 1;
        event.order.item = item;
        event.order.pack = 1 + pick(random, 3);
        event.order.location = place;
        event.order.difference =
            (struct order_vector){units(random), units(random), units(random), units(random),
                                  units(random), units(random), units(random)};
        break;
    case EVENT_LEVEL_EDIT:
        event.edit.channel = 1 + pick(random, CHANNELS + 1); /* the last is no channel */
        event.edit.listing = 1 + pick(random, ITEMS + 1);
        event.edit.delta = units(random);
        event.edit.cause = EDIT_AT_SHOP;
        event.edit.adopted = pick(random, 2);
        break;
    default: /* no stock */
        break;
    }
    return event;
}

static void move(struct sums *sums, uint32_t item, uint32_t place, int64_t on_hand, int64_t committed)
{
    sums->on_hand[item][place] += on_hand;
    sums->committed[item][place] += committed;
}

/* Channel c sells from place c; its listing i stands for packs of (c) of item i. */
static void put_channels(struct book *book)
{
    for (uint32_t channel = 1; channel <= CHANNELS; channel++) {
        struct channel row = {.alias = channel, .location = channel};
        assert_int_equal(book_put_channel(book, &row), 0);
        for (uint32_t i = 1; i <= ITEMS; i++) {
            struct listing listing = {.channel = channel, .alias = i, .item = i, .pack = channel};
            (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r-%u", i);
            assert_int_equal(book_put_listing(book, &listing), 0);
        }
    }
}

/* docs/events.md section 4, column "Stock". */
static void law(struct sums *sums, const struct event *event)
{
    const struct order_vector *d = &event->order.difference;
    switch (event->kind) {
    case EVENT_SALE: /* H −= quantity per line */
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            move(sums, event->sale.lines[i].item, event->sale.location, -event->sale.lines[i].quantity, 0);
        break;
    case EVENT_VOID: /* H += delta per effect */
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            move(sums, event->voided.effects[i].item, event->voided.effects[i].location,
                 event->voided.effects[i].delta, 0);
        break;
    case EVENT_UNKNOWN_NAMED: /* H −= quantity sold */
        move(sums, event->named.item, event->named.location, -event->named.quantity, 0);
        break;
    case EVENT_ADJUSTMENT: /* H += delta */
        move(sums, event->adjustment.item, event->adjustment.location, event->adjustment.delta, 0);
        break;
    case EVENT_TRANSFER: /* H moves */
        move(sums, event->transfer.item, event->transfer.from, -event->transfer.quantity, 0);
        move(sums, event->transfer.item, event->transfer.to, event->transfer.quantity, 0);
        break;
    case EVENT_BASELINE: /* C += committed × pack */
        move(sums, event->baseline.item, event->baseline.location, 0,
             (int64_t)event->baseline.committed * event->baseline.pack);
        break;
    case EVENT_ORDER_STATE: /* C += ordered − cancelled − handed over; H −= handed over; H += returned
                               sellable */
        move(sums, event->order.item, event->order.location, event->order.pack * -d->handed_over, 0);
        move(sums, event->order.item, event->order.location, event->order.pack * d->returned_sellable, 0);
        move(sums, event->order.item, event->order.location, 0,
             event->order.pack * (d->ordered - d->cancelled - d->handed_over));
        break;
    case EVENT_LEVEL_EDIT: /* adopted: H += delta too, of the listing's item, in its packs, where its channel
                              sells */
        if (event->edit.adopted && event->edit.channel <= CHANNELS && event->edit.listing <= ITEMS)
            move(sums, event->edit.listing, event->edit.channel, event->edit.delta * event->edit.channel, 0);
        break;
    default:
        break;
    }
}

static void compare(const struct book *book, const struct sums *sums)
{
    for (uint32_t item = 1; item <= ITEMS; item++) {
        struct stock total = {0};
        for (uint32_t place = 1; place <= PLACES; place++) {
            struct stock stock = book_stock(book, item, place);
            assert_int_equal(stock.on_hand, sums->on_hand[item][place]);
            assert_int_equal(stock.committed, sums->committed[item][place]);
            total.on_hand += stock.on_hand;
            total.committed += stock.committed;
        }
        assert_int_equal(book_stock_total(book, item).on_hand, total.on_hand);
        assert_int_equal(book_stock_total(book, item).committed, total.committed);
    }
}

/* Any history gives what the table adds up to: one event at a time, and in sets. */
static void test_any_history_obeys_the_laws(void **state)
{
    struct book *book = *state;
    struct sums sums = {0};
    uint64_t random = 88172645463325252;
    for (uint32_t i = 1; i <= ITEMS; i++) {
        struct event event = item_event(EVENT_ITEM_CREATED, i, 100);
        apply(book, &event);
    }
    put_channels(book);
    for (int step = 0; step < STEPS; step++) {
        struct changes changes = changes_new();
        for (uint32_t n = 1 + pick(&random, 5); n > 0; n--) {
            struct event event = random_event(&random);
            law(&sums, &event);
            if (n % 2) {
                changes_add_event(&changes, &event);
                continue;
            }
            assert_int_equal(book_reserve_event(book, &event), 0);
            assert_int_equal(book_apply_event(book, &event), 0);
        }
        assert_int_equal(changes_error(&changes), 0);
        assert_int_equal(book_reserve(book, &changes), 0);
        assert_int_equal(book_apply(book, &changes), 0);
        changes_free(&changes);
        compare(book, &sums);
    }
}

static void test_swapped_books_keep_their_addresses(void **state)
{
    struct book *book = *state;
    struct book *other = book_new();
    struct event event = item_event(EVENT_ITEM_CREATED, 1, 100);
    assert_non_null(other);
    apply(other, &event);
    book_swap(book, other);
    assert_int_equal(book_item_count(book), 1);
    assert_int_equal(book_item_count(other), 0);
    book_free(other);
    book_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_items),
        TEST(test_codes_are_linked_relinked_and_unlinked),
        TEST(test_many_codes_find_their_items),
        TEST(test_limits_are_met_before_the_commit),
        TEST(test_impossible_places_are_refused),
        TEST(test_codes_have_a_limit_and_may_share_a_hash),
        TEST(test_an_unknown_kind_does_nothing),
        TEST(test_any_history_obeys_the_laws),
        TEST(test_swapped_books_keep_their_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
