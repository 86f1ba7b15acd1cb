/* Orders as state: older and incomplete ones, orders for listings that are linked later, cancelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_internal.h"

static void start(struct engine_bench *bench, uint32_t listings, int64_t units)
{
    bench_open(bench, listings, units);
    bench_settle(bench);
}

/* The next poll shows these lines. */
static void poll(struct engine_bench *bench, const struct answer_order_line *lines, uint32_t count)
{
    bench_input(bench, ENGINE_SYNC_NOW);
    bench_answer_orders(bench, lines, count);
}

static struct stock stock_of(const struct engine_bench *bench, uint32_t item)
{
    return book_stock(bench->book, item, 1);
}

static void test_an_older_state_is_ignored(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line line = bench_line(1, "A", 1000, 2);
    poll(&bench, &line, 1);
    assert_int_equal(stock_of(&bench, 1).committed, 2);
    line = bench_line(1, "A", 999, 4);
    bench_settle(&bench);
    poll(&bench, &line, 1);
    assert_int_equal(stock_of(&bench, 1).committed, 2);
    bench_close(&bench);
}

static void test_only_a_complete_state_proves_less(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line line = bench_line(1, "A", 1000, 2);
    poll(&bench, &line, 1);
    bench_settle(&bench);
    line.state.ordered = 1;
    line.complete = false;
    poll(&bench, &line, 1);
    assert_int_equal(stock_of(&bench, 1).committed, 2);
    bench_settle(&bench);
    line.complete = true; /* of the same version */
    poll(&bench, &line, 1);
    assert_int_equal(stock_of(&bench, 1).committed, 1);
    bench_close(&bench);
}

/* Somebody added a note to it: newer, and nothing to book. */
static void test_an_order_that_is_only_touched_changes_no_row(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line line = bench_line(1, "A", 1000, 2);
    poll(&bench, &line, 1);
    bench_settle(&bench);
    line.version += 5000;
    bench_after(&bench, 15000);
    bench_answer_orders(&bench, &line, 1);
    assert_int_equal(bench.changed, 0);
    bench_close(&bench);
}

/* --- linked later ------------------------------------------------------------------------------------ */

static void give_listing(struct engine_bench *bench, uint32_t alias, int64_t level)
{
    struct answer_listing shown = {.tracked = true, .enforces = true, .level = level};
    (void)snprintf(shown.remote_id, sizeof shown.remote_id, "remote-%u", alias);
    (void)snprintf(shown.sku, sizeof shown.sku, "SKU-%u", alias);
    assert_int_equal(bench->request.kind, REQUEST_LISTINGS);
    bench_answer_is(bench, &(struct channel_answer){.outcome = ANSWER_DONE, .count = 1, .listings = &shown});
}

static void make_item(struct engine_bench *bench, uint32_t alias)
{
    struct item item = {.alias = alias};
    (void)snprintf(item.sku, sizeof item.sku, "SKU-%u", alias);
    assert_int_equal(book_put_item(bench->book, &item), 0);
}

/* Answers a catalogue of listing 2 and these orders until nothing is asked; open_count of them are open. */
static void link(struct engine_bench *bench, int64_t level, const struct answer_order_line *lines,
                 uint32_t count, uint32_t open_count)
{
    for (int i = 0; i < 40 && bench->request.kind; i++) {
        if (bench->request.kind == REQUEST_LISTINGS)
            give_listing(bench, 2, level);
        else if (bench->request.kind == REQUEST_ORDERS)
            bench_answer_orders(bench, lines, bench->request.open_only ? open_count : count);
        else
            bench_answer_level(bench, level);
    }
    assert_int_equal(bench->request.kind, 0);
}

static void test_an_unlinked_order_is_kept_and_booked(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line line = bench_line(2, "A", 1000, 2);
    poll(&bench, &line, 1);
    assert_non_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    make_item(&bench, 2);
    give_listing(&bench, 2, 4); /* the audit that the poll asked for */
    link(&bench, 4, &line, 1, 1);
    assert_int_equal(stock_of(&bench, 2).on_hand, 6);
    assert_int_equal(stock_of(&bench, 2).committed, 2);
    assert_int_equal(listing_expected(bench_listing(&bench, 2)), 4);
    assert_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    bench_close(&bench);
}

/* Sold and handed over at once between the last poll and the linking (a till of the shop does that): the
 * level read for the baseline is without it, so it must not be booked once more. */
static void test_an_order_that_came_and_went_before_linking(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    make_item(&bench, 2);
    struct answer_order_line line = bench_line(2, "POS", 1000, 1);
    line.state.handed_over = 1;
    bench_input(&bench, ENGINE_SYNC_NOW);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE); /* not there yet */
    give_listing(&bench, 2, 4);
    link(&bench, 4, &line, 1, 0);
    assert_int_equal(listing_expected(bench_listing(&bench, 2)), 4);
    bench_settle(&bench);
    poll(&bench, &line, 1);
    assert_int_equal(listing_expected(bench_listing(&bench, 2)), 4);
    assert_int_equal(stock_of(&bench, 2).on_hand, 4);
    assert_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    bench_close(&bench);
}

/* Nothing of it is open any more: the card that asked for an item goes, and later polls change nothing. */
static void test_an_unlinked_order_that_is_cancelled(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line line = bench_line(2, "A", 1000, 2);
    poll(&bench, &line, 1);
    assert_non_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    bench_settle(&bench);
    line.version += 1000;
    line.state.cancelled = 2;
    poll(&bench, &line, 1);
    assert_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    bench_settle(&bench);
    bench_after(&bench, 15000);
    bench_answer_orders(&bench, &line, 1);
    assert_int_equal(bench.changed, 0);
    bench_close(&bench);
}

/* A shop that sells all the time is not asked without pause. */
static void test_readings_that_differ_are_not_hurried(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    make_item(&bench, 2);
    bench_input(&bench, ENGINE_SYNC_NOW);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    give_listing(&bench, 2, 9);
    int asked = 0;
    for (; asked < 20 && bench.request.kind; asked++) {
        if (bench.request.kind == REQUEST_LISTINGS)
            give_listing(&bench, 2, 9 - asked);
        else
            bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    }
    assert_true(asked < 10);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_BACKOFF_MAX_MS);
    bench_close(&bench);
}

/* --- cancelling -------------------------------------------------------------------------------------- */

static void want_cancel(struct engine_bench *bench, uint8_t id, const char *order)
{
    struct op op = {
        .id = {{id}}, .request_key = {{id, 1}}, .channel = 1, .kind = OP_CANCEL_ORDER, .state = OP_NEW};
    (void)snprintf(op.order, sizeof op.order, "%s", order);
    (void)snprintf(op.source_key, sizeof op.source_key, "%s/1", order);
    assert_int_equal(book_put_op(bench->book, &op), 0);
}

/* A refusal may mean that it is cancelled already: the order is looked at, for each order by itself. */
static void test_each_refused_cancel_is_looked_up(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 5);
    struct answer_order_line lines[2] = {bench_line(1, "A", 1000, 1), bench_line(1, "B", 2000, 1)};
    poll(&bench, lines, 2);
    bench_settle(&bench);
    want_cancel(&bench, 1, "A");
    want_cancel(&bench, 2, "B");
    bench_input(&bench, ENGINE_STOCK);
    bench_answer(&bench, REQUEST_CANCEL_ORDER, ANSWER_REJECTED);
    bench_answer_orders(&bench, lines, 2); /* A is not cancelled */
    assert_int_equal(bench.request.kind, REQUEST_CANCEL_ORDER);
    assert_string_equal(bench.request.order, "B");
    bench_answer(&bench, REQUEST_CANCEL_ORDER, ANSWER_REJECTED);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    assert_null(bench_card(&bench, CARD_PARKED)); /* neither was refused twice */
    lines[0].version += 1000;
    lines[0].state.cancelled = 1; /* both were cancelled in the shop's own pages */
    lines[1].version += 1000;
    lines[1].state.cancelled = 1;
    bench_answer_orders(&bench, lines, 2);
    assert_null(bench_card(&bench, CARD_PARKED));
    assert_int_equal(stock_of(&bench, 1).committed, 0);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS); /* their units are free; no cancel is left */
    assert_int_equal(book_op_count(bench.book), 1);
    bench_close(&bench);
}

/* Items that are imported while the shop is taken over may be what its listings wait for. */
static void test_a_wish_during_the_baseline_is_kept(void **state)
{
    (void)state;
    static const enum request_kind baseline[] = {REQUEST_CHECK, REQUEST_LISTINGS, REQUEST_ORDERS,
                                                 REQUEST_LISTINGS};
    for (int wished = 0; wished < 2; wished++) {
        struct engine_bench bench;
        bench_open(&bench, 1, 5);
        struct channel channel = *book_channel(bench.book, 1);
        channel.baselined = channel.live = false;
        assert_int_equal(book_put_channel(bench.book, &channel), 0);
        bench_restart(&bench);
        bench_input(&bench, ENGINE_WAKE);
        for (size_t i = 0; i < sizeof baseline / sizeof baseline[0]; i++)
            bench_answer(&bench, baseline[i], ANSWER_DONE);
        if (wished)
            bench_input(&bench, ENGINE_SYNC_NOW);
        bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
        while (!bench.request.kind) /* the booking of what was gathered */
            bench_wake(&bench);
        bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
        assert_int_equal(bench.request.kind, wished ? REQUEST_LISTINGS : 0);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_older_state_is_ignored),
        cmocka_unit_test(test_only_a_complete_state_proves_less),
        cmocka_unit_test(test_an_order_that_is_only_touched_changes_no_row),
        cmocka_unit_test(test_an_unlinked_order_is_kept_and_booked),
        cmocka_unit_test(test_an_order_that_came_and_went_before_linking),
        cmocka_unit_test(test_an_unlinked_order_that_is_cancelled),
        cmocka_unit_test(test_readings_that_differ_are_not_hurried),
        cmocka_unit_test(test_each_refused_cancel_is_looked_up),
        cmocka_unit_test(test_a_wish_during_the_baseline_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
