/* Taking over a shop: what a catalogue may look like, what moves meanwhile, pages without end, and the limits
 * of what is taken over at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_internal.h"

enum { PAGE = 250 };

/* A channel that was connected and never read. */
static void open_new(struct engine_bench *bench, uint32_t items)
{
    bench_open(bench, 0, 0);
    bench_make_items(bench, items);
    struct channel channel = *book_channel(bench->book, 1);
    channel.baselined = channel.live = false;
    channel.baseline_ms = channel.orders_since_ms = 0;
    assert_int_equal(book_put_channel(bench->book, &channel), 0);
    bench_restart(bench);
    bench_input(bench, ENGINE_WAKE);
    bench_answer(bench, REQUEST_CHECK, ANSWER_DONE);
}

static void show_orders(struct engine_bench *bench, struct answer_order_line *lines, uint32_t count,
                        const char *more)
{
    struct channel_answer answer = {.outcome = ANSWER_DONE,
                                    .orders_complete = true,
                                    .count = count,
                                    .orders = lines,
                                    .has_more = more != NULL};
    (void)snprintf(answer.cursor, sizeof answer.cursor, "%s", more ? more : "");
    assert_int_equal(bench->request.kind, REQUEST_ORDERS);
    bench_answer_is(bench, &answer);
}

/* The rest of a baseline: both passes over the same catalogue and the same orders. */
static void read_twice(struct engine_bench *bench, struct answer_listing *listings, uint32_t count,
                       struct answer_order_line *lines, uint32_t line_count)
{
    for (int pass = 0; pass < 2; pass++) {
        bench_show(bench, listings, count, NULL);
        show_orders(bench, lines, line_count, NULL);
    }
    for (int i = 0; i < 20 && !bench->request.kind; i++)
        bench_wake(bench);
}

static bool is_baselined(const struct engine_bench *bench)
{
    return book_channel(bench->book, 1)->baselined;
}

/* --- the baseline ------------------------------------------------------------------------------------ */

/* No number is kept for it, it has no id, it is there twice, nobody knows it. */
static void test_a_catalogue_of_odd_things(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_new(&bench, 2);
    struct answer_listing listings[] = {bench_shown(1, 1, 4), bench_shown(2, 2, 7), bench_shown(3, 1, 3),
                                        bench_shown(4, 2, 0), bench_shown(5, 0, 9)};
    struct answer_listing nameless = bench_shown(6, 2, 1);
    nameless.remote_id[0] = '\0';
    listings[1].tracked = false;
    struct answer_listing all[6];
    memcpy(all, listings, sizeof listings);
    all[5] = nameless;
    struct answer_order_line lines[] = {bench_line(1, "A", 0, 1), bench_line(1, "B", 0, 2),
                                        bench_line(9, "C", 0, 1), bench_line(1, "D", 0, 1)};
    lines[1].state.cancelled = 2; /* nothing of it is open */
    lines[3].source_key[0] = '\0';
    struct answer_order_line wrong = bench_line(1, "E", 0, 1);
    wrong.state.ordered = -4;
    struct answer_order_line given[5];
    memcpy(given, lines, sizeof lines);
    given[4] = wrong;
    read_twice(&bench, all, 6, given, 5);
    assert_true(is_baselined(&bench));
    assert_int_equal(book_listing_count(bench.book, 1), 5);
    assert_int_equal(bench_listing(&bench, 2)->item, 0);
    assert_int_equal(bench_listing(&bench, 5)->item, 0);
    assert_int_equal(book_stock(bench.book, 1, 1).on_hand, 4 + 1); /* once per item: of its first listing */
    assert_int_equal(book_stock(bench.book, 1, 1).committed, 1);
    assert_int_equal(book_stock_total(bench.book, 2).on_hand, 0);
    assert_non_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    struct engine_view view;
    engine_view(bench.engine, &view);
    assert_non_null(strstr(view.last_error, "cannot be"));
    bench_close(&bench);
}

/* Between the two readings one is more, one is less, one is renamed, one belongs to another. */
static void test_a_catalogue_that_moves_is_read_again(void **state)
{
    (void)state;
    for (int how = 0; how < 6; how++) {
        struct engine_bench bench;
        open_new(&bench, 3);
        struct answer_listing first[] = {bench_shown(1, 1, 4), bench_shown(2, 2, 7)};
        struct answer_listing second[] = {bench_shown(1, 1, 4), bench_shown(2, 2, 7), bench_shown(3, 3, 1)};
        uint32_t count = 2;
        struct answer_order_line line = bench_line(1, "A", 0, 1);
        if (how == 0)
            count = 3;
        else if (how == 1)
            count = 1;
        else if (how == 2)
            second[1] = bench_shown(4, 2, 7);
        else if (how == 3)
            second[1] = bench_shown(2, 3, 7);
        else if (how == 4)
            second[1].level = 6;
        bench_show(&bench, first, 2, NULL);
        show_orders(&bench, NULL, 0, NULL);
        bench_show(&bench, second, count, NULL);
        if (how == 5)
            show_orders(&bench, &line, 1, NULL);
        else
            show_orders(&bench, NULL, 0, NULL);
        assert_int_equal(bench.request.kind, 0);
        assert_false(is_baselined(&bench));
        bench_wake(&bench); /* without hurry */
        read_twice(&bench, first, 2, NULL, 0);
        assert_true(is_baselined(&bench));
        bench_close(&bench);
    }
}

/* A page that says "more" and never goes on proves nothing, and is no reason to ask for ever. */
static void test_pages_that_do_not_end(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_new(&bench, 2);
    struct answer_listing listings[] = {bench_shown(1, 1, 4), bench_shown(2, 2, 7)};
    bench_show(&bench, &listings[0], 1, "page 2");
    assert_string_equal(bench.request.cursor, "page 2");
    bench_show(&bench, &listings[1], 1, "page 2"); /* the same again */
    show_orders(&bench, NULL, 0, "next");
    show_orders(&bench, NULL, 0, NULL);
    bench_show(&bench, listings, 2, NULL);
    show_orders(&bench, NULL, 0, NULL);
    assert_false(is_baselined(&bench));
    bench_wake(&bench);
    read_twice(&bench, listings, 2, NULL, 0);
    assert_true(is_baselined(&bench));
    while (bench.request.kind != REQUEST_LISTINGS) { /* live: orders first, then now and then the catalogue */
        if (bench.request.kind)
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        else
            bench_input(&bench, ENGINE_SYNC_NOW);
    }
    bench_show(&bench, listings, 2, "a");
    bench_show(&bench, listings, 2, "a");
    assert_int_equal(bench.request.kind, 0);
    bench_input(&bench, ENGINE_SYNC_NOW);
    show_orders(&bench, NULL, 0, "b");
    assert_string_equal(bench.request.cursor, "b");
    show_orders(&bench, NULL, 0, "b");
    assert_int_equal(bench.request.kind, 0); /* it proved nothing: not hurried */
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_BACKOFF_MAX_MS);
    bench_close(&bench);
}

static void show_many(struct engine_bench *bench, uint32_t total, uint32_t items)
{
    struct answer_listing *page = calloc(PAGE, sizeof *page);
    assert_non_null(page);
    for (uint32_t at = 0; at < total && bench->request.kind == REQUEST_LISTINGS;) {
        uint32_t count = total - at < PAGE ? total - at : PAGE;
        char cursor[16];
        for (uint32_t i = 0; i < count; i++)
            page[i] = bench_shown(at + i + 1, at + i < items ? at + i + 1 : 0, 1);
        at += count;
        (void)snprintf(cursor, sizeof cursor, "%u", at);
        bench_show(bench, page, count, at < total ? cursor : NULL);
    }
    free(page);
}

/* More than one commit holds is booked in parts, each complete by itself. */
static void test_a_large_catalogue_is_booked_in_chunks(void **state)
{
    (void)state;
    enum { MANY = 600 };
    struct engine_bench bench;
    open_new(&bench, MANY);
    for (int pass = 0; pass < 2; pass++) {
        show_many(&bench, MANY, MANY);
        show_orders(&bench, NULL, 0, NULL);
    }
    while (!bench.request.kind)
        bench_wake(&bench);
    assert_true(is_baselined(&bench));
    assert_int_equal(book_listing_count(bench.book, 1), MANY);
    assert_int_equal(book_stock(bench.book, MANY, 1).on_hand, 1);
    bench_close(&bench);
}

/* What is too much for us is said, and asked for again much later. */
static void test_a_catalogue_beyond_the_limit(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct engine_view view;
    open_new(&bench, 0);
    show_many(&bench, LISTINGS_MAX + 1, 0);
    assert_int_equal(bench.request.kind, 0);
    assert_false(is_baselined(&bench));
    engine_view(bench.engine, &view);
    assert_non_null(strstr(view.last_error, "more open orders or listings than"));
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_REFUSED_READ_MS);
    bench_close(&bench);
}

static void test_more_open_orders_than_are_taken_over(void **state)
{
    (void)state;
    enum { LINES = 100 };
    struct engine_bench bench;
    struct answer_listing listing = bench_shown(1, 1, 4);
    struct answer_order_line *lines = calloc(LINES, sizeof *lines);
    assert_non_null(lines);
    open_new(&bench, 1);
    for (int pass = 0; pass < 2; pass++) {
        bench_show(&bench, &listing, 1, NULL);
        for (uint32_t at = 0; at <= ENGINE_BASELINE_LINES_MAX && bench.request.kind == REQUEST_ORDERS;) {
            char name[16];
            for (uint32_t i = 0; i < LINES; i++) {
                (void)snprintf(name, sizeof name, "%u", at + i);
                lines[i] = bench_line(1, name, 0, 1);
            }
            at += LINES;
            (void)snprintf(name, sizeof name, "%u", at);
            show_orders(&bench, lines, LINES, at <= ENGINE_BASELINE_LINES_MAX ? name : NULL);
        }
    }
    assert_int_equal(bench.request.kind, 0);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_REFUSED_READ_MS);
    assert_false(is_baselined(&bench));
    free(lines);
    bench_close(&bench);
}

/* Without a Date in its answers our own clock has to do. */
static void test_a_shop_without_a_clock(void **state)
{
    (void)state;
    struct engine_bench bench;
    open_new(&bench, 1);
    bench_restart(&bench); /* what the first answer said of the time is forgotten */
    bench.shop_ms = 0;
    bench_input(&bench, ENGINE_WAKE);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    struct answer_listing listing = bench_shown(1, 1, 4);
    read_twice(&bench, &listing, 1, NULL, 0);
    assert_true(is_baselined(&bench));
    const struct channel *channel = book_channel(bench.book, 1);
    assert_int_equal(channel->orders_since_ms, bench.wall_ms + channel->clock_offset_ms);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_catalogue_of_odd_things),
        cmocka_unit_test(test_a_catalogue_that_moves_is_read_again),
        cmocka_unit_test(test_pages_that_do_not_end),
        cmocka_unit_test(test_a_large_catalogue_is_booked_in_chunks),
        cmocka_unit_test(test_a_catalogue_beyond_the_limit),
        cmocka_unit_test(test_more_open_orders_than_are_taken_over),
        cmocka_unit_test(test_a_shop_without_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
