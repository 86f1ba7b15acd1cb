/* WooCommerce's traps (channels.md section 4; section 8 for what no schema shows). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "shop_bench.h"
#include "shop_wire.h"

/* "Absolute PUT after a concurrent sale overwrites it. No compare, no idempotency key". */
static void test_absolute_write_overwrites_a_sale(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    bench_buy(shop, 2, NOW_MS);
    assert_int_equal(bench_absolute(shop, 1, 4, NOW_MS).level, 4);
    bench_buy(shop, 1, NOW_MS);
    assert_int_equal(bench_absolute(shop, 1, 4, NOW_MS).level, 4); /* the same request again applies again */
    assert_int_equal(bench_absolute(shop, 2, 0, NOW_MS).level, 0);
    assert_int_equal(bench_pause(shop, 3, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_delta(shop, 4, -1, NOW_MS).outcome, ANSWER_REJECTED);
    shop_free(shop);
}

struct step {
    const char *status;
    int64_t level;
    const char *vector;
};

static void walk(const struct step *steps, size_t count)
{
    char text[96];
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    uint32_t order = bench_buy_unpaid(shop, 3, NOW_MS);
    assert_int_equal(bench_true_level(shop, 0), 5);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(shop_set_status(shop, order, steps[i].status, NOW_MS), 0);
        assert_int_equal(bench_true_level(shop, 0), steps[i].level);
        assert_string_equal(bench_vector(shop, order, NOW_MS, text), steps[i].vector);
    }
    assert_int_equal(shop_set_status(shop, order, "shipped", NOW_MS), -EINVAL);
    shop_free(shop);
}

/* "Stock effect by status": reduce on processing, completed, on-hold, once; cancelled and back-to-pending
 * give back. */
static void test_statuses_take_once_and_give_back(void **state)
{
    (void)state;
    const struct step steps[] = {
        {"on-hold", 2, "3 0 0 0 0 0"},   {"processing", 2, "3 0 0 0 0 0"}, {"processing", 2, "3 0 0 0 0 0"},
        {"pending", 5, "0 3 0 0 0 0"},   {"processing", 2, "3 0 0 0 0 0"}, {"completed", 2, "3 0 0 3 0 0"},
        {"cancelled", 5, "3 0 0 3 0 3"},
    };
    walk(steps, sizeof steps / sizeof steps[0]);
}

/* "pending, failed do not [reduce]; processing→failed does not give back". */
static void test_failed_keeps_what_was_taken(void **state)
{
    (void)state;
    const struct step steps[] = {
        {"failed", 5, "0 3 0 0 0 0"},     {"processing", 2, "3 0 0 0 0 0"}, {"failed", 2, "3 0 0 0 0 0"},
        {"processing", 2, "3 0 0 0 0 0"}, {"cancelled", 5, "3 0 3 0 0 3"},
    };
    walk(steps, sizeof steps / sizeof steps[0]);
}

/* woocommerce/woocommerce#66256, 11.0: failed gives back; #10189: paying it then does not look at the stock.
 */
static void test_failed_gives_back_from_11_on(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_WOO, .failed_restocks = true}, 3);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    assert_int_equal(shop_set_status(shop, order, "failed", NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "0 2 0 0 0 0");
    bench_buy(shop, 3, NOW_MS);
    assert_int_equal(shop_pay(shop, order, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), -2);
    shop_free(shop);
}

/* ""refunded" by status makes a refund object and does not restock". */
static void test_refunded_does_not_restock(void **state)
{
    (void)state;
    const struct step steps[] = {{"processing", 2, "3 0 0 0 0 0"}, {"refunded", 2, "3 0 3 0 0 0"}};
    walk(steps, sizeof steps / sizeof steps[0]);
}

/* Never paid, cancelled: nothing, whichever way it is told. */
static void test_cancelled_pending_is_nothing(void **state)
{
    (void)state;
    const struct step steps[] = {{"cancelled", 5, "3 0 3 0 0 3"}};
    walk(steps, sizeof steps / sizeof steps[0]);
}

/* "`_reduced_stock` is the exact number of units this line holds out of stock now (3→ after a restocked
 * refund 2)"; "money-only restocks nothing". */
static void test_refund_by_reduced_stock(void **state)
{
    (void)state;
    char text[96];
    struct shop_truth truth;
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    uint32_t order = bench_buy(shop, 3, NOW_MS);
    assert_int_equal(shop_refund(shop, order, 0, 1, true, NOW_MS), 0);
    assert_int_equal(shop_truths(shop, &truth, 1), 1);
    assert_int_equal(truth.took, 2);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "3 0 1 0 0 1");
    assert_int_equal(shop_refund(shop, order, 0, 1, false, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "3 0 2 0 0 1");
    assert_int_equal(shop_ship(shop, order, 0, 0, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "3 0 2 1 0 1");
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_refund(shop, order, 0, 1, true, NOW_MS), 0); /* comes back sellable */
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "3 0 2 1 1 2");
    assert_int_equal(shop_refund(shop, order, 0, 1, true, NOW_MS), -EALREADY);
    assert_int_equal(bench_true_level(shop, 0), 4);
    shop_free(shop);
}

/* "Checkout holds stock in wc_reserved_stock; not visible in stock_quantity". */
static void test_pending_holds_invisibly(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_WOO, 3);
    uint32_t order = bench_buy_unpaid(shop, 2, NOW_MS);
    assert_int_equal(bench_level(shop, NOW_MS), 3);
    assert_int_equal(shop_sellable(shop, 0), 1);
    struct shop_basket basket = {.count = 1, .lines = {{0, 2}}};
    uint32_t other;
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &other), -ERANGE);
    assert_int_equal(shop_expire(shop, order, NOW_MS), 0);
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &other), 0);
    assert_int_equal(shop_pay(shop, order, NOW_MS), -EALREADY);
    shop_free(shop);
}

/* A pending order is paid after a PUT has set the number under it: "negative stock". */
static void test_negative_stock_and_backorders(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_WOO, 3);
    uint32_t order = bench_buy_unpaid(shop, 2, NOW_MS);
    bench_absolute(shop, 1, 0, NOW_MS);
    assert_int_equal(shop_pay(shop, order, NOW_MS), 0);
    assert_int_equal(bench_true_level(shop, 0), -2);
    struct shop_basket basket = {.count = 1, .lines = {{0, 1}}};
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -ERANGE);
    assert_int_equal(shop_set_policy(shop, 0, true, false), 0); /* backorders: yes */
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), 0);
    assert_int_equal(bench_true_level(shop, 0), -3);
    shop_free(shop);
}

/* "force-deleted orders leave no trace"; "trash/force-delete do not [give back]". */
static void test_deleted_order_leaves_no_trace(void **state)
{
    (void)state;
    char text[96];
    struct shop_truth truth;
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    assert_int_equal(shop_delete_order(shop, order, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "-");
    assert_int_equal(shop_truths(shop, &truth, 1), 0);
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_delete_order(shop, order, NOW_MS), -ENOENT);
    shop_free(shop);
}

/* "modified_after is exclusive, 1 s grain → ask for T−2 s and dedupe": what changed in the asked second is
 * shown, and what changed in the second before. */
static void test_since_includes_its_second(void **state)
{
    (void)state;
    struct answer_order_line lines[4];
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    bench_buy(shop, 1, NOW_MS - 2 * SECOND_MS);
    bench_buy(shop, 1, NOW_MS - 1);
    bench_buy(shop, 1, NOW_MS + 999);
    assert_int_equal(bench_orders(shop, NOW_MS + 999, NOW_MS + SECOND_MS, lines, 4), 2);
    assert_int_equal(lines[1].version, NOW_MS);
    assert_int_equal(bench_orders(shop, NOW_MS - SECOND_MS, NOW_MS + SECOND_MS, lines, 4), 3);
    shop_free(shop);
}

static struct shop *order_writer(void)
{
    return bench_shop_with((struct shop_settings){.kind = SHOP_WOO, .order_writes = true}, 1);
}

/* "Atomic delta that does exist: an order… skips the stock check… repeat is harmless one at a time". */
static void test_order_as_delta(void **state)
{
    (void)state;
    struct answer_order_line line;
    struct shop *shop = order_writer();
    struct shop_settings settings = {.kind = SHOP_WOO, .order_writes = true};
    assert_true(shop_caps(&settings)->delta_down && !shop_caps(&settings)->delta_up);
    assert_int_equal(bench_delta(shop, 1, -3, NOW_MS).level, -2);
    assert_int_equal(bench_delta(shop, 1, -3, NOW_MS).level, -2);
    assert_true(bench_found(shop, 1, NOW_MS));
    assert_int_equal(bench_orders(shop, 0, NOW_MS, &line, 1), 0); /* carries our mark: no sale to learn */
    assert_int_equal(bench_absolute(shop, 2, 4, NOW_MS).level, 4);
    assert_int_equal(bench_delta(shop, 3, 1, NOW_MS).outcome, ANSWER_REJECTED);
    shop_free(shop);
}

/* "two phases": the first has no effect, and the second finds it. */
static void test_half_an_order_write(void **state)
{
    (void)state;
    struct shop *shop = order_writer();
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_DELTA, -1);
    one.request.writes = &one.write;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_HALF, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_int_equal(shop_sellable(shop, 0), 1);
    assert_false(bench_found(shop, 1, NOW_MS));
    assert_int_equal(bench_send(shop, &one, NOW_MS).level, 0);
    assert_true(bench_found(shop, 1, NOW_MS));
    shop_free(shop);
}

/* "Two PUTs of the same order at the same time can reduce twice (2 of 6 trials) → never two in flight". */
static void test_two_at_a_time_take_twice(void **state)
{
    (void)state;
    struct shop *shop = order_writer();
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_DELTA, -1);
    one.request.writes = &one.write;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_SLOW, NOW_MS, &answer), 0);
    assert_int_equal(bench_send(shop, &one, NOW_MS).level, 0);
    assert_int_equal(shop_wire_deliver(&wire, shop, 0, NOW_MS, NULL), 0);
    assert_int_equal(bench_true_level(shop, 0), -1);
    shop_free(shop);
}

/* Cancel by API: everything refunded with api_restock: false. */
static void test_cancel_by_api_does_not_restock(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_WOO, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    struct channel_request request = {.kind = REQUEST_CANCEL_ORDER, .order = "order-1001"};
    struct channel_answer answer;
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 2 0 0 0");
    assert_int_equal(bench_true_level(shop, 0), 3);
    assert_int_equal(shop_serve(shop, &request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absolute_write_overwrites_a_sale),
        cmocka_unit_test(test_statuses_take_once_and_give_back),
        cmocka_unit_test(test_failed_keeps_what_was_taken),
        cmocka_unit_test(test_failed_gives_back_from_11_on),
        cmocka_unit_test(test_refunded_does_not_restock),
        cmocka_unit_test(test_cancelled_pending_is_nothing),
        cmocka_unit_test(test_refund_by_reduced_stock),
        cmocka_unit_test(test_pending_holds_invisibly),
        cmocka_unit_test(test_negative_stock_and_backorders),
        cmocka_unit_test(test_deleted_order_leaves_no_trace),
        cmocka_unit_test(test_since_includes_its_second),
        cmocka_unit_test(test_order_as_delta),
        cmocka_unit_test(test_half_an_order_write),
        cmocka_unit_test(test_two_at_a_time_take_twice),
        cmocka_unit_test(test_cancel_by_api_does_not_restock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
