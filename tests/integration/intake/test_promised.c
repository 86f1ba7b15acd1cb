/* A booth sale takes what an order was promised: the sale stands, and the order gets its card in the same
 * commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/intake.h"
#include "ledger.h"

enum { ITEM_VASE = 3 };

struct stall {
    struct ledger *ledger;
    struct intake *intake;
    enum intake_signal signal;
    int64_t now_ms;
};

static void keep_signal(void *user, const struct intake_outcome *outcome)
{
    struct stall *stall = user;
    stall->signal = outcome->signal;
}

static int setup(void **state)
{
    struct stall *stall = calloc(1, sizeof *stall);
    void *ledger = NULL;
    struct err err = {0};
    if (!stall || ledger_setup(&ledger) < 0)
        return -1;
    stall->ledger = ledger;
    stall->now_ms = 1000;
    ledger_open(ledger);
    ledger_stock_up(ledger);
    struct changes changes = changes_new();
    ledger_add_item(&changes, ITEM_VASE, "VASE", "VASE-1", 0, 2);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    struct intake_settings settings = {stall->ledger->store, LEDGER_BOOTH, keep_signal, stall};
    assert_int_equal(intake_new(&settings, &stall->intake, &err), 0);
    *state = stall;
    return 0;
}

static int teardown(void **state)
{
    struct stall *stall = *state;
    void *ledger = stall->ledger;
    intake_free(stall->intake);
    free(stall);
    return ledger_teardown(&ledger);
}

/* An order of one line, booked as the engine books it: event and row. */
static void order(struct stall *stall, const char *name, int64_t units, int64_t created_ms)
{
    struct changes changes = changes_new();
    struct order_line line = {.channel = 1,
                              .listing = 1,
                              .item = ITEM_VASE,
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
    event.order.item = ITEM_VASE;
    event.order.location = LEDGER_BOOTH;
    event.order.difference.ordered = units;
    changes_add_event(&changes, &event);
    changes_put_order_line(&changes, &line);
    assert_int_equal(ledger_submit(stall->ledger, &changes).error, 0);
}

static enum intake_signal scan(struct stall *stall, const char *code)
{
    stall->now_ms++;
    intake_scan(stall->intake, code, 1, 1, stall->now_ms, (uint64_t)stall->now_ms, 1790000000000);
    return stall->signal;
}

static int open_cards(struct stall *stall, enum card_kind kind, struct card found[4])
{
    struct card cards[8];
    int count = store_cards(stall->ledger->store, false, cards, 8), of_kind = 0;
    for (int i = 0; i < count; i++)
        if (cards[i].kind == kind && of_kind < 4)
            found[of_kind++] = cards[i];
    return of_kind;
}

static void test_the_order_gets_its_card(void **state)
{
    struct stall *stall = *state;
    struct card cards[4];
    order(stall, "#1001", 2, 5000);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_REFUSED);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 0);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 1);
    assert_string_equal(cards[0].key, "line of #1001");
    assert_int_equal(cards[0].units, 1);
    assert_non_null(strstr(cards[0].text, "VASE"));
    ledger_reopen(stall->ledger);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 1);
}

/* Of two orders the one that came last is asked to wait. */
static void test_the_last_order_waits(void **state)
{
    struct stall *stall = *state;
    struct card cards[4];
    order(stall, "#1002", 1, 6000);
    order(stall, "#1001", 1, 5000);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_REFUSED);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 1);
    assert_string_equal(cards[0].key, "line of #1002");
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_REFUSED);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 2);
}

static void test_what_no_order_wants_makes_no_card(void **state)
{
    struct stall *stall = *state;
    struct card cards[4];
    order(stall, "#1001", 1, 5000);
    assert_int_equal(scan(stall, "VASE-1"), INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_OVERSOLD, cards), 0);
}

/* Below zero is one question about the item, whichever of its codes was read. */
static void test_one_card_below_zero_an_item(void **state)
{
    struct stall *stall = *state;
    struct card cards[4];
    for (int i = 0; i < 3; i++)
        assert_int_equal(scan(stall, "VASE-1"), INTAKE_SOLD);
    intake_sell_item(stall->intake, ITEM_VASE, "VASE", 1, 0, stall->now_ms, (uint64_t)stall->now_ms, 0);
    assert_int_equal(stall->signal, INTAKE_SOLD);
    assert_int_equal(open_cards(stall, CARD_BELOW_ZERO, cards), 1);
    assert_int_equal(cards[0].units, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
