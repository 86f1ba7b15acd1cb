/* Etsy's traps (channels.md section 3, and section 8 for what no schema shows). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "shop_bench.h"

/* Section 3, write: "absolute… no delta… no compare: last writer wins". */
static void test_absolute_write_overwrites_a_sale(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_ETSY, 5);
    bench_buy(shop, 2, NOW_MS);
    assert_int_equal(bench_level(shop, NOW_MS), 3);
    struct written written = bench_absolute(shop, 1, 4, NOW_MS);
    assert_int_equal(written.outcome, ANSWER_DONE);
    assert_int_equal(written.level, 4);
    assert_int_equal(bench_true_level(shop, 0), 4);
    assert_int_equal(bench_delta(shop, 2, -1, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_true_level(shop, 0), 4);
    shop_free(shop);
}

/* Section 3, write: "the whole document": a variation sold between GET and PUT comes back with the write of
 * another. */
static void test_whole_document_brings_back_what_was_sold_of_a_sibling(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_ETSY, 5);
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_ABSOLUTE, 4);
    one.request.writes = &one.write;
    assert_int_equal(shop_start(shop, &one.request, NOW_MS), 0);
    assert_int_equal(shop_start(shop, &one.request, NOW_MS), -EBUSY);
    struct shop_basket cups = {.count = 1, .lines = {{1, 3}}};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &cups, NOW_MS, &order), 0);
    assert_int_equal(bench_true_level(shop, 1), 4);
    assert_int_equal(shop_finish(shop, &one.request, NOW_MS, &answer), 0);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    channel_answer_free(&answer);
    assert_int_equal(bench_true_level(shop, 0), 4);
    assert_int_equal(bench_true_level(shop, 1), 7);
    assert_int_equal(shop_finish(shop, &one.request, NOW_MS, &answer), -EINVAL);
    /* without anybody in between nothing of the sibling changes */
    assert_int_equal(shop_buy(shop, &cups, NOW_MS, &order), 0);
    bench_absolute(shop, 2, 3, NOW_MS);
    assert_int_equal(bench_true_level(shop, 1), 4);
    shop_free(shop);
}

/* Section 3: "product_id and offering_id change with each update → map by SKU". */
static void test_ids_change_with_each_write(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_ETSY, 5);
    char before[REMOTE_ID_MAX_BYTES + 1];
    char after[REMOTE_ID_MAX_BYTES + 1];
    uint32_t mug = shop_product_id(shop, 0);
    uint32_t cup = shop_product_id(shop, 1);
    shop_remote_id(shop, 0, before);
    bench_absolute(shop, 1, 4, NOW_MS);
    assert_int_not_equal(shop_product_id(shop, 0), mug);
    assert_int_not_equal(shop_product_id(shop, 1), cup);
    mug = shop_product_id(shop, 0);
    assert_int_equal(shop_edit_level(shop, 0, 1, NOW_MS), 0);
    assert_int_not_equal(shop_product_id(shop, 0), mug);
    shop_remote_id(shop, 0, after);
    assert_string_equal(before, after);
    shop_free(shop);
}

static struct shop *single(int64_t level)
{
    struct shop_settings settings = {.kind = SHOP_ETSY};
    struct shop *shop = shop_new(&settings);
    assert_non_null(shop);
    assert_int_equal(shop_add(shop, "MUG", level, 0), 0);
    return shop;
}

/* Section 3: "Zero: all offerings 0 is refused" and "Total quantity ≤ 999". */
static void test_zero_and_a_thousand_are_refused(void **state)
{
    (void)state;
    struct shop *shop = single(5);
    assert_int_equal(bench_absolute(shop, 1, 0, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_absolute(shop, 2, 1000, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_absolute(shop, 3, -1, NOW_MS).outcome, ANSWER_REJECTED);
    assert_int_equal(bench_true_level(shop, 0), 5);
    shop_free(shop);
    shop = bench_shop(SHOP_ETSY, 5); /* of several variations one may be 0 */
    assert_int_equal(bench_absolute(shop, 1, 0, NOW_MS).level, 0);
    shop_free(shop);
}

/* Section 3: "single-unit listing: PATCH state=inactive": the level stays to be read, a write puts it back on
 * sale. */
static void test_pause_keeps_the_level_and_a_write_resumes(void **state)
{
    (void)state;
    struct shop *shop = single(5);
    bench_buy(shop, 1, NOW_MS);
    assert_int_equal(bench_pause(shop, 1, NOW_MS).level, 4);
    assert_int_equal(bench_pause(shop, 2, NOW_MS).level, 4);
    struct shop_basket basket = {.count = 1, .lines = {{0, 1}}};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -ERANGE);
    assert_int_equal(bench_absolute(shop, 3, 2, NOW_MS).level, 2);
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), 0);
    assert_int_equal(shop_fees(shop), 0);
    shop_free(shop);
}

/* Section 3: "reactivating a sold_out listing sets quantity 1 and renews (fee)". */
static void test_sold_out_costs_a_fee(void **state)
{
    (void)state;
    struct shop *shop = single(1);
    bench_buy(shop, 1, NOW_MS);
    assert_int_equal(bench_pause(shop, 1, NOW_MS).level, 0);
    assert_int_equal(shop_fees(shop), 0);
    assert_int_equal(bench_absolute(shop, 2, 3, NOW_MS).level, 3);
    assert_int_equal(shop_fees(shop), 1);
    bench_buy(shop, 3, NOW_MS);
    assert_int_equal(shop_resume(shop, 0, NOW_MS), 0); /* a person */
    assert_int_equal(bench_true_level(shop, 0), 1);
    assert_int_equal(shop_fees(shop), 2);
    shop_free(shop);
}

/* etsy/open-api#247: "Can not activate listing from 'sold out' state", 500. */
static void test_sold_out_may_be_stuck(void **state)
{
    (void)state;
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_ETSY, .relist_fails = true}, 2);
    struct shop_basket all = {.count = 2, .lines = {{0, 2}, {1, 7}}};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &all, NOW_MS, &order), 0);
    assert_int_equal(bench_absolute(shop, 1, 3, NOW_MS).outcome, ANSWER_UNKNOWN);
    assert_int_equal(bench_true_level(shop, 0), 0);
    assert_int_equal(shop_fees(shop), 0);
    assert_int_equal(shop_resume(shop, 0, NOW_MS), 0);
    assert_int_equal(bench_absolute(shop, 1, 3, NOW_MS).level, 3);
    shop_free(shop);
}

/* etsy/open-api#604: cancellations and refunds are not found by min_last_modified. */
static void test_changes_may_be_quiet(void **state)
{
    (void)state;
    struct answer_order_line line;
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_ETSY, .quiet_changes = true}, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    int64_t version = bench_order(shop, order, NOW_MS).version;
    assert_int_equal(shop_cancel(shop, order, false, NOW_MS + HOUR_MS), 0);
    assert_int_equal(bench_orders(shop, NOW_MS + MINUTE_MS, NOW_MS + HOUR_MS, &line, 1), 0);
    assert_int_equal(bench_order(shop, order, NOW_MS + HOUR_MS).state.cancelled, 2);
    assert_int_equal(bench_order(shop, order, NOW_MS + HOUR_MS).version, version);
    shop_free(shop);
}

/* Section 3: "Does a cancellation restock the listing? Not in the API texts": both, and no record of it
 * either way. */
static void test_cancel_restocks_or_not(void **state)
{
    (void)state;
    char text[96];
    for (int restocks = 0; restocks <= 1; restocks++) {
        struct shop_settings settings = {.kind = SHOP_ETSY, .cancel_restocks = restocks == 1};
        struct shop *shop = bench_shop_with(settings, 5);
        uint32_t order = bench_buy(shop, 2, NOW_MS);
        assert_int_equal(shop_cancel(shop, order, !restocks, NOW_MS), 0);
        assert_int_equal(bench_true_level(shop, 0), restocks ? 5 : 3);
        assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 2 0 0 0");
        assert_int_equal(shop_cancel(shop, order, true, NOW_MS), -EALREADY);
        shop_free(shop);
    }
}

/* Section 3: "Older complaint that cancelled receipts drop out of the list [#153]". */
static void test_cancelled_receipt_may_vanish(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop =
        bench_shop_with((struct shop_settings){.kind = SHOP_ETSY, .hides_cancelled = true}, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 0 0 0 0");
    assert_int_equal(shop_cancel(shop, order, false, NOW_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS, text), "-");
    struct shop_truth truth;
    assert_int_equal(shop_truths(shop, &truth, 1), 1);
    assert_true(truth.deleted_from_lists);
    assert_int_equal(truth.took, 2);
    shop_free(shop);
}

/* Section 3: "no lines or units in refunds": only the whole refund says something. */
static void test_partial_refund_shows_no_units(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop = bench_shop(SHOP_ETSY, 5);
    uint32_t order = bench_buy(shop, 3, NOW_MS);
    int64_t version = bench_order(shop, order, NOW_MS).version;
    assert_int_equal(shop_refund(shop, order, 0, 1, true, NOW_MS + MINUTE_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS, text), "3 0 0 0 0 0");
    assert_true(bench_order(shop, order, NOW_MS + MINUTE_MS).version > version);
    assert_int_equal(bench_true_level(shop, 0), 2);
    assert_int_equal(shop_refund(shop, order, 0, 3, true, NOW_MS + MINUTE_MS), -ERANGE);
    assert_int_equal(shop_refund(shop, order, 0, 2, true, NOW_MS + MINUTE_MS), 0);
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS, text), "3 0 3 0 0 0");
    shop_free(shop);
}

/* Section 3: "quantity falls when the order is placed/paid (moment [U])": shown as held until it is paid. */
static void test_quantity_falls_when_placed_or_when_paid(void **state)
{
    (void)state;
    char text[96];
    for (int at_payment = 0; at_payment <= 1; at_payment++) {
        struct shop_settings settings = {.kind = SHOP_ETSY, .falls_at_payment = at_payment == 1};
        struct shop *shop = bench_shop_with(settings, 5);
        uint32_t order = bench_buy_unpaid(shop, 2, NOW_MS);
        assert_int_equal(bench_true_level(shop, 0), at_payment ? 5 : 3);
        assert_string_equal(bench_vector(shop, order, NOW_MS, text), "0 2 0 0 0 0");
        assert_int_equal(shop_pay(shop, order, NOW_MS), 0);
        assert_int_equal(bench_true_level(shop, 0), 3);
        assert_string_equal(bench_vector(shop, order, NOW_MS, text), "2 0 0 0 0 0");
        order = bench_buy_unpaid(shop, 1, NOW_MS);
        assert_int_equal(shop_expire(shop, order, NOW_MS), 0);
        assert_int_equal(bench_true_level(shop, 0), at_payment ? 3 : 2);
        assert_string_equal(bench_vector(shop, order, NOW_MS, text), "0 0 0 0 0 0");
        shop_free(shop);
    }
}

/* Section 3, sales: receipts are found late; their level has fallen before. */
static void test_receipts_lag(void **state)
{
    (void)state;
    char text[96];
    struct shop *shop =
        bench_shop_with((struct shop_settings){.kind = SHOP_ETSY, .order_lag_ms = MINUTE_MS}, 5);
    uint32_t order = bench_buy(shop, 2, NOW_MS);
    assert_int_equal(bench_level(shop, NOW_MS), 3);
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS - 1, text), "-");
    assert_string_equal(bench_vector(shop, order, NOW_MS + MINUTE_MS, text), "2 0 0 0 0 0");
    shop_free(shop);
}

/* Section 3: "offset ≤ 12000": what lies beyond within one second cannot be read, and the answer says so. */
static void test_offset_cap(void **state)
{
    (void)state;
    struct answer_order_line lines[8];
    struct shop *shop =
        bench_shop_with((struct shop_settings){.kind = SHOP_ETSY, .offset_cap = 2, .page_orders = 1}, 9);
    for (int i = 0; i < 4; i++)
        bench_buy(shop, 1, NOW_MS + i);
    uint32_t later = bench_buy(shop, 1, NOW_MS + MINUTE_MS);
    assert_int_equal(bench_orders(shop, 0, NOW_MS + MINUTE_MS, lines, 8), 3);
    assert_true(bench_order(shop, later, NOW_MS + MINUTE_MS).complete);
    struct channel_request request = {.kind = REQUEST_ORDERS};
    struct channel_answer answer;
    bool complete = true;
    for (bool more = true; more;) {
        assert_int_equal(shop_serve(shop, &request, NOW_MS + MINUTE_MS, &answer), 0);
        complete = complete && answer.orders_complete;
        more = answer.has_more;
        for (size_t i = 0; i <= CURSOR_MAX_BYTES; i++)
            request.cursor[i] = answer.cursor[i];
        channel_answer_free(&answer);
    }
    assert_false(complete);
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absolute_write_overwrites_a_sale),
        cmocka_unit_test(test_whole_document_brings_back_what_was_sold_of_a_sibling),
        cmocka_unit_test(test_ids_change_with_each_write),
        cmocka_unit_test(test_zero_and_a_thousand_are_refused),
        cmocka_unit_test(test_pause_keeps_the_level_and_a_write_resumes),
        cmocka_unit_test(test_sold_out_costs_a_fee),
        cmocka_unit_test(test_sold_out_may_be_stuck),
        cmocka_unit_test(test_changes_may_be_quiet),
        cmocka_unit_test(test_cancel_restocks_or_not),
        cmocka_unit_test(test_cancelled_receipt_may_vanish),
        cmocka_unit_test(test_partial_refund_shows_no_units),
        cmocka_unit_test(test_quantity_falls_when_placed_or_when_paid),
        cmocka_unit_test(test_receipts_lag),
        cmocka_unit_test(test_offset_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
