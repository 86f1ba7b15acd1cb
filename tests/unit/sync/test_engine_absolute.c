/* Shops that only take absolute levels: no write makes a deficit, and what a write hid is found out before
 * its units are given away again (docs/decisions/0020). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "domain/allocation.h"
#include "engine_bench.h"

enum { VISIBLE_MS = 30000, TRANSIT_MS = 300000, SECOND_MS = 1000, START_MS = 60000 };

static const struct channel_caps document_caps = {
    .pause = true,
    .answer_shows_level = true,
    .batch_size = 1,
    .order_overlap_ms = 3600000,
    .order_visibility_ms = VISIBLE_MS,
    .poll_ms = 600000,
};
static const struct channel_caps number_caps = {
    .answer_shows_level = true,
    .batch_size = 100,
    .order_overlap_ms = 3600000,
    .order_visibility_ms = VISIBLE_MS,
    .poll_ms = 600000,
};

static void open_settled(struct engine_bench *bench, const struct channel_caps *caps, uint32_t listings,
                         int64_t units)
{
    bench_open_with(bench, caps, listings, units);
    bench_settle(bench);
}

static int64_t expected(const struct engine_bench *bench)
{
    return listing_expected(bench_listing(bench, 1));
}

static int64_t free_units(const struct engine_bench *bench)
{
    return allocation_free(bench->book, 1, 1, 0);
}

/* The one write on its way. */
static void assert_write(const struct engine_bench *bench, enum write_method method, int64_t to)
{
    assert_int_equal(bench->request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench->request.count, 1);
    assert_int_equal(bench->request.writes[0].method, method);
    assert_int_equal(bench->request.writes[0].to, to);
}

/* Time passes until the orders that were placed before now can be read, and they are: these. */
static void orders_become_visible(struct engine_bench *bench, const struct answer_order_line *orders,
                                  uint32_t count)
{
    assert_int_equal(bench->request.kind, 0);
    bench_after(bench, VISIBLE_MS + SECOND_MS);
    bench_answer_orders(bench, orders, count);
}

static int64_t since_start(const struct engine_bench *bench)
{
    return bench->shop_ms - (INT64_C(1800000000000));
}

/* Units that nobody has: six on hand, four of them here. */
static void add_reserve(struct engine_bench *bench, int64_t units)
{
    bench_sell(bench, 1, -units);
}

/* --- down -------------------------------------------------------------------------------------------- */

/* Everything is given away: the listing goes off sale, its level is evidence, and comes back with what is
 * left. */
static void test_down_by_a_pause(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 4);
    bench_sell(&bench, 1, 1);
    assert_write(&bench, WRITE_PAUSE, 0);
    assert_int_equal(expected(&bench), 4);
    bench_answer_level(&bench, 4);
    assert_int_equal(bench_listing(&bench, 1)->paused, PAUSED_BY_US);
    assert_int_equal(expected(&bench), 4); /* an order placed before it may not be visible yet */
    orders_become_visible(&bench, NULL, 0);
    assert_write(&bench, WRITE_ABSOLUTE, 3);
    assert_int_equal(expected(&bench), 3); /* exact: nobody can buy from a paused listing */
    bench_answer_level(&bench, 3);
    assert_int_equal(bench_listing(&bench, 1)->paused, NOT_PAUSED);
    orders_become_visible(&bench, NULL, 0);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(expected(&bench), 3);
    bench_close(&bench);
}

/* One was bought before the pause and its order is not visible yet: it stays allocated, and the order
 * explains it. */
static void test_what_a_pause_shows_hidden_stays_allocated(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 4);
    bench_sell(&bench, 1, 1);
    bench_answer_level(&bench, 3);
    orders_become_visible(&bench, NULL, 0);
    assert_int_equal(expected(&bench), 1);
    assert_int_equal(free_units(&bench), 2);
    assert_int_equal(bench.request.kind, REQUEST_LEVELS); /* nothing is given before it is explained */
    struct answer_order_line order = bench_line(1, "a", START_MS - 1, 1);
    bench_answer_level(&bench, 3);
    bench_answer_orders(&bench, &order, 1);
    assert_int_equal(expected(&bench), 0);
    bench_close(&bench);
}

/* The same order, visible in time. */
static void test_an_order_before_a_pause(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 4);
    bench_sell(&bench, 1, 1);
    struct answer_order_line order = bench_line(1, "a", since_start(&bench) - 1, 1);
    bench_answer_level(&bench, 3);
    orders_become_visible(&bench, &order, 1);
    assert_write(&bench, WRITE_ABSOLUTE, 2); /* 4 less the booth's less this one */
    bench_close(&bench);
}

/* A shop without a pause: zero is always allowed. */
static void test_down_through_zero(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &number_caps, 1, 4);
    bench_sell(&bench, 1, 1);
    assert_write(&bench, WRITE_ABSOLUTE, 0);
    struct answer_order_line order = bench_line(1, "a", since_start(&bench) - 10 * SECOND_MS, 2);
    bench_answer_level(&bench, 0);
    assert_int_equal(expected(&bench), 4);
    orders_become_visible(&bench, &order, 1); /* two had been bought, and the write hid it */
    assert_write(&bench, WRITE_ABSOLUTE, 1);
    assert_int_equal(expected(&bench), 1);
    bench_close(&bench);
}

/* A listing of item 1 at another live shop, which holds this many units. */
static void add_other_shop(struct engine_bench *bench, uint32_t alias, int64_t units)
{
    struct channel other = {.alias = alias, .location = 1, .baselined = true, .live = true};
    struct listing holds = {.channel = alias,
                            .alias = 1,
                            .item = 1,
                            .pack = 1,
                            .baseline = units,
                            .has_level = true,
                            .level = units};
    (void)snprintf(other.name, sizeof other.name, "other %u", alias);
    (void)snprintf(holds.remote_id, sizeof holds.remote_id, "x");
    assert_int_equal(book_put_channel(bench->book, &other), 0);
    assert_int_equal(book_put_listing(bench->book, &holds), 0);
}

/* With a reserve it goes directly, and the reserve is held until the orders before the write are known. */
static void test_down_with_a_reserve(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open_with(&bench, &number_caps, 1, 5);
    add_other_shop(&bench, 2, 0);
    add_other_shop(&bench, 3, 0);
    assert_int_equal(book_put_stock(bench.book, 1, 1, (struct stock){12, 0}), 0);
    for (int i = 0; i < 5 && bench.request.kind != REQUEST_WRITE_LEVELS; i++) {
        if (bench.request.kind)
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        else
            bench_wake(&bench);
    }
    assert_write(&bench, WRITE_ABSOLUTE, 4);
    assert_int_equal(expected(&bench), 9); /* five may be gone before, and four after */
    bench_answer_level(&bench, 4);
    assert_int_equal(free_units(&bench), 3);
    bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
    orders_become_visible(&bench, NULL, 0);
    assert_int_equal(expected(&bench), 4);
    assert_int_equal(free_units(&bench), 8);
    bench_close(&bench);
}

/* --- up ---------------------------------------------------------------------------------------------- */

/* Two buyers can empty what was there and a third take from what comes: the write needs all its units. */
static void test_up_needs_the_whole_level_free(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 2);
    add_reserve(&bench, 4); /* wanted 6, free 4: not the six that setting 6 over 2 would risk */
    assert_write(&bench, WRITE_PAUSE, 0);
    bench_close(&bench);
    open_settled(&bench, &document_caps, 1, 2);
    add_reserve(&bench, 1);
    struct stock stock = book_stock(bench.book, 1, 1);
    assert_int_equal(stock.on_hand, 3);
    assert_write(&bench, WRITE_PAUSE, 0);
    bench_close(&bench);
    open_settled(&bench, &number_caps, 1, 0);
    add_reserve(&bench, 4);
    assert_write(&bench, WRITE_ABSOLUTE, 4); /* over nothing it is exact */
    assert_int_equal(expected(&bench), 4);
    assert_int_equal(free_units(&bench), 0);
    bench_close(&bench);
}

/* Sold between the write and the reading: surely after it, so it is of the new level. */
static void test_an_order_after_the_write(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &number_caps, 1, 0);
    add_reserve(&bench, 4);
    bench_answer_level(&bench, 4);
    struct answer_order_line order = bench_line(1, "a", since_start(&bench) + 10 * SECOND_MS, 1);
    orders_become_visible(&bench, &order, 1);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(expected(&bench), 3);
    assert_int_equal(bench.request.kind, REQUEST_LEVELS); /* the level we know is from before the order */
    bench_answer_level(&bench, 3);
    assert_int_equal(bench.request.kind, 0);
    assert_null(bench_card(&bench, CARD_DRIFT));
    bench_close(&bench);
}

/* Sold in the very second of the write: before or after it, nobody can tell from the clock. The level can. */
static void test_an_order_in_the_second_of_the_write(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &number_caps, 1, 0);
    add_reserve(&bench, 4);
    bench_answer_level(&bench, 4);
    struct answer_order_line order = bench_line(1, "a", since_start(&bench), 1);
    orders_become_visible(&bench, &order, 1);
    assert_int_equal(expected(&bench), 3);
    assert_int_equal(book_op_count(bench.book), 1);
    assert_int_equal(bench.request.kind, REQUEST_LEVELS);
    bench_answer_level(&bench, 3); /* after it, then */
    orders_become_visible(&bench, &order, 1);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(expected(&bench), 3);
    bench_close(&bench);
}

/* --- no answer --------------------------------------------------------------------------------------- */

/* Zero again and again is harmless; a level again is not the same write. */
static void test_only_zero_is_sent_again(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 4);
    bench_sell(&bench, 1, 1);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    bench_wake(&bench);
    assert_write(&bench, WRITE_PAUSE, 0);
    bench_answer_level(&bench, 4);
    assert_int_equal(expected(&bench), 4); /* the first sending may still be on its way */
    bench_close(&bench);

    open_settled(&bench, &number_caps, 1, 0);
    add_reserve(&bench, 4);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    for (int i = 0; i < 50 && bench.request.kind != REQUEST_LEVELS; i++) {
        if (bench.request.kind)
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        else
            bench_wake(&bench);
        assert_int_not_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    }
    assert_true(since_start(&bench) >= START_MS + TRANSIT_MS);
    assert_int_equal(expected(&bench), 4);
    bench_close(&bench);
}

static void doubt_and_read(struct engine_bench *bench, int64_t level)
{
    open_settled(bench, &number_caps, 1, 0);
    add_reserve(bench, 4);
    bench_answer(bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    for (int i = 0; i < 50 && bench->request.kind != REQUEST_LEVELS; i++) {
        if (bench->request.kind)
            bench_answer(bench, bench->request.kind, ANSWER_DONE);
        else
            bench_wake(bench);
    }
    bench_answer_level(bench, level);
    orders_become_visible(bench, NULL, 0);
}

/* The level tells which outcome came true. */
static void test_a_lost_answer_is_settled_by_reading(void **state)
{
    (void)state;
    struct engine_bench bench;
    doubt_and_read(&bench, 4);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(expected(&bench), 4);
    bench_close(&bench);
    doubt_and_read(&bench, 0);
    assert_write(&bench, WRITE_ABSOLUTE, 4); /* it was not done: once more, as a new op */
    bench_close(&bench);
}

/* A level that neither outcome explains stays drift: the units are not given away. */
static void test_a_lost_answer_and_a_strange_level(void **state)
{
    (void)state;
    struct engine_bench bench;
    doubt_and_read(&bench, 2);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(expected(&bench), 4);
    assert_int_equal(free_units(&bench), 0);
    bench_close(&bench);
}

/* --- people and neighbours --------------------------------------------------------------------------- */

/* Who took it off sale may put it back: it is left alone, and its units stay allocated. */
static void test_a_listing_that_somebody_paused(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_settled(&bench, &document_caps, 1, 4);
    bench_input(&bench, ENGINE_SYNC_NOW);
    struct answer_listing shown = bench_shown(1, 1, 4);
    shown.paused = true;
    for (int i = 0; i < 5 && bench.request.kind != REQUEST_LISTINGS; i++)
        bench_answer(&bench, bench.request.kind, ANSWER_DONE);
    bench_show(&bench, &shown, 1, NULL);
    assert_int_equal(bench_listing(&bench, 1)->paused, PAUSED_BY_OTHERS);
    bench_sell(&bench, 1, 1);
    assert_int_equal(bench.request.kind, 0);
    assert_int_equal(expected(&bench), 4);
    bench_close(&bench);
}

/* A raise that finds nothing free does not hold up the next one, however small the requests are. */
static void test_a_raise_without_units_holds_up_nobody(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open_with(&bench, &document_caps, 2, 0);
    add_other_shop(&bench, 2, 4);
    bench_settle(&bench);
    assert_int_equal(book_put_stock(bench.book, 1, 1, (struct stock){4, 0}),
                     0); /* all of it at the other shop */
    assert_int_equal(book_put_stock(bench.book, 2, 1, (struct stock){3, 0}), 0);
    bench_input(&bench, ENGINE_STOCK);
    assert_write(&bench, WRITE_ABSOLUTE, 3);
    assert_int_equal(bench.request.writes[0].listing, 2);
    bench_close(&bench);
}

/* --- a shop that keeps a record of changes ------------------------------------------------------------ */

static const struct channel_caps record_caps = {
    .delta_down = true,
    .delta_up = true,
    .finds_writes = true,
    .batch_size = 100,
    .order_overlap_ms = 3600000,
    .poll_ms = 600000,
};

static void test_a_write_is_looked_up(void **state)
{
    (void)state;
    for (int applied = 0; applied < 2; applied++) {
        struct engine_bench bench;
        open_settled(&bench, &record_caps, 1, 4);
        bench_sell(&bench, 1, 1);
        assert_int_equal(bench.request.writes[0].delta, -1);
        struct id128 op = bench.request.writes[0].op;
        bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
        for (int i = 0; i < 50 && bench.request.kind != REQUEST_FIND_WRITES; i++) {
            if (bench.request.kind)
                bench_answer(&bench, bench.request.kind, ANSWER_DONE);
            else
                bench_wake(&bench);
        }
        assert_int_equal(bench.request.kind, REQUEST_FIND_WRITES);
        assert_memory_equal(&bench.request.writes[0].op, &op, sizeof op);
        bool found = applied;
        bench_answer_is(&bench,
                        &(struct channel_answer){.outcome = ANSWER_DONE, .count = 1, .found = &found});
        if (applied)
            assert_int_equal(expected(&bench), 3);
        else
            assert_int_equal(bench.request.writes[0].delta, -1); /* again, as a new op */
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_down_by_a_pause),
        cmocka_unit_test(test_what_a_pause_shows_hidden_stays_allocated),
        cmocka_unit_test(test_an_order_before_a_pause),
        cmocka_unit_test(test_down_through_zero),
        cmocka_unit_test(test_down_with_a_reserve),
        cmocka_unit_test(test_up_needs_the_whole_level_free),
        cmocka_unit_test(test_an_order_after_the_write),
        cmocka_unit_test(test_an_order_in_the_second_of_the_write),
        cmocka_unit_test(test_only_zero_is_sent_again),
        cmocka_unit_test(test_a_lost_answer_is_settled_by_reading),
        cmocka_unit_test(test_a_lost_answer_and_a_strange_level),
        cmocka_unit_test(test_a_listing_that_somebody_paused),
        cmocka_unit_test(test_a_raise_without_units_holds_up_nobody),
        cmocka_unit_test(test_a_write_is_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
