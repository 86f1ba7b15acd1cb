/* The shop's claim: when it is read, written, renewed, and what another ledger's claim stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_internal.h"

static const struct channel_caps caps = {
    .delta_down = true,
    .delta_up = true,
    .compare_and_set = true,
    .idempotency_key = true,
    .answer_shows_level = true,
    .cancels_orders = true,
    .keeps_claim = true,
    .batch_size = 50,
    .key_life_ms = INT64_C(23) * 3600 * 1000,
    .order_overlap_ms = 600000,
    .poll_ms = 15000,
};

static struct event_id at(uint8_t epoch, uint64_t sequence)
{
    return (struct event_id){.device.bytes = {1}, .epoch.bytes = {epoch}, .sequence = sequence};
}

/* What the shop keeps. */
struct shop {
    struct claim claim;
    char token[8];
};

static void answer_showing(struct engine_bench *bench, enum request_kind kind, const struct shop *shop)
{
    struct channel_answer answer = {
        .outcome = ANSWER_DONE, .orders_complete = true, .claim_shown = true, .claim = shop->claim};
    (void)snprintf(answer.claim_token, sizeof answer.claim_token, "%s", shop->token);
    assert_int_equal(bench->request.kind, kind);
    bench->claim_known = id128_equal(shop->claim.holder.epoch, bench->last.epoch);
    bench_answer_is(bench, &answer);
}

/* The shop takes the claim that is on its way. */
static void take_claim(struct engine_bench *bench, struct shop *shop)
{
    assert_int_equal(bench->request.kind, REQUEST_CLAIM);
    assert_string_equal(bench->request.claim_token, shop->token);
    shop->claim = bench->request.claim;
    shop->token[0]++;
    answer_showing(bench, REQUEST_CLAIM, shop);
}

static void connect(struct engine_bench *bench, const struct shop *shop)
{
    bench_open_with(bench, &caps, 1, 3);
    bench->last = at(1, 10);
    bench_input(bench, ENGINE_WAKE);
    answer_showing(bench, REQUEST_CHECK, shop);
}

static void test_it_is_taken_once_and_before_a_raise(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    struct stock more = {5, 0};
    assert_int_equal(book_put_stock(bench.book, 1, 1, more), 0);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    take_claim(&bench, &shop);
    assert_int_equal(shop.claim.word, CLAIM_HELD);
    assert_int_equal(shop.claim.holder.sequence, 10);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS); /* the raise */
    bench_answer_level(&bench, 5);
    bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, 0);
    bench_after(&bench, 15000);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_int_equal(bench.request.kind, 0); /* not again */
    bench_close(&bench);
}

static void test_a_lowering_does_not_wait_for_it(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    bench_sell(&bench, 1, 1);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_answer_level(&bench, 2);
    take_claim(&bench, &shop);
    bench_close(&bench);
}

/* Idle polls are answered until something else is asked. */
static void poll_until(struct engine_bench *bench, const struct shop *shop, int64_t ms)
{
    int64_t end = bench->now_ms + ms;
    while (bench->now_ms < end && bench->request.kind != REQUEST_CLAIM) {
        if (!bench->request.kind)
            bench_wake(bench);
        else if (bench->request.kind == REQUEST_ORDERS)
            answer_showing(bench, REQUEST_ORDERS, shop);
        else
            bench_answer(bench, REQUEST_LISTINGS, ANSWER_DONE);
    }
}

static void test_it_is_renewed_hourly_when_the_ledger_went_on(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    take_claim(&bench, &shop);
    poll_until(&bench, &shop, 2 * (int64_t)ENGINE_CLAIM_RENEW_MS);
    assert_int_not_equal(bench.request.kind, REQUEST_CLAIM); /* nothing happened: nothing to say */
    bench.last.sequence = 99;
    poll_until(&bench, &shop, 60000);
    take_claim(&bench, &shop);
    assert_int_equal(shop.claim.holder.sequence, 99);
    bench.last.sequence = 100;
    poll_until(&bench, &shop, ENGINE_CLAIM_RENEW_MS / 2);
    assert_int_not_equal(bench.request.kind, REQUEST_CLAIM);
    bench_close(&bench);
}

static void test_another_ledgers_claim_stops_this_one(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.claim = {CLAIM_HELD, at(7, 4)}, .token = "a"};
    connect(&bench, &shop);
    const struct card *card = bench_card(&bench, CARD_RESTORED);
    assert_non_null(card);
    assert_int_equal(card->channel, 1);
    assert_true(suspicion_stops(book_suspicion(bench.book)));
    bench_sell(&bench, 1, 1);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_int_equal(bench.request.kind, REQUEST_CLAIM); /* not the lowering */
    assert_int_equal(bench.request.claim.word, CLAIM_DOUBTED);
    assert_int_equal(bench.request.claim.holder.sequence, 4);
    take_claim(&bench, &shop);
    while (bench.request.kind == REQUEST_LISTINGS)
        bench_answer(&bench, REQUEST_LISTINGS, ANSWER_DONE);
    assert_int_equal(bench.request.kind, 0);
    struct event yes = {.kind = EVENT_RESTORE_DECISION, .version = 1, .restore = {.accepted = 1}};
    assert_int_equal(book_apply_event(bench.book, &yes), 0);
    bench_input(&bench, ENGINE_STOCK);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS); /* lowering first, as always */
    bench_answer_level(&bench, 2);
    take_claim(&bench, &shop);
    assert_int_equal(shop.claim.word, CLAIM_DECIDED);
    assert_int_equal(shop.claim.holder.sequence, 10);
    bench_close(&bench);
}

static void test_who_was_overtaken_reads_again(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    shop = (struct shop){.claim = {CLAIM_HELD, at(7, 4)}, .token = "b"}; /* somebody was faster */
    bench_answer(&bench, REQUEST_CLAIM, ANSWER_STALE);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_true(suspicion_stops(book_suspicion(bench.book)));
    bench_close(&bench);
}

static void test_a_lost_answer_is_read_again(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    shop = (struct shop){.claim = bench.request.claim, .token = "b"}; /* it did arrive */
    bench_answer(&bench, REQUEST_CLAIM, ANSWER_UNKNOWN);
    bench_wake(&bench);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_int_not_equal(bench.request.kind, REQUEST_CLAIM);
    assert_false(suspicion_stops(book_suspicion(bench.book)));
    bench_close(&bench);
}

static void test_a_shop_that_keeps_none_is_no_obstacle(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.token = "a"};
    connect(&bench, &shop);
    struct stock more = {5, 0};
    assert_int_equal(book_put_stock(bench.book, 1, 1, more), 0);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    bench_answer(&bench, REQUEST_CLAIM, ANSWER_REJECTED);
    assert_int_equal(bench.request.kind, REQUEST_WRITE_LEVELS);
    bench_answer_level(&bench, 5);
    poll_until(&bench, &shop, 2 * (int64_t)ENGINE_CLAIM_RENEW_MS);
    assert_int_not_equal(bench.request.kind, REQUEST_CLAIM); /* it is not asked again */
    bench_close(&bench);
}

static void test_a_preview_claims_nothing(void **state)
{
    (void)state;
    struct engine_bench bench;
    struct shop shop = {.claim = {CLAIM_HELD, at(7, 4)}, .token = "a"};
    bench_open_with(&bench, &caps, 1, 3);
    struct channel channel = *book_channel(bench.book, 1);
    channel.live = false;
    assert_int_equal(book_put_channel(bench.book, &channel), 0);
    bench_input(&bench, ENGINE_WAKE);
    answer_showing(&bench, REQUEST_CHECK, &shop);
    answer_showing(&bench, REQUEST_ORDERS, &shop);
    assert_int_not_equal(bench.request.kind, REQUEST_CLAIM);
    assert_false(suspicion_stops(book_suspicion(bench.book)));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_taken_once_and_before_a_raise),
        cmocka_unit_test(test_a_lowering_does_not_wait_for_it),
        cmocka_unit_test(test_it_is_renewed_hourly_when_the_ledger_went_on),
        cmocka_unit_test(test_another_ledgers_claim_stops_this_one),
        cmocka_unit_test(test_who_was_overtaken_reads_again),
        cmocka_unit_test(test_a_lost_answer_is_read_again),
        cmocka_unit_test(test_a_shop_that_keeps_none_is_no_obstacle),
        cmocka_unit_test(test_a_preview_claims_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
