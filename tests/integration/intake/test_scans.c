/* Scans into a real ledger: what is sold, refused, unknown, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "stall.h"
#include "store/store_internal.h"

static void promise(struct stall *stall, uint32_t item, int64_t units)
{
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ORDER_STATE, .version = 1};
    event.order.channel = 1;
    event.order.source_key = text_of("line-1");
    event.order.order = text_of("1001");
    event.order.item = item;
    event.order.pack = 1;
    event.order.location = LEDGER_BOOTH;
    event.order.difference.ordered = units;
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

/* --- sold
 * ----------------------------------------------------------------------------------------------------- */

static void test_a_scan_sells(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    assert_int_equal(stall->last.item, ITEM_MUG);
    assert_int_equal(stall->last.on_hand, 99);
    assert_int_equal(stall->last.price_minor, 2400);
    assert_int_equal(stall->last.position, store_last_position(stall->ledger->store));
    struct event event = stall_last_event(stall);
    assert_int_equal(event.kind, EVENT_SALE);
    assert_int_equal(event.sale.lines[0].item, ITEM_MUG);
    assert_int_equal(event.sale.lines[0].unit_price_minor, 2400);
    assert_int_equal(event.sale.flags, 0);
    assert_int_equal(event.sale.source, 1);
    assert_int_equal(stall_scan(stall, CODE_MUG, 5), INTAKE_SOLD);
    assert_int_equal(stall->last.quantity, 5);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 94);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
}

/* One product, whichever way its label was printed; what only looks alike is another code. */
static void test_one_product_many_ways_to_print_it(void **state)
{
    static const struct {
        const char *code;
        enum intake_signal signal;
    } ways[] = {
        {"0036000291452", INTAKE_SOLD},     /* EAN-13 */
        {"036000291452", INTAKE_SOLD},      /* UPC-A */
        {"00036000291452", INTAKE_SOLD},    /* GTIN-14, indicator 0 */
        {"  036000291452\r", INTAKE_SOLD},  /* a scanner that adds spaces and a carriage return */
        {"36000291452", INTAKE_UNKNOWN},    /* a lost zero makes it no GTIN */
        {"036000291453", INTAKE_UNKNOWN},   /* a wrong check digit */
        {"10036000291459", INTAKE_UNKNOWN}, /* another packaging level */
        {"000000000000036000291452", INTAKE_UNKNOWN},
    };
    struct stall *stall = *state;
    int64_t expected = 10;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        assert_int_equal(stall_scan(stall, ways[i].code, 1), ways[i].signal);
        expected -= ways[i].signal == INTAKE_SOLD;
        assert_int_equal(stall_on_hand(stall, ITEM_UPC), expected);
    }
}

static void test_a_box_counts_its_pieces(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(stall_scan(stall, "SIX-BOX", 1), INTAKE_SOLD);
    assert_int_equal(stall->last.quantity, 6);
    assert_int_equal(stall_on_hand(stall, ITEM_SIX), 6);
    assert_int_equal(stall_scan(stall, "SIX-1", 2), INTAKE_SOLD);
    assert_int_equal(stall_on_hand(stall, ITEM_SIX), 4);
    assert_int_equal(stall_scan(stall, "SIX-BOX", 1), INTAKE_SOLD); /* a fact */
    assert_true(stall->last.beyond);
    assert_int_equal(stall_on_hand(stall, ITEM_SIX), -2);
}

static void test_low_is_said_once_per_crossing(void **state)
{
    struct stall *stall = *state; /* five there, reorder at three */
    static const bool low[] = {false, true, false, false};
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
        assert_int_equal(stall->last.low, low[i]);
    }
    const struct intake_recent *voided;
    for (int i = 0; i < 3; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_scan(stall, "LOW-1", 2), INTAKE_SOLD); /* crosses anew */
    assert_true(stall->last.low);
}

/* --- below zero
 * ----------------------------------------------------------------------------------------------- */

static void test_below_zero_is_booked_with_a_card(void **state)
{
    struct stall *stall = *state;
    struct card card;
    assert_int_equal(stall_scan(stall, "CUP-1", 99), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 0);
    assert_int_equal(stall_scan(stall, "CUP-1", 3), INTAKE_SOLD);
    assert_true(stall->last.beyond);
    assert_int_equal(stall->last.on_hand, -2);
    assert_int_equal(stall_last_event(stall).sale.flags, SALE_BEYOND_LEDGER);
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(card.units, 2); /* missing, not sold */
    assert_int_equal(card.item, ITEM_CUP);
    assert_int_equal(card.origin, stall->last.position);
    assert_non_null(strstr(card.text, "only 1 were left"));
    assert_int_equal(stall_scan(stall, "CUP-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(card.units, 3);
    assert_non_null(strstr(card.text, "none was left"));
}

/* --- refused
 * -------------------------------------------------------------------------------------------------- */

static void test_one_of_a_kind_twice(void **state)
{
    struct stall *stall = *state;
    struct card card;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_SOLD);
    uint64_t last = store_last_position(stall->ledger->store);
    stall->now_ms += 1000;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall->last.position, 0);
    assert_int_equal(store_last_position(stall->ledger->store), last); /* a card is no event */
    assert_int_equal(stall_cards(stall, CARD_REFUSED, &card), 1);
    stall->now_ms += INTAKE_SECOND_SCAN_MS;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_true(stall->last.second_scan && stall->last.beyond);
    assert_int_equal(stall_last_event(stall).sale.flags, SALE_BEYOND_LEDGER | SALE_SECOND_SCAN);
    assert_int_equal(stall_on_hand(stall, ITEM_VASE), -1);
    assert_int_equal(stall_cards(stall, CARD_REFUSED, &card), 0); /* it was booked: nothing to settle */
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_REFUSED); /* a third one is asked about anew */
}

static void test_second_scan_must_come_in_time(void **state)
{
    struct stall *stall = *state;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_on_hand(stall, ITEM_VASE), 0);
    stall->now_ms += INTAKE_SECOND_SCAN_MS;
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD); /* another customer in between */
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_SOLD);
}

/* Units that an order was promised are asked about, units that are free are not. */
static void test_promised_units_are_refused_once(void **state)
{
    struct stall *stall = *state;
    struct card card;
    promise(stall, ITEM_LOW, 2); /* five there, three free */
    assert_int_equal(stall_scan(stall, "LOW-1", 2), INTAKE_SOLD);
    assert_int_equal(stall_scan(stall, "LOW-1", 2), INTAKE_REFUSED); /* one free, one promised */
    assert_int_equal(stall_cards(stall, CARD_REFUSED, &card), 1);
    assert_non_null(strstr(card.text, "Of the 3 left, 2 are promised"));
    assert_int_equal(card.units, 2);
    stall->now_ms += INTAKE_SECOND_SCAN_MS + 1;
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD); /* the free one */
    assert_false(stall->last.second_scan);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_true(stall->last.second_scan);
    assert_false(stall->last.beyond);
    assert_int_equal(stall_last_event(stall).sale.flags, SALE_SECOND_SCAN);
    assert_int_equal(stall_on_hand(stall, ITEM_LOW), 1);
    assert_int_equal(stall_cards(stall, CARD_REFUSED, &card), 0);
}

/* --- failures
 * ------------------------------------------------------------------------------------------------- */

/* Every way a scan is booked fails whole: signal, book, list and cards. */
static void test_failed_commit_is_a_fault(void **state)
{
    static const char *const codes[] = {CODE_MUG, "NEW-9", "VASE-1", "UNKNOWN-TOO"};
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    uint64_t sold = stall->last.position;
    stall_refuse_events(stall, true);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(stall_scan(stall, codes[i], 1), INTAKE_FAULT);
        assert_true(stall->last.error < 0);
        assert_int_equal(stall->last.position, 0);
    }
    assert_int_equal(stall_scan(stall, "CUP-1", 101), INTAKE_FAULT); /* below zero: event and card */
    assert_true(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided) < 0);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 99);
    assert_int_equal(stall_on_hand(stall, ITEM_CUP), 100);
    assert_int_equal(stall_on_hand(stall, ITEM_VASE), 1);
    assert_int_equal(store_open_card_count(stall->ledger->store), 0);
    assert_int_equal(intake_recent(stall->intake, 0)->position, sold);
    assert_false(intake_recent(stall->intake, 0)->voided);
    stall_refuse_events(stall, false);
    assert_int_equal(stall_scan(stall, "VASE-1", 1), INTAKE_SOLD);
    assert_int_equal(stall->last.position, sold + 1);
    (void)ledger_verify(stall->ledger);
}

/* A dead handle: fault until the store is opened anew; then the same intake sells on, and undo still knows.
 */
static void test_sells_on_after_the_store_was_reopened(void **state)
{
    struct stall *stall = *state;
    const struct intake_recent *voided;
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    struct id128 before = store_event_id(stall->ledger->store, stall->last.position).epoch;
    stall->ledger->store->dead =
        true; /* as a failed fdatasync leaves it: integration.store.recover does it for real */
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_FAULT);
    assert_int_equal(stall->last.error, -EIO);
    assert_int_equal(stall_scan(stall, "NEW-9", 1), INTAKE_FAULT);
    struct store_start start = ledger_start(stall->ledger);
    assert_int_equal(store_reopen(stall->ledger->store, &start, NULL), 0);
    assert_int_equal(stall_scan(stall, CODE_MUG, 1), INTAKE_SOLD);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 98);
    struct event_id id = store_event_id(stall->ledger->store, stall->last.position);
    assert_false(id128_equal(id.epoch, before));
    assert_int_equal(id.sequence, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided), 0);
    assert_int_equal(stall_on_hand(stall, ITEM_MUG), 100);
    (void)ledger_verify(stall->ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stall_setup, stall_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_scan_sells),
        TEST(test_one_product_many_ways_to_print_it),
        TEST(test_a_box_counts_its_pieces),
        TEST(test_low_is_said_once_per_crossing),
        TEST(test_below_zero_is_booked_with_a_card),
        TEST(test_one_of_a_kind_twice),
        TEST(test_second_scan_must_come_in_time),
        TEST(test_promised_units_are_refused_once),
        TEST(test_failed_commit_is_a_fault),
        TEST(test_sells_on_after_the_store_was_reopened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
