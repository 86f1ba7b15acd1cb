/* A booth sale takes what an order was promised: the sale stands, and the order gets its card in the same
 * commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "stall.h"

/* An order of one line, booked as the engine books it: event and row. */
static void order(struct stall *stall, const char *name, int64_t units, int64_t created_ms)
{
    struct changes changes = changes_new();
    struct order_line line = {.channel = 1,
                              .listing = 1,
                              .item = ITEM_LOW,
                              .pack = 1,
                              .location = LEDGER_BOOTH,
                              .lines_in_order = 1,
                              .version = created_ms,
                              .created_wall_ms = created_ms,
                              .booked.ordered = units};
    (void)snprintf(line.source_key, sizeof line.source_key, "line of %s", name);
    (void)snprintf(line.order, sizeof line.order, "%s", name);
    (void)snprintf(line.order_name, sizeof line.order_name, "%s", name);
    struct event event = {.kind = EVENT_ORDER_STATE, .version = 1};
    event.order.channel = event.order.listing = event.order.pack = 1;
    event.order.source_key = text_of(line.source_key);
    event.order.order = text_of(line.order);
    event.order.item = ITEM_LOW;
    event.order.location = LEDGER_BOOTH;
    event.order.difference.ordered = units;
    changes_add_event(&changes, &event);
    changes_put_order_line(&changes, &line);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

/* Two are there. */
static void leave_two(struct stall *stall)
{
    assert_int_equal(stall_scan(stall, "LOW-1", 3), INTAKE_SOLD);
    assert_int_equal(stall_on_hand(stall, ITEM_LOW), 2);
}

static void test_the_order_gets_its_card(void **state)
{
    struct stall *stall = *state;
    struct card card;
    leave_two(stall);
    order(stall, "#1001", 2, 5000);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 0);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 1);
    assert_string_equal(card.key, "line of #1001");
    assert_int_equal(card.units, 1);
    assert_non_null(strstr(card.text, "LOW"));
    stall_restart(stall);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 1);
}

/* Of two orders the one that came last is asked to wait. */
static void test_the_last_order_waits(void **state)
{
    struct stall *stall = *state;
    struct card card;
    leave_two(stall);
    order(stall, "#1002", 1, 6000);
    order(stall, "#1001", 1, 5000);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 1);
    assert_string_equal(card.key, "line of #1002");
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_REFUSED);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 2);
}

static void test_what_no_order_wants_makes_no_card(void **state)
{
    struct stall *stall = *state;
    struct card card;
    leave_two(stall);
    order(stall, "#1001", 1, 5000);
    assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_OVERSOLD, &card), 0);
}

/* Below zero is one question about the item, whichever of its codes was read. */
static void test_one_card_below_zero_an_item(void **state)
{
    struct stall *stall = *state;
    struct card card;
    leave_two(stall);
    for (int i = 0; i < 3; i++)
        assert_int_equal(stall_scan(stall, "LOW-1", 1), INTAKE_SOLD);
    intake_sell_item(stall->intake, ITEM_LOW, "LOW", 1, 0, stall->now_ms, (uint64_t)stall->now_ms, 0);
    assert_int_equal(stall->last.signal, INTAKE_SOLD);
    assert_int_equal(stall_cards(stall, CARD_BELOW_ZERO, &card), 1);
    assert_int_equal(card.units, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stall_setup, stall_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_order_gets_its_card),
        TEST(test_the_last_order_waits),
        TEST(test_what_no_order_wants_makes_no_card),
        TEST(test_one_card_below_zero_an_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
