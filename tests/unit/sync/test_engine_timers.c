/* When the engine asks: back-off, the shop's wish to wait, polls, hints, answers that never come, turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_internal.h"

static struct engine_view view_of(const struct engine_bench *bench)
{
    struct engine_view view;
    engine_view(bench->engine, &view);
    return view;
}

/* Starts it, and the shop answers everything. */
static void start(struct engine_bench *bench, uint32_t listings, int64_t units)
{
    bench_open(bench, listings, units);
    bench_settle(bench);
    assert_int_equal(view_of(bench).phase, ENGINE_READY);
}

static void test_first_steps(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 3);
    bench_input(&bench, ENGINE_WAKE);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, 0);
    bench_close(&bench);
}

static void test_backoff_doubles_to_its_limit(void **state)
{
    (void)state;
    assert_int_equal(engine_backoff(0), ENGINE_BACKOFF_FIRST_MS);
    assert_int_equal(engine_backoff(1), ENGINE_BACKOFF_FIRST_MS);
    assert_int_equal(engine_backoff(2), 2 * ENGINE_BACKOFF_FIRST_MS);
    assert_int_equal(engine_backoff(UINT32_MAX), ENGINE_BACKOFF_MAX_MS);
}

static void test_probes_hurry_only_when_something_is_owed(void **state)
{
    (void)state;
    static const int64_t waits[] = {250, 500, 1000, 2000, 4000, 4000, 4000};
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_PROBE_IDLE_MS);
    bench_wake(&bench);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_OFFLINE);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_PROBE_IDLE_MS);
    bench_sell(&bench, 1, 1);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_int_equal(bench.wake_ms - bench.now_ms, waits[i]);
        bench_wake(&bench);
        bench_answer(&bench, REQUEST_CHECK, ANSWER_OFFLINE);
    }
    assert_int_equal(view_of(&bench).phase, ENGINE_OFFLINE);
    bench_close(&bench);
}

/* Probes pass, what matters does not: an answer beyond our limits, a proxy that lets only small ones through.
 */
static void test_probes_alone_do_not_end_the_backoff(void **state)
{
    (void)state;
    static const int64_t waits[] = {250, 500, 1000, 2000, 4000, 4000};
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    bench_sell(&bench, 1, 1);
    bench_input(&bench, ENGINE_NETWORK_UP);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
        bench_answer(&bench, REQUEST_ORDERS, ANSWER_OFFLINE);
        assert_int_equal(bench.wake_ms - bench.now_ms, waits[i]);
        bench_wake(&bench);
    }
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_OFFLINE);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_BACKOFF_FIRST_MS);
    bench_close(&bench);
}

static void test_a_link_is_tried_at_once(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    bench_input(&bench, ENGINE_NETWORK_UP);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
    bench_close(&bench);
}

/* What was sold meanwhile waits for the orders, and so does a request that got no answer. */
static void test_orders_come_first_after_an_outage(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    bench_sell(&bench, 1, 1);
    bench_input(&bench, ENGINE_NETWORK_UP);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    bench.now_ms += ENGINE_BACKOFF_MAX_MS;
    bench_input(&bench, ENGINE_NETWORK_UP);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
    bench_close(&bench);
}

static void test_a_hint_does_not_double_a_request(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_sell(&bench, 1, 1);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_input(&bench, ENGINE_NETWORK_UP); /* the bench refuses a second request */
    bench_input(&bench, ENGINE_SYNC_NOW);
    bench_input(&bench, ENGINE_STOCK);
    bench_answer_level(&bench, 2);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    bench_close(&bench);
}

static void test_a_wish_to_wait_outlives_hints(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_RETRY, .retry_ms = 120000});
    assert_int_equal(bench.wake_ms - bench.now_ms, 120000);
    bench_input(&bench, ENGINE_NETWORK_UP);
    bench_input(&bench, ENGINE_SYNC_NOW);
    assert_int_equal(bench.request.kind, 0);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    bench_input(&bench, ENGINE_NETWORK_UP);
    assert_int_equal(bench.request.kind, 0);
    assert_int_equal(bench.wake_ms - bench.now_ms, 120000);
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_CHECK);
    bench_close(&bench);
}

static void test_a_wish_to_wait_is_believed_up_to_a_limit(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_wake(&bench);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_RETRY, .retry_ms = INT64_MAX / 2});
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_RETRY_AFTER_MAX_MS);
    bench_close(&bench);
}

/* A login page may ask for anything: another network need not wait for it. */
static void test_a_strangers_wish_ends_with_the_network(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_wake(&bench);
    bench_answer_is(&bench, &(struct channel_answer){.outcome = ANSWER_OFFLINE, .retry_ms = 240000});
    assert_true(bench.wake_ms - bench.now_ms >= 240000);
    bench_input(&bench, ENGINE_NETWORK_UP);
    assert_int_equal(bench.request.kind, REQUEST_CHECK);
    bench_close(&bench);
}

static void test_an_idle_poll_changes_no_row(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    int64_t began_ms = bench.now_ms;
    for (int i = 1; i <= 3; i++) {
        bench_wake(&bench);
        assert_int_equal(bench.now_ms - began_ms, (int64_t)i * 15000);
        bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
        assert_int_equal(bench.changed, 0);
        assert_int_equal(bench.request.kind, 0);
    }
    bench_close(&bench);
}

/* A refused read is not asked again soon; an answer that never came is given up. */
static void test_refused_and_lost_reads(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_wake(&bench);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_REJECTED);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_REFUSED_READ_MS);
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_ANSWER_LOST_MS);
    uint64_t serial = bench.request.serial;
    bench.request = (struct channel_request){0}; /* it is lost */
    bench_wake(&bench);
    assert_int_equal(bench.request.kind, REQUEST_ORDERS);
    assert_true(bench.request.serial > serial);
    bench_close(&bench);
}

static void test_needs_login_is_probed_seldom(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 3);
    bench_sell(&bench, 1, 1);
    bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_REAUTHORISE);
    assert_int_equal(view_of(&bench).phase, ENGINE_NEEDS_LOGIN);
    assert_int_equal(bench.wake_ms - bench.now_ms, ENGINE_PROBE_IDLE_MS);
    bench_wake(&bench);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    bench_answer(&bench, REQUEST_ORDERS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_close(&bench);
}

/* What is sold while a write is on its way goes out as one further op. */
static void test_sales_gather_while_a_write_is_on_its_way(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 1, 9);
    bench_sell(&bench, 1, 1);
    assert_int_equal(bench.request.writes[0].delta, -1);
    for (int i = 0; i < 3; i++)
        bench_sell(&bench, 1, 1);
    bench_answer_level(&bench, 8);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    assert_int_equal(bench.request.count, 1);
    assert_int_equal(bench.request.writes[0].delta, -3);
    bench_answer_level(&bench, 5);
    assert_int_equal(bench.request.kind, 0);
    bench_close(&bench);
}

/* One op that never gets its answer leaves room for the others. */
static void test_an_op_without_answer_lets_others_pass(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 2, 3);
    int64_t began_ms = bench.now_ms;
    bench_sell(&bench, 1, 1);
    bool passed = false;
    for (int i = 0; i < 8 && !passed; i++) {
        assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
        passed = bench.request.writes[0].listing == 2;
        if (passed)
            break;
        bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_UNKNOWN);
        if (i == 1)
            bench_sell(&bench, 2, 1);
        while (!bench.request.kind)
            bench_wake(&bench);
    }
    assert_true(passed);
    assert_true(bench.now_ms - began_ms < 2000);
    bench_close(&bench);
}

/* What the shop refuses for good is parked; the rest goes on. */
static void test_a_parked_listing_does_not_block(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 2, 3);
    bench_sell(&bench, 1, 1);
    for (int i = 0; i < ENGINE_REFUSALS_MAX; i++) {
        assert_int_equal(bench.request.writes[0].listing, 1);
        bench_answer(&bench, REQUEST_WRITE_LEVELS, ANSWER_REJECTED);
    }
    assert_true(bench_listing(&bench, 1)->parked);
    assert_non_null(bench_card(&bench, CARD_PARKED));
    assert_int_equal(bench.request.kind, 0);
    bench_sell(&bench, 2, 1);
    assert_int_equal(bench.request.writes[0].listing, 2);
    bench_answer_level(&bench, 2);
    assert_int_equal(bench_listing(&bench, 2)->level, 2);
    bench_close(&bench);
}

/* A level that no shop can mean is asked for once more, not for ever. */
static void test_a_level_beyond_all_bounds_is_parked(void **state)
{
    (void)state;
    struct engine_bench bench;
    start(&bench, 2, 3);
    bench_sell(&bench, 1, 1);
    bench_answer_level(&bench, INT64_C(2000000001));
    assert_int_equal(bench.request.kind, REQUEST_LEVELS);
    bench_answer_level(&bench, INT64_C(2000000001));
    assert_int_equal(bench.request.kind, 0);
    assert_true(bench_listing(&bench, 1)->parked);
    assert_non_null(bench_card(&bench, CARD_PARKED));
    bench_sell(&bench, 2, 1);
    bench_answer_level(&bench, 2);
    bench_close(&bench);
}

/* Order pages that never become whole, and a difference that wants them: what protects buyers goes first all
 * the same. */
static void test_a_gap_holds_up_no_lowering(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct answer_listing shown[] = {bench_shown(1, 1, 5), bench_shown(2, 2, 4)};
    bench_open(&bench, 2, 5);
    bench_input(&bench, ENGINE_WAKE);
    bool lowered = false;
    for (int i = 0; i < 40 && !lowered; i++) {
        if (i == 20)
            bench_sell(&bench, 1, 1);
        if (bench.request.kind == REQUEST_WRITE_LEVELS)
            lowered = true;
        else if (bench.request.kind == REQUEST_ORDERS)
            bench_answer_is(&bench,
                            &(struct channel_answer){.outcome = ANSWER_DONE, .orders_complete = false});
        else if (bench.request.kind == REQUEST_LISTINGS)
            bench_show(&bench, shown, 2, NULL);
        else if (bench.request.kind == REQUEST_LEVELS)
            bench_answer_level(&bench, 4);
        else if (bench.request.kind)
            bench_answer(&bench, bench.request.kind, ANSWER_DONE);
        else
            bench_wake(&bench);
    }
    assert_true(lowered);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_steps),
        cmocka_unit_test(test_backoff_doubles_to_its_limit),
        cmocka_unit_test(test_probes_hurry_only_when_something_is_owed),
        cmocka_unit_test(test_probes_alone_do_not_end_the_backoff),
        cmocka_unit_test(test_a_link_is_tried_at_once),
        cmocka_unit_test(test_orders_come_first_after_an_outage),
        cmocka_unit_test(test_a_hint_does_not_double_a_request),
        cmocka_unit_test(test_a_wish_to_wait_outlives_hints),
        cmocka_unit_test(test_a_wish_to_wait_is_believed_up_to_a_limit),
        cmocka_unit_test(test_a_strangers_wish_ends_with_the_network),
        cmocka_unit_test(test_an_idle_poll_changes_no_row),
        cmocka_unit_test(test_refused_and_lost_reads),
        cmocka_unit_test(test_needs_login_is_probed_seldom),
        cmocka_unit_test(test_sales_gather_while_a_write_is_on_its_way),
        cmocka_unit_test(test_an_op_without_answer_lets_others_pass),
        cmocka_unit_test(test_a_parked_listing_does_not_block),
        cmocka_unit_test(test_a_level_beyond_all_bounds_is_parked),
        cmocka_unit_test(test_a_gap_holds_up_no_lowering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
