/* Square's guarantees and traps (channels.md section 2; section 8 for what no schema shows). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "shop_bench.h"
#include "shop_wire.h"

static struct written delta_at(struct shop *shop, uint8_t key, int64_t delta, int64_t occurred_ms,
                               int64_t now_ms)
{
    struct one_write one;
    bench_fill(shop, &one, key, WRITE_DELTA, delta);
    one.write.occurred_ms = occurred_ms;
    return bench_send(shop, &one, now_ms);
}

static uint32_t sell_offline(struct shop *shop, int64_t quantity, int64_t taken_ms, int64_t now_ms)
{
    struct shop_basket basket = {.count = 1, .lines = {{0, quantity}}, .offline = true, .taken_ms = taken_ms};
    uint32_t order = 0;
    assert_int_equal(shop_buy(shop, &basket, now_ms, &order), 0);
    return order;
}

/* "count 95 at 1:30; an offline POS sale of 1:20 arriving 1:35 changes nothing: use this as a simulator
 * test". */
static void test_count_swallows_a_late_sale(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SQUARE, 100);
    int64_t half_past = NOW_MS;
    assert_int_equal(shop_set_level(shop, 0, 95, 0, half_past), 0);
    sell_offline(shop, 1, half_past - 10 * MINUTE_MS, half_past + 5 * MINUTE_MS);
    assert_int_equal(bench_level(shop, half_past + 5 * MINUTE_MS), 95);
    sell_offline(shop, 1, half_past + MINUTE_MS, half_past + 6 * MINUTE_MS);
    assert_int_equal(bench_level(shop, half_past + 6 * MINUTE_MS), 94);
    shop_free(shop);
}

/* The same for our own adjustments, and for a count that arrives after what came after it. */
static void test_ledger_is_ordered_by_client_time(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SQUARE, 10);
    assert_int_equal(bench_delta(shop, 1, -1, NOW_MS).level, 9);
    assert_int_equal(shop_set_level(shop, 0, 20, NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS), 0);
    assert_int_equal(delta_at(shop, 2, -3, NOW_MS + MINUTE_MS, NOW_MS + 2 * HOUR_MS).level, 20);
    assert_int_equal(delta_at(shop, 3, -3, NOW_MS + HOUR_MS + 1, NOW_MS + 2 * HOUR_MS).level, 17);
    /* the count of an earlier moment changes nothing any more */
    assert_int_equal(shop_set_level(shop, 0, 50, NOW_MS + MINUTE_MS, NOW_MS + 3 * HOUR_MS), 0);
    assert_int_equal(bench_level(shop, NOW_MS + 3 * HOUR_MS), 17);
    /* one of the moment before the last adjustment leaves that one standing */
    assert_int_equal(shop_set_level(shop, 0, 30, NOW_MS + HOUR_MS, NOW_MS + 3 * HOUR_MS), 0);
    assert_int_equal(bench_level(shop, NOW_MS + 3 * HOUR_MS), 27);
    shop_free(shop);
}

/* "occurred_at may not be older than 24 h nor in the future". */
static void test_day_rule(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SQUARE, 10);
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS - DAY_MS - 1, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(delta_at(shop, 2, -1, NOW_MS + 1, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_true_level(shop, 0), 10);
    assert_int_equal(delta_at(shop, 3, -1, NOW_MS - DAY_MS, NOW_MS).level, 9);
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS, NOW_MS).level, 8); /* what was refused burnt no key */
    assert_int_equal(shop_set_level(shop, 0, 1, NOW_MS - DAY_MS - 1, NOW_MS), -ERANGE);
    shop_free(shop);
}

/* "Same key, other body → IDEMPOTENCY_KEY_REUSED; retention undocumented". A changed time is another body. */
static void test_key_reuse(void **state)
{
    (void)state;
    struct shop *shop =
        bench_shop_with((struct shop_settings){.kind = SHOP_SQUARE, .key_life_ms = HOUR_MS}, 10);
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS, NOW_MS).level, 9);
    bench_buy(shop, 2, NOW_MS);
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS, NOW_MS + MINUTE_MS).level, 9);
    struct written reused = delta_at(shop, 1, -2, NOW_MS, NOW_MS + MINUTE_MS);
    assert_int_equal(reused.outcome, ANSWER_REJECTED);
    assert_true(reused.unproven);
    assert_non_null(strstr(reused.words, "IDEMPOTENCY_KEY_REUSED"));
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS + 1, NOW_MS + MINUTE_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_true_level(shop, 0), 7);
    assert_int_equal(delta_at(shop, 1, -1, NOW_MS, NOW_MS + HOUR_MS).level, 6); /* forgotten: once more */
    assert_int_equal(bench_delta(shop, 0, -1, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_absolute(shop, 5, 3, NOW_MS).outcome, ANSWER_REJECTED);
    shop_free(shop);
}

/* "reference_id comes back in the change ledger, so own writes can always be found". */
static void test_reference_is_found_at_any_age(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SQUARE, 10);
    assert_false(bench_found(shop, 1, NOW_MS));
    bench_delta(shop, 1, -1, NOW_MS);
    delta_at(shop, 2, -1, NOW_MS + HOUR_MS, NOW_MS);
    assert_int_equal(shop_set_level(shop, 0, 4, 0, NOW_MS + HOUR_MS), 0);
    assert_true(bench_found(shop, 1, NOW_MS + 30 * DAY_MS));
    assert_false(bench_found(shop, 2, NOW_MS + 30 * DAY_MS));
    shop_free(shop);
}

/* "decrements by itself when an order with catalog ids is fully paid"; OPEN holds and does not. */
static void test_own_decrement_when_paid(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_SQUARE, 3);
    uint32_t order = bench_buy_unpaid(shop, 2, NOW_MS);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "0 2 0 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 3);
    uint32_t other = bench_buy(shop, 2, NOW_MS); /* nothing was reserved */
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_int_equal(shop_edit_order(shop, order, 0, -1, false, NOW_MS), 0);
    assert_int_equal(shop_edit_order(shop, other, 0, -1, false, NOW_MS), -ENOTSUP);
    assert_int_equal(shop_edit_order(shop, order, 0, 1, false, NOW_MS), 0);
    assert_int_equal(shop_pay(shop, order, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), -1); /* "Negative counts possible [U]" */
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 0 0 0 0");
    assert_int_equal(shop_pay(shop, order, NOW_MS), -EALREADY);
    shop_free(shop);
}

static void test_open_order_can_be_given_up(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_SQUARE, 3);
    uint32_t order = bench_buy_unpaid(shop, 2, NOW_MS);
    assert_int_equal(shop_cancel(shop, order, true, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "0 0 0 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_pay(shop, order, NOW_MS), -EALREADY);
    shop_free(shop);
}

/* "Offline POS sales arrive up to 72 h late with the old created_at → poll by updated_at". */
static void test_late_offline_sale(void **state)
{
    (void)state;
    struct answer_order_line line;
    struct shop *shop = bench_shop(SHOP_SQUARE, 1);
    int64_t arrival_ms = NOW_MS + 3 * DAY_MS;
    struct shop_basket too_late = {.count = 1, .lines = {{0, 1}}, .offline = true, .taken_ms = NOW_MS - 1};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &too_late, arrival_ms, &order), -ERANGE);
    order = sell_offline(shop, 3, NOW_MS, arrival_ms);
    assert_int_equal(bench_true_level(shop, 0), -2);
    line = bench_order(shop, order, arrival_ms);
    assert_int_equal(line.created_wall_ms, NOW_MS);
    assert_int_equal(line.version, arrival_ms);
    assert_int_equal(line.state.handed_over, 3);
    assert_int_equal(bench_orders(shop, arrival_ms - MINUTE_MS, arrival_ms, &line, 1), 1);
    shop_free(shop);
}

/* "Refund/return = a new order with returns[].return_line_items{source_line_item_uid, quantity}". */
static void test_refund_is_an_order_that_names_its_source(void **state)
{
    (void)state;
    char text[96];
    struct answer_order_line lines[4];
    struct shop *shop = bench_shop(SHOP_SQUARE, 5);
    uint32_t order = bench_buy(shop, 4, NOW_MS);
    assert_int_equal(shop_ship(shop, order, 0, 2, NOW_MS), 0);
    assert_int_equal(shop_refund(shop, order, 0, 3, true, NOW_MS + MINUTE_MS), 0); /* two unsent, one sent */
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS, text), "4 0 0 2 0 0");
    assert_int_equal(bench_true_level(shop, 0), 4);
    assert_int_equal(bench_orders(shop, NOW_MS + MINUTE_MS, NOW_MS + MINUTE_MS, lines, 4), 1);
    assert_string_equal(lines[0].order, "order-1001");
    assert_non_null(strstr(lines[0].source_key, "of order-1001/1"));
    assert_int_equal(lines[0].state.ordered, 0);
    assert_int_equal(lines[0].state.cancelled, 2);
    assert_int_equal(lines[0].state.returned_sellable, 1);
    assert_int_equal(lines[0].state.restored, 3);
    assert_int_equal(shop_ship(shop, order, 0, 1, NOW_MS), -EALREADY);
    assert_int_equal(shop_refund(shop, order, 0, 1, false, NOW_MS + MINUTE_MS), 0);
    assert_int_equal(shop_refund(shop, order, 0, 1, false, NOW_MS + MINUTE_MS), -ERANGE);
    assert_int_equal(bench_true_level(shop, 0), 4);
    shop_free(shop);
}

/* Section 8: 429. Nothing was done, and the key makes repeating harmless. */
static void test_busy_is_not_done(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_SQUARE, 5);
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_DELTA, -1);
    one.request.writes = &one.write;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_BUSY, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_RETRY);
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_BUSY_DONE, NOW_MS, &answer),
                     -ENOTSUP);
    assert_int_equal(bench_true_level(shop, 0), 5);
    shop_free(shop);
}

/* Making room does not change a level, nor what a late sale does to it. */
static void test_archive_keeps_levels(void **state)
{
    (void)state;
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_SQUARE, .writes_max = 6}, 10);
    bench_delta(shop, 1, -1, NOW_MS);
    assert_int_equal(shop_set_level(shop, 0, 20, NOW_MS - HOUR_MS, NOW_MS), 0);
    bench_delta(shop, 2, -2, NOW_MS + MINUTE_MS);
    assert_int_equal(bench_true_level(shop, 0), 17);
    int64_t later_ms = NOW_MS + 10 * DAY_MS;
    bench_delta(shop, 3, -3, later_ms);
    shop_archive(shop, later_ms);
    assert_int_equal(bench_level(shop, later_ms), 14);
    for (uint8_t key = 4; key < 9; key++)
        assert_int_equal(bench_delta(shop, key, -1, later_ms).outcome, ANSWER_DONE);
    assert_int_equal(bench_delta(shop, 9, -1, later_ms).outcome, ANSWER_RETRY); /* full, and it says so */
    assert_int_equal(bench_true_level(shop, 0), 9);
    assert_true(bench_found(shop, 3, later_ms));
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_swallows_a_late_sale),
        cmocka_unit_test(test_ledger_is_ordered_by_client_time),
        cmocka_unit_test(test_day_rule),
        cmocka_unit_test(test_key_reuse),
        cmocka_unit_test(test_reference_is_found_at_any_age),
        cmocka_unit_test(test_own_decrement_when_paid),
        cmocka_unit_test(test_open_order_can_be_given_up),
        cmocka_unit_test(test_late_offline_sale),
        cmocka_unit_test(test_refund_is_an_order_that_names_its_source),
        cmocka_unit_test(test_busy_is_not_done),
        cmocka_unit_test(test_archive_keeps_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
