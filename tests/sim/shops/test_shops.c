/* What all models have alike: copies, sameness, the truth, the practice shop behind the same interface, and
 * what goes wrong on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "shop_bench.h"
#include "shop_wire.h"

static const enum shop_kind kinds[] = {SHOP_PRACTICE, SHOP_SHOPIFY, SHOP_SQUARE, SHOP_ETSY, SHOP_WOO};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The write that each kind takes; down to 4 from 5. */
static struct written lower(struct shop *shop, uint8_t key, int64_t now_ms)
{
    bool absolute = !shop_caps(shop_settings(shop))->delta_down;
    return absolute ? bench_absolute(shop, key, 4, now_ms) : bench_delta(shop, key, -1, now_ms);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        enum shop_kind kind;
        assert_true(shop_kind_find(shop_kind_name(kinds[i]), &kind));
        assert_int_equal(kind, kinds[i]);
    }
    enum shop_kind kind;
    assert_false(shop_kind_find("ebay", &kind));
    struct shop_settings settings = {.kind = (enum shop_kind)9};
    assert_null(shop_new(&settings));
}

static void test_copy_is_independent(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct shop *shop = bench_shop(kinds[i], 5);
        bench_buy(shop, 1, NOW_MS);
        struct shop *copy = shop_copy(shop);
        assert_non_null(copy);
        assert_true(shop_hash(shop, NOW_MS) == shop_hash(copy, NOW_MS));
        bench_buy(copy, 1, NOW_MS);
        assert_int_equal(bench_true_level(shop, 0), 4);
        assert_int_equal(bench_true_level(copy, 0), 3);
        assert_true(shop_hash(shop, NOW_MS) != shop_hash(copy, NOW_MS));
        shop_free(shop);
        assert_int_equal(lower(copy, 1, NOW_MS).outcome, ANSWER_DONE);
        shop_free(copy);
    }
}

/* Each level is what it was, less what orders took: in all models, after everything that people do. */
static void test_truth_adds_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct shop *shop = bench_shop(kinds[i], 9);
        uint32_t one = bench_buy(shop, 3, NOW_MS);
        uint32_t two = bench_buy(shop, 2, NOW_MS);
        assert_int_equal(shop_cancel(shop, one, true, NOW_MS), 0);
        assert_int_equal(shop_ship(shop, two, 0, 0, NOW_MS), 0);
        int result = shop_refund(shop, two, 0, 1, true, NOW_MS);
        assert_int_equal(result, kinds[i] == SHOP_PRACTICE ? -ENOTSUP : 0);
        struct shop_truth truths[8];
        uint32_t count = shop_truths(shop, truths, 8);
        int64_t took = 0;
        assert_true(count == 2 || (kinds[i] == SHOP_SQUARE && count == 3));
        for (uint32_t j = 0; j < count; j++)
            took += truths[j].took;
        assert_int_equal(bench_true_level(shop, 0), 9 - took);
        assert_int_equal(shop_truths(shop, truths, 1), count);
        assert_int_equal(shop_edit_level(shop, 0, -1, NOW_MS), 0);
        assert_int_equal(bench_true_level(shop, 0), 8 - took);
        assert_int_equal(shop_set_level(shop, 0, 6, 0, NOW_MS), 0);
        assert_int_equal(bench_level(shop, NOW_MS), 6);
        shop_free(shop);
    }
}

/* Ids, versions and past times are no future. */
static void test_hash_knows_only_the_future(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct shop *early = bench_shop(kinds[i], 5);
        struct shop *late = bench_shop(kinds[i], 5);
        bench_buy(early, 1, NOW_MS);
        bench_buy(late, 1, NOW_MS + HOUR_MS);
        assert_true(shop_hash(early, NOW_MS + HOUR_MS) == shop_hash(late, NOW_MS + HOUR_MS));
        assert_int_equal(lower(late, 1, NOW_MS + HOUR_MS).outcome, ANSWER_DONE);
        if (kinds[i] != SHOP_ETSY && kinds[i] != SHOP_WOO)
            assert_true(shop_hash(early, NOW_MS + HOUR_MS) != shop_hash(late, NOW_MS + HOUR_MS));
        shop_free(early);
        shop_free(late);
    }
    struct shop_settings settings = {.kind = SHOP_SHOPIFY, .order_lag_ms = MINUTE_MS};
    struct shop *shop = bench_shop_with(settings, 5);
    bench_buy(shop, 1, NOW_MS);
    uint64_t lagging = shop_hash(shop, NOW_MS);
    assert_true(lagging != shop_hash(shop, NOW_MS + MINUTE_MS));
    assert_true(shop_hash(shop, NOW_MS + MINUTE_MS) == shop_hash(shop, NOW_MS + 2 * MINUTE_MS));
    shop_free(shop);
}

static void test_write_state_is_what_the_shop_remembers(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct shop *shop = bench_shop(kinds[i], 5);
        struct id128 key = {.bytes = {1}};
        struct id128 op = {.bytes = {0xee, 1}};
        int64_t level;
        assert_int_equal(shop_write_state(shop, key, op, NOW_MS, &level), SHOP_WRITE_UNKNOWN);
        lower(shop, 1, NOW_MS);
        bool remembers = kinds[i] != SHOP_ETSY && kinds[i] != SHOP_WOO;
        assert_int_equal(shop_write_state(shop, key, op, NOW_MS, &level),
                         remembers ? SHOP_WRITE_APPLIED : SHOP_WRITE_UNKNOWN);
        assert_int_equal(level, remembers ? 4 : INT64_MIN);
        assert_int_equal(shop_write_state(shop, key, op, NOW_MS + DAY_MS, NULL),
                         kinds[i] == SHOP_SQUARE ? SHOP_WRITE_APPLIED : SHOP_WRITE_UNKNOWN);
        shop_free(shop);
    }
}

/* channels.md section 8: "a sale between read and write", "reply lost after the effect", a request applied
 * late, delivered twice, 429 and 5xx. What a repeat does then is each shop's own. */
static void test_faults_on_the_way(void **state)
{
    (void)state;
    const struct {
        enum shop_fault fault;
        bool done, unheard;
    } faults[] = {
        {SHOP_FAULT_NONE, true, false},         {SHOP_FAULT_OFFLINE, false, true},
        {SHOP_FAULT_REQUEST_LOST, false, true}, {SHOP_FAULT_REPLY_LOST, true, true},
        {SHOP_FAULT_LATE, false, true},         {SHOP_FAULT_SLOW, false, true},
        {SHOP_FAULT_TWICE, true, false},        {SHOP_FAULT_BUSY, false, true},
        {SHOP_FAULT_ERROR, false, true},        {SHOP_FAULT_ERROR_DONE, true, true},
        {SHOP_FAULT_HALF, false, true},         {SHOP_FAULT_TOKEN, false, true},
    };
    for (size_t i = 0; i < KINDS; i++)
        for (size_t j = 0; j < sizeof faults / sizeof faults[0]; j++) {
            struct shop *shop = bench_shop(kinds[i], 5);
            struct shop_wire wire = {0};
            struct one_write one;
            struct channel_answer answer;
            bool absolute = !shop_caps(shop_settings(shop))->delta_down;
            bench_fill(shop, &one, 1, absolute ? WRITE_ABSOLUTE : WRITE_DELTA, absolute ? 4 : -1);
            one.request.writes = &one.write;
            assert_int_equal(shop_wire_send(&wire, shop, &one.request, faults[j].fault, NOW_MS, &answer), 0);
            assert_true((answer.outcome == ANSWER_DONE) == !faults[j].unheard);
            assert_int_equal(bench_true_level(shop, 0), faults[j].done ? 4 : 5);
            channel_answer_free(&answer);
            if (wire.late_count)
                assert_int_equal(shop_wire_deliver(&wire, shop, 0, NOW_MS, NULL), 0);
            bool late = faults[j].fault == SHOP_FAULT_LATE || faults[j].fault == SHOP_FAULT_SLOW;
            assert_int_equal(bench_true_level(shop, 0), faults[j].done || late ? 4 : 5);
            assert_int_equal(wire.late_count, 0);
            assert_int_equal(shop_wire_deliver(&wire, shop, 0, NOW_MS, NULL), -ENOENT);
            shop_free(shop);
        }
}

static void test_late_requests_are_bounded(void **state)
{
    (void)state;
    struct shop *shop = bench_shop(SHOP_ETSY, 5);
    struct shop_wire wire = {0};
    struct one_write one;
    struct channel_answer answer;
    bench_fill(shop, &one, 1, WRITE_ABSOLUTE, 4);
    one.request.writes = &one.write;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_SLOW, NOW_MS, &answer), 0);
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_SLOW, NOW_MS, &answer), -EBUSY);
    one.write.to = 2;
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_LATE, NOW_MS, &answer), 0);
    assert_int_equal(shop_wire_send(&wire, shop, &one.request, SHOP_FAULT_LATE, NOW_MS, &answer), -E2BIG);
    assert_int_equal(shop_wire_drop(&wire, shop, 0), 0);
    assert_false(shop_is_started(shop));
    assert_int_equal(shop_wire_deliver(&wire, shop, 0, NOW_MS, &answer), 0);
    assert_int_equal(answer.levels_after[0], 2);
    channel_answer_free(&answer);
    shop_free(shop);
}

/* The shop's clock never runs backwards, so what it showed once stays before what comes later. */
static void test_clock_never_runs_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct shop *shop = bench_shop(kinds[i], 5);
        uint32_t first = bench_buy(shop, 1, NOW_MS + HOUR_MS);
        uint32_t second = bench_buy(shop, 1, NOW_MS);
        int64_t version = bench_order(shop, first, NOW_MS).version;
        assert_true(bench_order(shop, second, NOW_MS).version >= version);
        shop_free(shop);
    }
}

/* Long campaigns: finished orders make room, open and unpaid ones stay. */
static void test_archive_keeps_what_is_open(void **state)
{
    (void)state;
    struct shop *shop = bench_shop_with((struct shop_settings){.kind = SHOP_WOO, .orders_max = 3}, 9);
    uint32_t open = bench_buy(shop, 1, NOW_MS);
    uint32_t unpaid = bench_buy_unpaid(shop, 1, NOW_MS);
    uint32_t done = bench_buy(shop, 1, NOW_MS);
    struct shop_basket basket = {.count = 1, .lines = {{0, 1}}};
    uint32_t order;
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -E2BIG);
    assert_int_equal(shop_ship(shop, done, 0, 0, NOW_MS), 0);
    shop_archive(shop, NOW_MS);
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -E2BIG);
    shop_archive(shop, NOW_MS + 1);
    assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), 0);
    assert_true(bench_order(shop, open, NOW_MS).complete && bench_order(shop, unpaid, NOW_MS).complete);
    assert_false(bench_order(shop, done, NOW_MS).complete);
    assert_int_equal(bench_true_level(shop, 0), 6);
    shop_free(shop);
}

/* A basket of two lines is one order; open_only shows what is open, whatever its age. */
static void test_baskets_and_baseline(void **state)
{
    (void)state;
    for (size_t i = 1; i < KINDS; i++) {
        struct shop *shop = bench_shop(kinds[i], 5);
        struct shop_basket basket = {.count = 2, .lines = {{0, 2}, {1, 3}}};
        uint32_t order;
        assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), 0);
        uint32_t done = bench_buy(shop, 1, NOW_MS);
        assert_int_equal(shop_ship(shop, done, 0, 0, NOW_MS), 0);
        struct channel_request request = {
            .kind = REQUEST_ORDERS, .open_only = true, .since_ms = NOW_MS + DAY_MS};
        struct channel_answer answer;
        assert_int_equal(shop_serve(shop, &request, NOW_MS + DAY_MS, &answer), 0);
        assert_int_equal(answer.count, 2);
        assert_int_equal(answer.orders[1].lines_in_order, 2);
        assert_int_equal(answer.orders[1].state.ordered, 3);
        assert_string_equal(answer.orders[1].sku, "CUP");
        channel_answer_free(&answer);
        basket.lines[1].quantity = 5;
        assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -ERANGE);
        assert_int_equal(bench_true_level(shop, 0), 2); /* nothing of it */
        basket.lines[1].listing = 0;
        assert_int_equal(shop_buy(shop, &basket, NOW_MS, &order), -EINVAL);
        shop_free(shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_copy_is_independent),
        cmocka_unit_test(test_truth_adds_up),
        cmocka_unit_test(test_hash_knows_only_the_future),
        cmocka_unit_test(test_write_state_is_what_the_shop_remembers),
        cmocka_unit_test(test_faults_on_the_way),
        cmocka_unit_test(test_late_requests_are_bounded),
        cmocka_unit_test(test_clock_never_runs_back),
        cmocka_unit_test(test_archive_keeps_what_is_open),
        cmocka_unit_test(test_baskets_and_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
