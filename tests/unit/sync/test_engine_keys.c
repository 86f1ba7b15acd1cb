/* Requests without an answer: the same key again while the shop surely remembers it, by the shop's own clock;
 * reading afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_internal.h"

#define HOUR_MS (INT64_C(3600) * 1000)

/* Three units, one is sold, the lowering is on its way. Returns its key. */
static struct id128 send_lowering(struct engine_bench *bench)
{
    bench_open(bench, 1, 3);
    bench_settle(bench);
    bench_sell(bench, 1, 1);
    assert_int_equal(bench->request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench->request.writes[0].delta, -1);
    return bench->request.key;
}

/* Up to where it decides what becomes of the op. */
static void connect_again(struct engine_bench *bench)
{
    bench_input(bench, ENGINE_WAKE);
    bench_answer(bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(bench, REQUEST_ORDERS, ANSWER_DONE);
    if (bench->request.kind == REQUEST_LISTINGS)
        bench_answer(bench, REQUEST_LISTINGS, ANSWER_DONE);
}

static const struct op *only_op(const struct engine_bench *bench)
{
    assert_int_equal(book_op_count(bench->book), 1);
    return book_op(bench->book, 0);
}

static void pass(struct engine_bench *bench, int64_t ms)
{
    bench->now_ms += ms;
    bench->wall_ms += ms;
    bench->shop_ms += ms;
}

static void test_the_same_request_after_a_restart(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct id128 key = send_lowering(&bench);
    struct id128 op = bench.request.writes[0].op;
    bench_restart(&bench);
    pass(&bench, 21 * HOUR_MS);
    bench_input(&bench, ENGINE_WAKE);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE); /* orders come before anything else */
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_true(id128_equal(bench.request.key, key));
    assert_true(id128_equal(bench.request.writes[0].op, op));
    assert_int_equal(bench.request.writes[0].delta, -1);
    bench_answer_level(&bench, 2); /* the answer of then: it proves the change, not what is there now */
    assert_int_equal(book_op_count(bench.book), 0);
    assert_int_equal(bench.request.kind, REQUEST_LEVELS);
    bench_answer_level(&bench, 2);
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 2);
    bench_close(&bench);
}

/* Reads the level and an order reading begun after that, until the op is decided. */
static void settle_by_reading(struct engine_bench *bench, int64_t level)
{
    struct id128 op = only_op(bench)->id;
    bench_after(bench, ENGINE_IN_TRANSIT_MAX_MS);
    for (int i = 0; i < 30 && book_op_count(bench->book) && id128_equal(book_op(bench->book, 0)->id, op);
         i++) {
        assert_int_not_equal(bench->request.kind, REQUEST_WRITE_LEVELS);
        if (!bench->request.kind)
            bench_wake(bench);
        else if (bench->request.kind == REQUEST_LEVELS)
            bench_answer_level(bench, level);
        else
            bench_answer(bench, bench->request.kind, ANSWER_DONE);
    }
    assert_true(!book_op_count(bench->book) || !id128_equal(book_op(bench->book, 0)->id, op));
}

static void test_an_old_key_is_not_used(void **state)
{
    (void)state;
    for (int applied = 0; applied <= 1; applied++) {
        struct engine_bench bench;
        struct id128 key = send_lowering(&bench);
        bench_restart(&bench);
        pass(&bench, 22 * HOUR_MS + 1);
        connect_again(&bench);
        assert_int_equal(bench.request.kind, 0); /* what is on its way may still arrive */
        int64_t level = applied ? 2 : 3;
        settle_by_reading(&bench, level);
        assert_int_equal(listing_expected(bench_listing(&bench, 1)), level);
        assert_int_equal(bench.request.kind, applied ? 0 : REQUEST_WRITE_LEVELS); /* not applied: a new op */
        if (!applied)
            assert_false(id128_equal(bench.request.key, key));
        bench_close(&bench);
    }
}

/* The Pi has no clock: it was off for two days and thinks it was an hour. The shop knows better. */
static void test_our_own_clock_does_not_count(void **state)
{
    (void)state;
    struct engine_bench bench;
    (void)send_lowering(&bench);
    bench_restart(&bench);
    bench.now_ms = 5000;
    bench.wall_ms += HOUR_MS;
    bench.shop_ms += 48 * HOUR_MS;
    connect_again(&bench);
    assert_int_equal(bench.request.kind, 0);
    assert_int_equal(only_op(&bench)->state, OP_SENT);
    bench_close(&bench);
}

/* Where nobody tells the time since the start, a key is not trusted. */
static void test_without_the_shops_clock_no_key(void **state)
{
    (void)state;
    struct engine_bench bench;
    (void)send_lowering(&bench);
    bench_restart(&bench);
    bench.shop_ms = 0;
    bench.now_ms = 5000;
    bench.wall_ms += HOUR_MS;
    connect_again(&bench);
    assert_int_equal(bench.request.kind, 0);
    bench_close(&bench);
}

/* The device never learnt the time: the shop's clock alone counts, and is no measure of a clock that shows
 * nothing. */
static void test_without_our_own_clock_the_shops_counts(void **state)
{
    (void)state;
    for (int late = 0; late <= 1; late++) {
        struct engine_bench bench;
        bench_open(&bench, 1, 3);
        bench_settle(&bench);
        int64_t offset_ms = book_channel(bench.book, 1)->clock_offset_ms;
        bench.wall_ms = 0;
        bench_restart(&bench);
        connect_again(&bench);
        bench_settle(&bench);
        bench_sell(&bench, 1, 1);
        assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
        struct id128 key = bench.request.key;
        bench_restart(&bench);
        bench.now_ms += 5000;
        bench.shop_ms += late ? 48 * HOUR_MS : HOUR_MS;
        connect_again(&bench);
        assert_int_equal(bench.request.kind, late ? 0 : REQUEST_WRITE_LEVELS);
        if (!late)
            assert_true(id128_equal(bench.request.key, key));
        assert_int_equal(book_channel(bench.book, 1)->clock_offset_ms, offset_ms);
        bench_close(&bench);
    }
}

/* Neither clock was known when it was sent: then nobody can say how old its key is, whoever tells the time
 * later. */
static void test_a_key_of_no_time_is_not_trusted(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench.shop_ms = bench.wall_ms + HOUR_MS; /* an offset is known from before */
    bench_restart(&bench);
    connect_again(&bench);
    bench_settle(&bench);
    assert_int_not_equal(book_channel(bench.book, 1)->clock_offset_ms, 0);
    int64_t shop_ms = bench.shop_ms;
    bench.wall_ms = bench.shop_ms = 0;
    bench_restart(&bench);
    connect_again(&bench);
    bench_settle(&bench);
    bench_sell(&bench, 1, 1);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(only_op(&bench)->sent_wall_ms, 0);
    bench_restart(&bench);
    bench.shop_ms = shop_ms;
    connect_again(&bench);
    assert_int_equal(bench.request.kind, 0);
    bench_close(&bench);
}

/* A repeat is turned down before the shop looked at its key: the first one may have been applied all the
 * same. */
static void test_a_refused_repeat_proves_nothing(void **state)
{
    (void)state;
    struct engine_bench bench;
    (void)send_lowering(&bench);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_REJECTED, .unproven = true});
    assert_int_equal(only_op(&bench)->state, OP_UNKNOWN);
    settle_by_reading(&bench, 2);
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 2);
    assert_int_equal(bench_listing(&bench, 1)->revoked, 1);
    bench_close(&bench);
}

static void test_a_refused_first_sending_is_proof(void **state)
{
    (void)state;
    struct engine_bench bench;
    (void)send_lowering(&bench);
    struct id128 key = bench.request.key;
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_REJECTED, .unproven = true});
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS); /* a new op, with a new key */
    assert_false(id128_equal(bench.request.key, key));
    bench_close(&bench);
}

/* Never sent: nothing to settle, and thought out again. A repeat that finds no network leaves it open. */
static void test_no_network(void **state)
{
    (void)state;
    struct engine_bench bench;
    (void)send_lowering(&bench);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_OFFLINE);
    assert_int_equal(book_op_count(bench.book), 0);
    bench_close(&bench);
    (void)send_lowering(&bench);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    bench_wake(&bench);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_OFFLINE);
    assert_int_equal(only_op(&bench)->state, OP_UNKNOWN);
    bench_close(&bench);
}

/* A grant is in the book before the request that gives it leaves. */
static void test_a_grant_is_booked_before_it_is_sent(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench_settle(&bench);
    bench_sell(&bench, 1, -2); /* two more were made */
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench.request.writes[0].delta, 2);
    assert_int_equal(bench.request.writes[0].method, WRITE_COMPARE);
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 5);
    assert_int_equal(only_op(&bench)->state, OP_SENT);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_STALE);
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 3);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS); /* most likely a buyer was faster */
    bench_close(&bench);
}

/* Two lowerings of one request, both settled by the same reading: each stays settled. */
static void test_ops_of_one_request_are_settled_once(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 2, 3);
    bench_settle(&bench);
    bench_restart(&bench);
    bench_sell(&bench, 1, 1);
    bench_sell(&bench, 2, 1);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench.request.count, 2);
    bench_restart(&bench);
    pass(&bench, 22 * HOUR_MS + 1);
    connect_again(&bench);
    bench_after(&bench, ENGINE_IN_TRANSIT_MAX_MS);
    for (int i = 0; i < 40 && listing_expected(bench_listing(&bench, 1)) == 3; i++) {
        struct answer_listing shown[2] = {{.level = 2, .tracked = true}, {.level = 2, .tracked = true}};
        struct channel_answer answer = {
            .kind = REQUEST_LEVELS, .outcome = ANSWER_DONE, .listings = shown, .count = 2};
        if (!bench.request.kind) {
            bench_wake(&bench);
        } else if (bench.request.kind == REQUEST_LEVELS) {
            assert_int_equal(bench.request.count, 2);
            for (int j = 0; j < 2; j++)
                (void)snprintf(shown[j].remote_id, sizeof shown[j].remote_id, "%s",
                               bench.request.writes[j].remote_id);
            bench_answer_is(&bench, &answer);
        } else {
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        }
    }
    assert_int_equal(listing_expected(bench_listing(&bench, 1)), 2);
    assert_int_equal(listing_expected(bench_listing(&bench, 2)), 2);
    assert_int_equal(book_op_count(bench.book), 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_request_after_a_restart),
        cmocka_unit_test(test_an_old_key_is_not_used),
        cmocka_unit_test(test_ops_of_one_request_are_settled_once),
        cmocka_unit_test(test_our_own_clock_does_not_count),
        cmocka_unit_test(test_without_the_shops_clock_no_key),
        cmocka_unit_test(test_without_our_own_clock_the_shops_counts),
        cmocka_unit_test(test_a_key_of_no_time_is_not_trusted),
        cmocka_unit_test(test_a_refused_repeat_proves_nothing),
        cmocka_unit_test(test_a_refused_first_sending_is_proof),
        cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_a_grant_is_booked_before_it_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
