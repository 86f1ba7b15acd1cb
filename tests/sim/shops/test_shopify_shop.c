/* Shopify's guarantees and traps (channels.md section 1; section 8 for what no schema shows). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "channel/shopify.h"
#include "shop_bench.h"
#include "shop_wire.h"

static struct written compare(struct shop *shop, uint8_t key, int64_t from, int64_t delta, int64_t now_ms)
{
    struct one_write one;
    bench_fill(shop, &one, key, WRITE_COMPARE, delta);
    one.write.from = from;
    return bench_send(shop, &one, now_ms);
}

/* What the model assumes of the adapter is what the adapter declares. */
static void test_caps_are_the_adapters(void **state)
{
    (void)state;
    struct shop_settings settings = {.kind = SHOP_SHOPIFY};
    struct channel_caps model = *shop_caps(&settings);
    struct channel_caps real = shopify_ops.caps;
    assert_true(model.order_visibility_ms > 0);
    model.order_visibility_ms = real.order_visibility_ms;
    assert_true(model.delta_down == real.delta_down && model.delta_up == real.delta_up);
    assert_true(model.compare_and_set == real.compare_and_set && model.pause == real.pause);
    assert_true(model.idempotency_key == real.idempotency_key && model.finds_writes == real.finds_writes);
    assert_true(model.answer_shows_level == real.answer_shows_level);
    assert_true(model.cancels_orders == real.cancels_orders && model.keeps_claim == real.keeps_claim);
    assert_int_equal(model.batch_size, real.batch_size);
    assert_int_equal(model.key_life_ms, real.key_life_ms);
    assert_int_equal(model.order_overlap_ms, real.order_overlap_ms);
    assert_int_equal(model.poll_ms, real.poll_ms);
}

/* "Keys live 24 h", section 8: "@idempotent is required". */
static void test_key_applies_once_for_a_day(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    assert_int_equal(bench_delta(shop, 1, -1, NOW_MS).level, 4);
    bench_buy(shop, 1, NOW_MS);
    assert_int_equal(bench_delta(shop, 1, -1, NOW_MS + DAY_MS - 1).level, 4); /* as it was then */
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(bench_delta(shop, 1, -1, NOW_MS + DAY_MS).level, 2); /* forgotten: a new one */
    struct written without = bench_delta(shop, 0, -1, NOW_MS);
    assert_int_equal(without.outcome, ANSWER_REJECTED);
    assert_true(without.unproven);
    assert_int_equal(bench_true_level(shop, 0), 2);
    shop_free(shop);
}

/* "same key other variables → IDEMPOTENCY_KEY_PARAMETER_MISMATCH… failed before →
 * IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED". */
static void test_key_mismatch_and_previous_failure(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    bench_delta(shop, 1, -1, NOW_MS);
    struct written other = bench_delta(shop, 1, -2, NOW_MS);
    assert_int_equal(other.outcome, ANSWER_REJECTED);
    assert_true(other.unproven);
    assert_non_null(strstr(other.words, "PARAMETER_MISMATCH"));
    assert_int_equal(compare(shop, 2, 5, 1, NOW_MS).outcome, ANSWER_STALE);
    bench_delta(shop, 3, 1, NOW_MS); /* now it would match, but the key is burnt */
    struct written again = compare(shop, 2, 5, 1, NOW_MS);
    assert_int_equal(again.outcome, ANSWER_REJECTED);
    assert_false(again.unproven);
    assert_non_null(strstr(again.words, "PREVIOUS_ATTEMPT_FAILED"));
    assert_int_equal(bench_true_level(shop, 0), 5);
    shop_free(shop);
}

/* "in flight → IDEMPOTENCY_CONCURRENT_REQUEST". */
static void test_key_in_flight(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_DELTA, -1);
    one.request.writes = &one.write;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_SLOW, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
    struct written again = bench_send(shop, &one, NOW_MS);
    assert_int_equal(again.outcome, ANSWER_RETRY);
    assert_non_null(strstr(again.words, "CONCURRENT"));
    assert_int_equal(bench_true_level(shop, 0), 5);
    assert_int_equal(shop_wire_deliver(&wire, shop, 0, NOW_MS, NULL), 0);
    assert_int_equal(bench_true_level(shop, 0), 4);
    assert_int_equal(bench_send(shop, &one, NOW_MS).level, 4);
    assert_int_equal(bench_true_level(shop, 0), 4);
    shop_free(shop);
}

/* "Compare failure: userError CHANGE_FROM_QUANTITY_STALE". */
static void test_compare_and_set(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    assert_int_equal(compare(shop, 1, 5, 2, NOW_MS).level, 7);
    bench_buy(shop, 1, NOW_MS);
    assert_int_equal(compare(shop, 2, 7, 2, NOW_MS).outcome, ANSWER_STALE);
    assert_int_equal(bench_true_level(shop, 0), 6);
    assert_int_equal(bench_absolute(shop, 3, 1, NOW_MS).outcome, ANSWER_REJECTED);
    shop_free(shop);
}

/* A mutation with userErrors changes nothing, also of what would have been right. */
static void test_batch_is_all_or_nothing(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    struct level_write writes[2] = {{.method = WRITE_DELTA, .delta = -1},
                                    {.method = WRITE_COMPARE, .delta = 1, .from = 6}};
    struct channel_request request = {
        .kind = REQUEST_WRITE_LEVELS, .key.bytes = {1}, .count = 2, .writes = writes};
    struct channel_answer answer;
    shop_remote_id(shop, 0, writes[0].remote_id);
    shop_remote_id(shop, 1, writes[1].remote_id);
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_STALE);
    channel_answer_free(&answer);
    assert_int_equal(bench_true_level(shop, 0), 5);
    writes[1].from = 7;
    request.key.bytes[0] = 2;
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.levels_after[0], 4);
    assert_int_equal(answer.levels_after[1], 8);
    channel_answer_free(&answer);
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.levels_after[0], 4);
    assert_int_equal(answer.levels_after[1], 8);
    channel_answer_free(&answer);
    assert_int_equal(bench_true_level(shop, 1), 8);
    shop_free(shop);
}

/* "lag of the search index is undocumented": the level falls at once, the order is found later. */
static void test_index_lags_behind_the_level(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop =
        bench_shop_with((struct shop_settings){.kind = SHOP_SHOPIFY, .order_lag_ms = MINUTE_MS}, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    assert_int_equal(bench_level(shop, NOW_MS), 3);
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS - 1, text), "-");
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS, text), "2 0 0 0 0 0");
    /* a change lags too: until then it is found where it was, with what it is */
    assert_int_equal(shop_cancel(shop, order, true, NOW_MS + 5 * MINUTE_MS), 0);
    struct answer_order_line lines[4];
    assert_int_equal(bench_orders(shop, NOW_MS + 5 * MINUTE_MS, NOW_MS + 5 * MINUTE_MS, lines, 4), 0);
    assert_int_equal(bench_orders(shop, NOW_MS, NOW_MS + 5 * MINUTE_MS, lines, 4), 1);
    assert_int_equal(lines[0].state.restored, 2);
    assert_int_equal(bench_orders(shop, NOW_MS + 5 * MINUTE_MS, NOW_MS + 6 * MINUTE_MS, lines, 4), 1);
    shop_free(shop);
}

/* "an order touched meanwhile moves to the end, so it is seen twice, never missed". */
static void test_touched_order_is_seen_twice(void **state)
{
    (void)state;
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_SHOPIFY, .page_orders = 2}, 9);
    uint32_t orders[3];
    for (int i = 0; i < 3; i++)
        orders[i] = bench_buy(shop, 1, NOW_MS + i * SECOND_MS);
    struct channel_request request = {.kind = REQUEST_ORDERS};
    struct channel_answer answer;
    assert_int_equal(shop_serve(shop, &request, NOW_MS + MINUTE_MS, &answer), 0);
    assert_int_equal(answer.count, 2);
    assert_true(answer.has_more && answer.orders_complete);
    memcpy(request.cursor, answer.cursor, sizeof request.cursor);
    channel_answer_free(&answer);
    assert_int_equal(shop_ship(shop, orders[0], 0, 0, NOW_MS + MINUTE_MS), 0);
    assert_int_equal(shop_serve(shop, &request, NOW_MS + MINUTE_MS, &answer), 0);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.orders[0].order, "order-1003");
    assert_string_equal(answer.orders[1].order, "order-1001");
    assert_int_equal(answer.orders[1].state.handed_over, 1);
    assert_false(answer.has_more);
    channel_answer_free(&answer);
    shop_free(shop);
}

/* "Orders placed → available−; fulfilled → committed−; a refund without [restock], or money only, does not
 * [restock]". */
static void test_only_restock_raises_the_level(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    uint32_t order = bench_buy(shop, 4, NOW_MS);
    assert_int_equal(shop_ship(shop, order, 0, 2, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_int_equal(shop_refund(shop, order, 0, 1, false, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "4 0 1 2 0 0");
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_int_equal(shop_refund(shop, order, 0, 2, true, NOW_MS), 0); /* one unsent, one of those sent */
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "4 0 2 2 1 2");
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_refund(shop, order, 0, 2, true, NOW_MS), -ERANGE);
    assert_int_equal(shop_cancel(shop, order, true, NOW_MS), -EALREADY);
    order = bench_buy(shop, 2, NOW_MS);
    assert_int_equal(shop_cancel(shop, order, false, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 2 0 0 0");
    shop_free(shop);
}

/* "Order edits that remove with restock: which record shows it [U]": the level rises, the order does not say
 * so. */
static void test_order_edit_hides_its_restock(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    uint32_t order = bench_buy(shop, 3, NOW_MS);
    assert_int_equal(shop_edit_order(shop, order, 0, -2, true, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "3 0 2 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 4);
    assert_int_equal(shop_edit_order(shop, order, 0, 4, false, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "7 0 2 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 0);
    assert_int_equal(shop_edit_order(shop, order, 0, 1, false, NOW_MS), -ERANGE);
    shop_free(shop);
}

/* "inventoryPolicy CONTINUE may sell below 0", "tracked=false items have no meaning". */
static void test_continue_and_untracked(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 1);
    struct shop_basket basket = {.count = 1, .lines = {{0, 3}}};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -ERANGE);
    assert_int_equal(shop_set_policy(shop, 0, true, false), 0);
    bench_buy(shop, 3, NOW_MS);
    assert_int_equal(bench_true_level(shop, 0), -2);
    assert_int_equal(shop_set_policy(shop, 0, false, true), 0);
    order = bench_buy(shop, 3, NOW_MS);
    assert_int_equal(bench_true_level(shop, 0), -2);
    assert_int_equal(shop_cancel(shop, order, true, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), -2);
    struct channel_request request = {.kind = REQUEST_LISTINGS};
    struct channel_answer answer;
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.count, 2);
    assert_false(answer.listings[0].tracked);
    assert_true(answer.listings[1].tracked && answer.listings[1].enforces);
    channel_answer_free(&answer);
    shop_free(shop);
}

/* "That THROTTLED means 'not executed' is not documented: treat as unknown outcome and retry with the same
 * key". */
static void test_throttled_may_have_been_done(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    for (int done = 0; done <= 1; done++) {
        bench_fill(shop, &one, (uint8_t)(1 + done), WRITE_DELTA, -1);
        one.request.writes = &one.write;
        enum shop_fault fault = done ? SHOP_FAULT_BUSY_DONE : SHOP_FAULT_BUSY;
        assert_int_equal(shop_wire_send(&wire, shop, &one.request, fault, NOW_MS, &answer), 0);
        assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
        assert_int_equal(bench_true_level(shop, 0), done ? 3 : 5);
        assert_int_equal(bench_send(shop, &one, NOW_MS).outcome, ANSWER_DONE);
        assert_int_equal(bench_true_level(shop, 0), done ? 3 : 4);
    }
    shop_free(shop);
}

/* orderCancel by API, without restock; the claim, written only over what was read. */
static void test_cancel_and_claim_by_api(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_SHOPIFY, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    struct channel_request request = {.kind = REQUEST_CANCEL_ORDER, .order = "order-1001"};
    struct channel_answer answer;
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 2 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
    struct channel_request claim = {.kind = REQUEST_CLAIM, .claim.word = CLAIM_HELD, .claim_token = "0"};
    assert_int_equal(shop_serve(shop, &claim, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(shop_serve(shop, &claim, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_STALE);
    assert_true(answer.claim_shown);
    assert_int_equal(answer.claim.word, CLAIM_HELD);
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps_are_the_adapters),
        cmocka_unit_test(test_key_applies_once_for_a_day),
        cmocka_unit_test(test_key_mismatch_and_previous_failure),
        cmocka_unit_test(test_key_in_flight),
        cmocka_unit_test(test_compare_and_set),
        cmocka_unit_test(test_batch_is_all_or_nothing),
        cmocka_unit_test(test_index_lags_behind_the_level),
        cmocka_unit_test(test_touched_order_is_seen_twice),
        cmocka_unit_test(test_only_restock_raises_the_level),
        cmocka_unit_test(test_order_edit_hides_its_restock),
        cmocka_unit_test(test_continue_and_untracked),
        cmocka_unit_test(test_throttled_may_have_been_done),
        cmocka_unit_test(test_cancel_and_claim_by_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
