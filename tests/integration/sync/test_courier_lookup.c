/* What the courier looks up beside an answer, in a real ledger: what is accounted of each line, which item a
 * listing is and whether its stock is known; and that a failed read or refused memory gives nothing half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "refused_memory.h"
#include "store/store_internal.h"
#include "sync/courier_lookup.h"

enum { CHANNEL = 1, BUSY_ITEM = 20, FIRST_OF_KINDS = 10, KINDS = 6 };

static void submit(struct ledger *f, struct changes *changes)
{
    assert_int_equal(changes_error(changes), 0);
    assert_int_equal(ledger_submit(f, changes).error, 0);
}

static void add_item(struct ledger *f, uint32_t alias)
{
    char sku[16];
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
    (void)snprintf(sku, sizeof sku, "SKU-%u", alias);
    event.item.item = alias;
    event.item.sku = text_of(sku);
    event.item.title = text_of("Bowl");
    event.item.currency = text_of("EUR");
    changes_add_event(&changes, &event);
    submit(f, &changes);
}

static void add_event(struct ledger *f, struct event *event)
{
    struct changes changes = changes_new();
    event->version = 1;
    changes_add_event(&changes, event);
    submit(f, &changes);
}

/* One item for each kind of event that makes its stock known, and nothing else of it. */
static void move_each_way(struct ledger *f)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        uint32_t item = FIRST_OF_KINDS + i;
        struct event event = {0};
        add_item(f, item);
        switch (i) {
        case 0:
            assert_int_equal(ledger_sell(f, item, 1).error, 0);
            continue;
        case 1:
            event.kind = EVENT_VOID;
            event.voided.target = (struct event_ref){0, 1};
            event.voided.reason = 1;
            event.voided.effect_count = 1;
            event.voided.effects[0] = (struct stock_effect){item, LEDGER_BOOTH, 1};
            break;
        case 2:
            event.kind = EVENT_UNKNOWN_NAMED;
            event.named.sale = (struct event_ref){0, 1};
            event.named.item = item;
            event.named.quantity = 1;
            event.named.location = LEDGER_BOOTH;
            break;
        case 3:
            event.kind = EVENT_ADJUSTMENT;
            event.adjustment.item = item;
            event.adjustment.location = LEDGER_BOOTH;
            event.adjustment.delta = 1;
            event.adjustment.reason = ADJUST_OPENING;
            break;
        case 4:
            event.kind = EVENT_ORDER_STATE;
            event.order.channel = event.order.listing = event.order.pack = 1;
            event.order.source_key = event.order.order = text_of("elsewhere");
            event.order.item = item;
            event.order.location = LEDGER_BOOTH;
            event.order.difference.ordered = 1;
            break;
        default:
            event.kind = EVENT_BASELINE;
            event.baseline.channel = event.baseline.listing = event.baseline.pack = 1;
            event.baseline.item = item;
            event.baseline.location = LEDGER_BOOTH;
            break;
        }
        add_event(f, &event);
    }
}

static void fill(struct ledger *f)
{
    ledger_open(f);
    ledger_stock_up(f);
    add_item(f, 3); /* its stock is not known */
    move_each_way(f);
    add_item(f, BUSY_ITEM);
    struct event event = {.kind = EVENT_ITEM_CHANGED, .version = 1};
    event.item.item = BUSY_ITEM;
    event.item.sku = text_of("SKU-20");
    event.item.currency = text_of("EUR");
    event.item.title = text_of("Bowl");
    for (int i = 0; i < 40; i++) /* so often renamed that nobody reads on: taken for known */
        add_event(f, &event);
    struct changes changes = changes_new();
    struct order_line line = {.channel = CHANNEL, .source_key = "known", .item = 1, .pack = 1};
    line.booked.ordered = 2;
    changes_put_order_line(&changes, &line);
    submit(f, &changes);
}

static void check_items(const struct courier_lookup *lookup)
{
    static const uint32_t items[] = {1, 2, 0, 0, 3, 10, 11, 12, 13, 14, 15, BUSY_ITEM};
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        assert_int_equal(lookup->items[i], items[i]);
        assert_int_equal(lookup->moved[i], items[i] != 0 && items[i] != 3);
    }
}

enum { LISTINGS = 5 + KINDS + 1 };

static struct channel_answer catalogue(struct answer_listing listings[LISTINGS])
{
    memset(listings, 0, LISTINGS * sizeof *listings);
    (void)snprintf(listings[0].sku, sizeof listings[0].sku, "MUG");
    (void)snprintf(listings[1].barcode, sizeof listings[1].barcode, " CUP-1 ");
    (void)snprintf(listings[2].sku, sizeof listings[2].sku, "nobody's");
    (void)snprintf(listings[2].barcode, sizeof listings[2].barcode, "nobody's");
    (void)snprintf(listings[4].sku, sizeof listings[4].sku, "SKU-3");
    for (uint32_t i = 0; i < KINDS; i++)
        (void)snprintf(listings[5 + i].sku, sizeof listings[5 + i].sku, "SKU-%u", FIRST_OF_KINDS + i);
    (void)snprintf(listings[5 + KINDS].sku, sizeof listings[0].sku, "SKU-%d", BUSY_ITEM);
    return (struct channel_answer){.kind = REQUEST_LISTINGS,
                                   .outcome = ANSWER_DONE,
                                   .channel = CHANNEL,
                                   .count = LISTINGS,
                                   .listings = listings};
}

static struct channel_answer orders(struct answer_order_line lines[2])
{
    memset(lines, 0, 2 * sizeof *lines);
    (void)snprintf(lines[0].source_key, sizeof lines[0].source_key, "known");
    (void)snprintf(lines[1].source_key, sizeof lines[1].source_key, "new");
    return (struct channel_answer){
        .kind = REQUEST_ORDERS, .outcome = ANSWER_DONE, .channel = CHANNEL, .count = 2, .orders = lines};
}

static void check_orders(const struct courier_lookup *lookup)
{
    assert_string_equal(lookup->known[0].source_key, "known");
    assert_int_equal(lookup->known[0].booked.ordered, 2);
    assert_string_equal(lookup->known[1].source_key, "");
}

static void test_what_is_looked_up(void **state)
{
    struct ledger *f = *state;
    struct answer_listing *listings = calloc(LISTINGS, sizeof *listings);
    struct answer_order_line lines[2];
    assert_non_null(listings);
    fill(f);
    struct channel_answer answer = catalogue(listings);
    {
        COURIER_LOOKUP_AUTO struct courier_lookup lookup = {0};
        assert_int_equal(courier_lookup_read(f->store, &answer, &lookup), 0);
        check_items(&lookup);
    }
    {
        COURIER_LOOKUP_AUTO struct courier_lookup lookup = {0};
        answer = orders(lines);
        assert_int_equal(courier_lookup_read(f->store, &answer, &lookup), 0);
        check_orders(&lookup);
    }
    struct courier_lookup lookup = {0};
    answer.count = 0;
    assert_int_equal(courier_lookup_read(f->store, &answer, &lookup), 0);
    answer.count = 2;
    answer.outcome = ANSWER_OFFLINE;
    assert_int_equal(courier_lookup_read(f->store, &answer, &lookup), 0);
    answer.outcome = ANSWER_DONE;
    answer.kind = REQUEST_CHECK;
    assert_int_equal(courier_lookup_read(f->store, &answer, &lookup), 0);
    assert_int_equal(courier_lookup_read(f->store, NULL, &lookup), 0);
    assert_null(lookup.known);
    assert_null(lookup.items);
    free(listings);
}

static int count_down(void *left)
{
    (*(int *)left)--;
    return 0;
}

/* What one look at a claim costs SQLite; -1 when it failed. */
static int claim_steps(struct ledger *f, const struct channel_answer *answer, struct courier_lookup *lookup)
{
    int left = INT32_MAX;
    lookup->claim_known = false;
    sqlite3_progress_handler(f->store->db, 1, count_down, &left);
    int result = courier_lookup_read(f->store, answer, lookup);
    sqlite3_progress_handler(f->store->db, 0, NULL, NULL);
    return result < 0 ? -1 : INT32_MAX - left;
}

/* The holder of a claim is an event of this ledger or not. The one that was found last is not read again;
 * another is, and so is one that was not found. */
static void test_a_claim_is_read_once(void **state)
{
    struct ledger *f = *state;
    struct courier_lookup lookup = {0};
    ledger_open(f);
    ledger_stock_up(f);
    struct channel_answer answer = {.kind = REQUEST_CHECK,
                                    .outcome = ANSWER_DONE,
                                    .channel = CHANNEL,
                                    .claim_shown = true,
                                    .claim = {.word = CLAIM_HELD}};
    assert_true(claim_steps(f, &answer, &lookup) >= 0); /* nobody's: all zero, as no holder was found yet */
    assert_false(lookup.claim_known);
    answer.claim.holder = store_event_id(f->store, 2);
    assert_true(claim_steps(f, &answer, &lookup) > 0);
    assert_true(lookup.claim_known);
    assert_int_equal(claim_steps(f, &answer, &lookup), 0);
    assert_true(lookup.claim_known);
    answer.claim.holder.sequence = 1000000; /* of this start, but it never was */
    for (int i = 0; i < 2; i++) {
        assert_true(claim_steps(f, &answer, &lookup) > 0);
        assert_false(lookup.claim_known);
    }
    answer.claim.holder = store_event_id(f->store, 3);
    assert_true(claim_steps(f, &answer, &lookup) > 0);
    assert_true(lookup.claim_known);
    courier_lookup_free(&lookup);
}

static int stop_later(void *left)
{
    return (*(int *)left)-- == 0; /* only there: what follows could go on */
}

/* Each place where SQLite may stop, each allocation that may be refused: an error, and the next try is whole.
 */
static void test_each_way_to_fail(void **state)
{
    struct ledger *f = *state;
    struct answer_listing *listings = calloc(LISTINGS, sizeof *listings);
    struct answer_order_line lines[2];
    assert_non_null(listings);
    fill(f);
    struct channel_answer answers[] = {catalogue(listings), orders(lines)};
    for (int which = 0; which < 2; which++) {
        int failed = 0;
        for (int steps = 0;; steps++) {
            COURIER_LOOKUP_AUTO struct courier_lookup lookup = {0};
            int left = steps;
            sqlite3_progress_handler(f->store->db, 1, stop_later, &left);
            int result = courier_lookup_read(f->store, &answers[which], &lookup);
            sqlite3_progress_handler(f->store->db, 0, NULL, NULL);
            if (result == 0) {
                (which ? check_orders : check_items)(&lookup);
                break;
            }
            assert_int_equal(result, -EIO);
            failed++;
        }
        assert_true(failed > 5);
        for (uint64_t nth = 1;; nth++) {
            COURIER_LOOKUP_AUTO struct courier_lookup lookup = {0};
            refused_memory_once(nth);
            int result = courier_lookup_read(f->store, &answers[which], &lookup);
            (void)refused_memory_end();
            if (result == 0) {
                (which ? check_orders : check_items)(&lookup);
                assert_int_equal(nth, which ? 2 : 4);
                break;
            }
            assert_int_equal(result, -ENOMEM);
        }
    }
    free(listings);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_looked_up),
        TEST(test_a_claim_is_read_once),
        TEST(test_each_way_to_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
