/* What a strange shop may show when it is connected: answers to nothing, levels of nobody, orders that cannot
 * be, and writes that never come to an end. */
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

/* --- answers that fit nothing ------------------------------------------------------------------------ */

static void test_answers_to_nothing(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench_settle(&bench);
    bench_sell(&bench, 1, 1);
    struct channel_request asked = bench.request;
    bench.request.serial += 7; /* of an engine before us */
    bench.request.writes = NULL;
    int64_t level = 2;
    struct channel_answer done = {.outcome = ANSWER_DONE, .count = 1, .levels_after = &level};
    bench_answer_is(&bench, &done);
    assert_int_equal(book_op_count(bench.book), 1);
    bench.request = (struct channel_request){.kind = REQUEST_CHECK, .serial = asked.serial};
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE); /* another kind under its number */
    assert_int_equal(book_op_count(bench.book), 1);
    bench.request = asked;
    bench_answer_is(&bench, &done);
    assert_int_equal(book_op_count(bench.book), 0);
    bench.request = (struct channel_request){.kind = REQUEST_WRITE_LEVELS, .serial = asked.serial};
    bench_answer_is(&bench, &done); /* and once more */
    assert_int_equal(bench_listing(&bench, 1)->revoked, 1);
    engine_free(NULL);
    bench_close(&bench);
}

/* Nothing is asked for a channel that the book does not have. */
static void test_a_channel_that_is_not_there(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench.settings.channel = 7;
    bench_restart(&bench);
    bench_input(&bench, ENGINE_WAKE);
    assert_int_equal(bench.request.kind, 0);
    bench_close(&bench);
}

static void test_ids_count_on_over_every_byte(void **state)
{
    (void)state;
    struct engine engine = {0};
    memset(engine.random.bytes, 0xff, ID128_BYTES);
    struct id128 first = engine_new_id(&engine), second = engine_new_id(&engine);
    assert_memory_equal(first.bytes, engine.random.bytes, ID128_BYTES);
    assert_true(id128_is_zero(second));
}

/* The shop's clock may be set back; what we think of it follows. */
static void test_the_shops_clock_goes_back(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench_settle(&bench);
    int64_t before = book_channel(bench.book, 1)->clock_offset_ms;
    bench.shop_ms -= INT64_C(7200000);
    bench_after(&bench, 20000);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    assert_int_equal(book_channel(bench.book, 1)->clock_offset_ms, before - INT64_C(7200000));
    bench_close(&bench);
}

/* --- levels ------------------------------------------------------------------------------------------ */

/* Answers a reading of levels with these, whatever was asked. */
static void show_levels(struct engine_bench *bench, struct answer_listing *listings, uint32_t count)
{
    assert_int_equal(bench->request.kind, REQUEST_LEVELS);
    bench_answer_is(bench,
                    &(struct channel_answer){.outcome = ANSWER_DONE, .count = count, .listings = listings});
}

/* Shows what nobody asked for, and not what was: that one is gone, and put aside once. */
static void test_a_listing_that_is_gone(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 2, 3);
    struct listing unlinked = {.channel = 1, .alias = 4, .pack = 1, .remote_id = "remote-4"}; /* and a gap */
    assert_int_equal(book_put_listing(bench.book, &unlinked), 0);
    bench_settle(&bench);
    bench_sell(&bench, 1, 1);
    bench_answer_level(&bench, 9); /* not what we expect: it is read again */
    while (bench.request.kind != REQUEST_LEVELS) {
        if (bench.request.kind)
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        else
            bench_wake(&bench);
        if (bench.now_ms > 1000000 + INT64_C(7200000))
            break;
        if (bench.request.kind == 0 && bench_card(&bench, CARD_DRIFT))
            bench_sell(&bench, 1, 1); /* our write, answered by a repeat, is read back */
        if (bench.request.kind == REQUEST_WRITE_LEVELS)
            bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_DONE, .count = 0});
    }
    struct answer_listing others[] = {bench_shown(9, 0, 1), bench_shown(4, 0, 1), bench_shown(2, 2, 3)};
    show_levels(&bench, others, 3);
    assert_true(bench_listing(&bench, 1)->parked);
    assert_non_null(strstr(bench_card(&bench, CARD_PARKED)->text, "does not show this listing any more"));
    assert_false(bench_listing(&bench, 2)->parked);
    bench_close(&bench);
}

/* A listing whose level was never read, as an older program may have left it, is read before anything is
 * thought of it. */
static void test_a_level_that_was_never_read(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    struct listing listing = *bench_listing(&bench, 1);
    listing.has_level = false;
    assert_int_equal(book_put_listing(bench.book, &listing), 0);
    bench_input(&bench, ENGINE_WAKE);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer_level(&bench, 3);
    assert_true(bench_listing(&bench, 1)->has_level);
    assert_int_equal(bench_listing(&bench, 1)->level, 3);
    assert_null(bench_card(&bench, CARD_DRIFT));
    bench_close(&bench);
}

/* The catalogue shows a listing whose number is not kept, one that is still nobody's, one that may be linked
 * now. */
static void test_an_audit_of_odd_things(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    struct listing unlinked = {.channel = 1, .alias = 2, .pack = 1, .remote_id = "remote-2"};
    assert_int_equal(book_put_listing(bench.book, &unlinked), 0);
    bench_settle(&bench);
    bench_input(&bench, ENGINE_SYNC_NOW);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    struct answer_listing listings[] = {bench_shown(1, 1, 99), bench_shown(2, 0, 1)};
    listings[0].tracked = false;
    bench_show(&bench, listings, 2, NULL);
    assert_int_equal(bench.request.kind, 0); /* nothing to do about either */
    assert_int_equal(bench_listing(&bench, 1)->level, 3);
    bench_make_items(&bench, 2);
    bench_input(&bench, ENGINE_SYNC_NOW);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    listings[1] = bench_shown(2, 2, 5);
    bench_show(&bench, listings, 2, NULL);
    for (int pass = 0; pass < 2; pass++) {
        bench_show(&bench, listings, 2, NULL);
        bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
        if (bench.request.kind == REQUEST_ORDERS && !bench.request.open_only)
            bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    }
    assert_int_equal(bench_listing(&bench, 2)->item, 2);
    assert_int_equal(listing_expected(bench_listing(&bench, 2)), 5);
    bench_close(&bench);
}

/* A level far below all bounds while an op is open: put aside once, and the op stays owed. */
static void test_an_impossible_level_under_an_open_op(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct engine_view view;
    struct channel_caps caps = {.batch_size = 0, .poll_ms = 15000, .order_overlap_ms = 600000};
    bench_open_with(&bench, &caps, 1, 3);
    bench_settle(&bench);
    bench_sell(&bench, 1, 1);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN); /* and the shop keeps no keys */
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 80 && bench.request.kind != REQUEST_LEVELS; i++) {
            if (bench.request.kind)
                bench_answer(&bench, bench.request.kind, ANSWER_DONE);
            else
                bench_wake(&bench);
        }
        if (round == 1)
            break; /* parked: nothing more was asked for it */
        bench_answer_level(&bench, INT64_C(-2000000001));
    }
    assert_int_equal(bench.request.kind == REQUEST_LEVELS, 0);
    assert_true(bench_listing(&bench, 1)->parked);
    engine_view(bench.engine, &view);
    assert_int_equal(view.owed, 1);
    assert_int_equal(book_op_count(bench.book), 1);
    bench_close(&bench);
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* Two listings of one item raised together share what is free; a shop that takes a thousand changes at once
 * gets our own most. */
static void test_two_listings_of_one_item(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct channel_caps caps = {.delta_up = true,
                                .delta_down = true,
                                .idempotency_key = true,
                                .batch_size = 1000,
                                .key_life_ms = INT64_C(86400000),
                                .poll_ms = 15000};
    bench_open_with(&bench, &caps, 1, 0);
    struct listing second = {.channel = 1, .alias = 2, .item = 1, .pack = 1, .has_level = true};
    (void)snprintf(second.remote_id, sizeof second.remote_id, "remote-2");
    assert_int_equal(book_put_listing(bench.book, &second), 0);
    bench_settle(&bench);
    bench_sell(&bench, 1, -5);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench.request.count, 2);
    assert_int_equal(bench.request.writes[0].delta, 3);
    assert_int_equal(bench.request.writes[1].delta, 2);
    assert_int_equal(bench.request.writes[0].method, WRITE_DELTA); /* this shop cannot compare */
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_DONE, .count = 1});
    assert_int_equal(bench.request.kind, REQUEST_LEVELS); /* it told of one only: both are read */
    assert_int_equal(bench.request.count, 2);
    bench_close(&bench);
}

/* Overtaken again and again: a person is asked. */
static void test_a_write_that_is_always_overtaken(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench_settle(&bench);
    bench_sell(&bench, 1, -1);
    int stale = 0;
    for (int i = 0; i < 200 && !bench_listing(&bench, 1)->parked; i++) {
        if (bench.request.kind == REQUEST_WRITE_LEVELS) {
            stale++;
            bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_STALE, .words = "changed."});
        } else if (bench.request.kind == REQUEST_LEVELS) {
            bench_answer_level(&bench, 3);
        } else if (bench.request.kind) {
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        } else {
            bench_wake(&bench);
        }
    }
    assert_int_equal(stale, ENGINE_STALES_MAX);
    assert_true(bench_listing(&bench, 1)->parked);
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 3);
    bench_close(&bench);
}

/* A shop that never answers a write is asked at its slowest, for as long as it takes. */
static void test_a_write_that_is_never_answered(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench.settings.caps.key_life_ms = INT64_MAX / 2;
    bench_restart(&bench);
    bench_settle(&bench);
    bench_sell(&bench, 1, 1);
    struct id128 key = bench.request.key;
    int sent = 0;
    for (int i = 0; i < 20000 && sent < 300; i++) {
        if (bench.request.kind == REQUEST_WRITE_LEVELS) {
            sent++;
            assert_true(id128_equal(bench.request.key, key));
            bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
        } else if (bench.request.kind) {
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        } else {
            bench_wake(&bench);
        }
    }
    assert_int_equal(sent, 300);
    assert_int_equal(book_op_count(bench.book), 1);
    bench_close(&bench);
}

/* Nothing is given before orders were read completely, however much there is. */
static void test_nothing_is_given_after_a_gap(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench.settings.caps.poll_ms = INT64_C(3600000);
    bench_restart(&bench);
    assert_int_equal(book_put_stock(bench.book, 1, 1, (struct stock){9, 0}), 0);
    bench_input(&bench, ENGINE_WAKE);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_DONE, .orders_complete = false});
    assert_int_equal(bench.request.kind, 0);
    for (int i = 0; i < 30 && bench.request.kind != REQUEST_ORDERS; i++) {
        assert_int_not_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
        if (bench.request.kind == REQUEST_LISTINGS)
            bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
        else
            bench_wake(&bench);
    }
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_close(&bench);
}

/* --- orders ------------------------------------------------------------------------------------------ */

static void poll(struct engine_bench *bench, struct answer_order_line *lines, uint32_t count)
{
    bench_input(bench, ENGINE_SYNC_NOW);
    bench_answer_orders(bench, lines, count);
}

static void test_orders_that_cannot_be(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 2, 5);
    bench_settle(&bench);
    struct answer_order_line lines[] = {bench_line(1, "A", 1000, 1), bench_line(1, "A", 2000, 2),
                                        bench_line(1, "B", 1000, 1), bench_line(1, "C", 1000, 1),
                                        bench_line(2, "A", 1000, 1)};
    lines[2].source_key[0] = '\0';
    lines[3].state.ordered = INT64_MAX;
    (void)snprintf(lines[4].source_key, sizeof lines[4].source_key, "A/2");
    poll(&bench, lines, 5);
    assert_int_equal(book_stock(bench.book, 1, 1).committed, 2); /* A as it was last; neither B nor C */
    assert_int_equal(book_stock(bench.book, 2, 1).committed, 1);
    bench_close(&bench);
}

/* A date far ahead must not make us deaf for all before it; a line that is not complete is read again. */
static void test_versions_that_are_not_believed(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    bench_settle(&bench);
    int64_t since = book_channel(bench.book, 1)->orders_since_ms;
    struct answer_order_line lines[] = {bench_line(1, "A", INT64_C(400) * 86400000, 1),
                                        bench_line(1, "B", 30000, 1), bench_line(1, "C", 20000, 1),
                                        bench_line(1, "D", 25000, 1)};
    lines[2].complete = lines[3].complete = false;
    poll(&bench, lines, 4);
    assert_int_equal(book_stock(bench.book, 1, 1).committed, 4);
    assert_int_equal(book_channel(bench.book, 1)->orders_since_ms, lines[2].version);
    assert_true(lines[2].version > since);
    bench_close(&bench);
}

/* Unlinked, without a SKU, and changed while still open: its card stays. */
static void test_an_unlinked_order_that_changes(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    struct listing unlinked = {.channel = 1, .alias = 2, .pack = 1, .remote_id = "remote-2"};
    assert_int_equal(book_put_listing(bench.book, &unlinked), 0);
    bench_settle(&bench);
    struct answer_order_line line = bench_line(2, "A", 1000, 3);
    line.sku[0] = '\0';
    poll(&bench, &line, 1);
    assert_non_null(strstr(bench_card(&bench, CARD_UNLINKED_ORDER)->text, "remote-2"));
    bench_settle(&bench);
    line.version += 1000;
    line.state.cancelled = 1;
    poll(&bench, &line, 1);
    assert_non_null(bench_card(&bench, CARD_UNLINKED_ORDER));
    bench_close(&bench);
}

/* What is accounted of an order of a listing that the book lost is still booked to its item. */
static void test_an_order_of_a_lost_listing(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    bench_settle(&bench);
    struct answer_order_line line = bench_line(1, "A", 1000, 1);
    poll(&bench, &line, 1);
    bench_settle(&bench);
    bench.lines[0].listing = 77;
    line.version += 1000;
    line.state.ordered = 3;
    poll(&bench, &line, 1);
    assert_int_equal(book_stock(bench.book, 1, 1).committed, 3);
    assert_int_equal(bench_listing(&bench, 1)->sold, 1);
    bench_close(&bench);
}

/* --- cancelling -------------------------------------------------------------------------------------- */

static void want_cancel(struct engine_bench *bench, const char *order)
{
    struct op op = {.id.bytes = {1}, .request_key.bytes = {2}, .channel = 1, .kind = OP_CANCEL_ORDER};
    op.state = OP_NEW;
    (void)snprintf(op.order, sizeof op.order, "%s", order);
    (void)snprintf(op.source_key, sizeof op.source_key, "%s/1", order);
    assert_int_equal(book_put_op(bench->book, &op), 0);
    bench_input(bench, ENGINE_STOCK);
}

static void test_a_shop_that_cancels_nothing(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    bench.settings.caps.cancels_orders = false;
    bench_restart(&bench);
    bench_settle(&bench);
    want_cancel(&bench, "A");
    assert_int_equal(bench.request.kind, 0);
    assert_int_equal(book_op_count(bench.book), 0);
    assert_non_null(strstr(bench_card(&bench, CARD_PARKED)->text, "in the shop's own pages"));
    bench_close(&bench);
}

/* Turned away before it was looked at: the order is read before it is asked again. */
static void test_a_cancel_that_is_to_be_tried_later(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    bench_settle(&bench);
    struct answer_order_line line = bench_line(1, "A", 1000, 2);
    poll(&bench, &line, 1);
    bench_settle(&bench);
    want_cancel(&bench, "A");
    bench_answer(&bench, REQUEST_CANCEL_ORDER, ANSWER_RETRY);
    assert_int_equal(bench.request.kind, 0);
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    line.version += 1000;
    line.state.cancelled = 1; /* one of two: not cancelled yet */
    bench_answer_orders(&bench, &line, 1);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS); /* what is free goes first */
    bench_answer_level(&bench, 4);
    assert_int_equal(bench.request.kind, REQUEST_CANCEL_ORDER);
    bench_close(&bench);
}

/* A shop that shows a listing twice is looked at once: its op is ended once. */
static void test_a_listing_shown_twice_is_seen_once(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct answer_listing twice[] = {bench_shown(1, 1, 4), bench_shown(1, 1, 2)};
    bench_open(&bench, 1, 5);
    bench_settle(&bench);
    struct listing row = *bench_listing(&bench, 1);
    row.level = 4; /* differs: it is read */
    assert_int_equal(book_put_listing(bench.book, &row), 0);
    bench_input(&bench, ENGINE_STOCK);
    assert_int_equal(bench.request.kind, REQUEST_LEVELS);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_DONE, .count = 2, .listings = twice});
    assert_int_equal(bench_listing(&bench, 1)->level, 4);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_to_nothing),
        cmocka_unit_test(test_a_channel_that_is_not_there),
        cmocka_unit_test(test_ids_count_on_over_every_byte),
        cmocka_unit_test(test_the_shops_clock_goes_back),
        cmocka_unit_test(test_a_listing_that_is_gone),
        cmocka_unit_test(test_a_level_that_was_never_read),
        cmocka_unit_test(test_an_audit_of_odd_things),
        cmocka_unit_test(test_an_impossible_level_under_an_open_op),
        cmocka_unit_test(test_two_listings_of_one_item),
        cmocka_unit_test(test_a_write_that_is_always_overtaken),
        cmocka_unit_test(test_a_write_that_is_never_answered),
        cmocka_unit_test(test_nothing_is_given_after_a_gap),
        cmocka_unit_test(test_orders_that_cannot_be),
        cmocka_unit_test(test_versions_that_are_not_believed),
        cmocka_unit_test(test_an_unlinked_order_that_changes),
        cmocka_unit_test(test_an_order_of_a_lost_listing),
        cmocka_unit_test(test_a_shop_that_cancels_nothing),
        cmocka_unit_test(test_a_cancel_that_is_to_be_tried_later),
        cmocka_unit_test(test_a_listing_shown_twice_is_seen_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
