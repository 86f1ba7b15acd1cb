/* Laws that hold in every model whatever is done to it: random buyers, people, apps, writes and faults.
 *
 * - a line's state is possible, and so is what its level lost;
 * - what orders do to a level is exactly what their lines say they took;
 * - where a shop's records tell everything (Shopify without restocking order edits, Square, WooCommerce
 * without deletions), what the adapter shows adds up to it too: level lost = ordered − restored;
 * - reading changes nothing; a copy has the same future; archiving moves no level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain/order_vector.h"
#include "shop_bench.h"
#include "shop_wire.h"

enum { STEPS = 4000, ROUNDS = 6, TRUTHS_MAX = 64, ORDERS_MAX = 5 };

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice->state >> 33) % sides;
}

static struct shop_settings settings_of(enum shop_kind kind, struct dice *dice)
{
    return (struct shop_settings){
        .kind = kind,
        .orders_max = ORDERS_MAX,
        .writes_max = 40,
        .page_orders = 1 + roll(dice, 4),
        .order_lag_ms = roll(dice, 2) * 30000,
        .falls_at_payment = roll(dice, 2),
        .cancel_restocks = roll(dice, 2),
        .hides_cancelled = roll(dice, 2),
        .relist_fails = roll(dice, 2),
        .quiet_changes = roll(dice, 2),
        .failed_restocks = roll(dice, 2),
        .order_writes = roll(dice, 2),
    };
}

/* An order that exists; 1000 where there is none. */
static uint32_t any_order(const struct shop *shop, struct dice *dice, uint32_t *line)
{
    struct shop_truth truths[TRUTHS_MAX];
    uint32_t count = shop_truths(shop, truths, TRUTHS_MAX);
    if (!count)
        return 1000;
    uint32_t at = roll(dice, count);
    *line = truths[at].line_index;
    return truths[at].number;
}

/* Something that happens to orders only. */
static int orders_step(struct shop *shop, struct dice *dice, int64_t now_ms)
{
    static const char *const statuses[] = {"pending",   "processing", "on-hold", "completed",
                                           "cancelled", "failed",     "refunded"};
    uint32_t line = 0;
    uint32_t order = any_order(shop, dice, &line);
    bool restock = roll(dice, 2);
    struct shop_basket basket = {.count = 1 + roll(dice, 2),
                                 .lines = {{0, 1 + roll(dice, 3)}, {1, 1 + roll(dice, 3)}},
                                 .unpaid = roll(dice, 3) == 0,
                                 .offline = roll(dice, 4) == 0,
                                 .taken_ms = now_ms - roll(dice, 80 * 3600) * INT64_C(1000)};
    switch (roll(dice, 10)) {
    case 0:
    case 1:
    case 2:
        return shop_buy(shop, &basket, now_ms, &order);
    case 3:
        return shop_pay(shop, order, now_ms);
    case 4:
        return shop_expire(shop, order, now_ms);
    case 5:
        return shop_cancel(shop, order, restock, now_ms);
    case 6:
        return shop_ship(shop, order, line, roll(dice, 3), now_ms);
    case 7:
        return shop_refund(shop, order, line, 1 + roll(dice, 2), restock, now_ms);
    case 8: /* with restock nothing shows it: the law would not hold */
        return shop_edit_order(shop, order, line, roll(dice, 2) ? 1 : -1, false, now_ms);
    default:
        return shop_set_status(shop, order, statuses[roll(dice, 7)], now_ms);
    }
}

/* Something that happens to listings, or that we ask for. */
static void listings_step(struct shop *shop, struct shop_wire *wire, struct dice *dice, int64_t now_ms)
{
    struct one_write one;
    struct channel_answer answer;
    const struct channel_caps *caps = shop_caps(shop_settings(shop));
    bool absolute = !caps->delta_down || roll(dice, 4) == 0;
    int result = 0;
    switch (roll(dice, 5)) {
    case 0:
        result = shop_edit_level(shop, roll(dice, 2), (int64_t)roll(dice, 5) - 2, now_ms);
        break;
    case 1:
        result = shop_set_level(shop, roll(dice, 2), roll(dice, 9), now_ms - roll(dice, 2) * INT64_C(60000),
                                now_ms);
        break;
    case 2:
        result = roll(dice, 2) ? shop_pause(shop, 0, now_ms) : shop_resume(shop, 0, now_ms);
        break;
    case 3:
        if (wire->late_count)
            result = shop_wire_deliver(wire, shop, roll(dice, wire->late_count), now_ms, NULL);
        break;
    default:
        bench_fill(shop, &one, (uint8_t)(1 + roll(dice, 60)), absolute ? WRITE_ABSOLUTE : WRITE_DELTA,
                   absolute ? 1 + roll(dice, 9) : (int64_t)roll(dice, 5) - 2);
        one.request.writes = &one.write;
        result = shop_wire_send(wire, shop, &one.request, (enum shop_fault)roll(dice, SHOP_FAULTS), now_ms,
                                &answer);
        if (result == 0)
            channel_answer_free(&answer);
    }
    assert_true(result <= 0 && result != -ENOMEM);
}

/* Units each listing lost to orders. shown: by what the adapter shows. */
static void sum_lines(const struct shop *shop, int64_t took[2], int64_t shown[2])
{
    struct shop_truth truths[TRUTHS_MAX];
    uint32_t count = shop_truths(shop, truths, TRUTHS_MAX);
    took[0] = took[1] = shown[0] = shown[1] = 0;
    assert_true(count <= TRUTHS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct order_vector *state = &truths[i].line.state;
        /* nobody is shown our own orders, which two at once make take twice */
        assert_true(truths[i].deleted_from_lists || order_vector_is_plausible(state));
        if (strncmp(truths[i].line.source_key, "order-", 6) == 0) {
            assert_true(state->cancelled + state->handed_over <= state->ordered || state->held);
            assert_true(state->returned_sellable <= state->handed_over);
            assert_true(truths[i].took >= 0);
        }
        took[truths[i].listing] += truths[i].took;
        shown[truths[i].listing] += state->ordered - state->restored;
    }
}

static void check_step(struct shop *shop, enum shop_kind kind, const int64_t before[4], int64_t now_ms)
{
    int64_t took[2];
    int64_t shown[2];
    sum_lines(shop, took, shown);
    for (uint32_t i = 0; i < 2; i++) {
        if (kind != SHOP_SQUARE) /* a late sale may have been counted already */
            assert_int_equal(bench_true_level(shop, i) - before[i], before[2 + i] - took[i]);
        if (kind != SHOP_ETSY)
            assert_int_equal(shown[i], took[i]);
    }
    uint64_t hash = shop_hash(shop, now_ms);
    struct answer_order_line line;
    (void)bench_orders(shop, 0, now_ms, &line, 1);
    assert_int_equal(bench_level(shop, now_ms), bench_true_level(shop, 0));
    assert_true(shop_hash(shop, now_ms) == hash);
}

static void run_round(enum shop_kind kind, uint64_t seed)
{
    struct dice dice = {seed};
    struct shop *shop = bench_shop_with(settings_of(kind, &dice), 6);
    struct shop_wire wire = {0};
    int64_t now_ms = NOW_MS;
    uint32_t done = 0;
    for (int i = 0; i < STEPS; i++) {
        now_ms += roll(&dice, 3) * INT64_C(20000);
        if (roll(&dice, 3) == 0)
            listings_step(shop, &wire, &dice, now_ms);
        int64_t before[4];
        int64_t shown[2];
        before[0] = bench_true_level(shop, 0);
        before[1] = bench_true_level(shop, 1);
        sum_lines(shop, &before[2], shown);
        uint64_t hash = shop_hash(shop, now_ms);
        struct dice again = dice;
        struct shop *copy = shop_copy(shop);
        assert_non_null(copy);
        int result = orders_step(shop, &dice, now_ms);
        assert_int_equal(orders_step(copy, &again, now_ms), result);
        assert_true(shop_hash(shop, now_ms) == shop_hash(copy, now_ms));
        shop_free(copy);
        assert_true(result == 0 || shop_hash(shop, now_ms) == hash); /* refused: nothing has changed */
        done += result == 0;
        check_step(shop, kind, before, now_ms);
        if (i % 20 == 19) {
            now_ms += 5 * DAY_MS;
            int64_t level = bench_level(shop, now_ms);
            shop_archive(shop, now_ms - 1000);
            int edited = shop_edit_level(shop, 0, 0, now_ms); /* Square adds its ledger up anew */
            assert_true(edited == 0 || kind == SHOP_ETSY);
            assert_int_equal(bench_true_level(shop, 0), level);
            if (kind != SHOP_PRACTICE &&
                roll(&dice, 10) == 0) { /* whatever stays open fills it up: begin anew */
                shop_free(shop);
                shop = bench_shop_with(settings_of(kind, &dice), 6);
                wire = (struct shop_wire){0};
            }
        }
    }
    assert_true(done > STEPS / 40);
    shop_free(shop);
}

static void run_kind(enum shop_kind kind)
{
    for (uint64_t round = 0; round < ROUNDS; round++)
        run_round(kind, round * 7919 + kind);
}

/* The practice shop says of itself that it keeps Shopify's rules: the same is done to both. */
static void test_practice_shop_is_like_shopify(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct dice dice = {round};
        struct shop *two[2];
        for (int i = 0; i < 2; i++)
            two[i] = bench_shop_with((struct shop_settings){.kind = i ? SHOP_SHOPIFY : SHOP_PRACTICE,
                                                            .orders_max = 200,
                                                            .writes_max = 400},
                                     6);
        int64_t now_ms = NOW_MS;
        for (int step = 0; step < 200; step++) {
            now_ms += roll(&dice, 3) * INT64_C(7200000);
            uint32_t what = roll(&dice, 6);
            uint32_t order = 1001 + roll(&dice, 12);
            bool restock = roll(&dice, 2);
            int64_t units = 1 + roll(&dice, 3);
            uint8_t key = (uint8_t)(1 + roll(&dice, 30));
            enum write_method method = roll(&dice, 2) ? WRITE_DELTA : WRITE_COMPARE;
            int64_t from = roll(&dice, 2) ? bench_true_level(two[0], 0) : 3;
            int result[2] = {0};
            struct written written[2] = {0};
            for (int i = 0; i < 2; i++) {
                struct one_write one;
                struct shop_basket basket = {.count = 1, .lines = {{0, units}}};
                uint32_t number;
                bench_fill(two[i], &one, key, method, units - 2);
                one.write.from = from;
                if (what < 2)
                    result[i] = shop_buy(two[i], &basket, now_ms, &number);
                else if (what == 2)
                    result[i] = shop_cancel(two[i], order, restock, now_ms);
                else if (what == 3)
                    result[i] = shop_ship(two[i], order, 0, 0, now_ms);
                else
                    written[i] = bench_send(two[i], &one, now_ms);
            }
            assert_int_equal(result[0], result[1]);
            assert_int_equal(written[0].outcome, written[1].outcome);
            assert_int_equal(written[0].unproven, written[1].unproven);
            assert_int_equal(written[0].level, written[1].level);
            assert_int_equal(bench_true_level(two[0], 0), bench_true_level(two[1], 0));
            char texts[2][96];
            assert_string_equal(bench_vector(two[0], order, now_ms, texts[0]),
                                bench_vector(two[1], order, now_ms, texts[1]));
        }
        shop_free(two[0]);
        shop_free(two[1]);
    }
}

static void test_shopify(void **state)
{
    (void)state;
    run_kind(SHOP_SHOPIFY);
}

static void test_square(void **state)
{
    (void)state;
    run_kind(SHOP_SQUARE);
}

static void test_etsy(void **state)
{
    (void)state;
    run_kind(SHOP_ETSY);
}

static void test_woocommerce(void **state)
{
    (void)state;
    run_kind(SHOP_WOO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_practice_shop_is_like_shopify),
        cmocka_unit_test(test_shopify),
        cmocka_unit_test(test_square),
        cmocka_unit_test(test_etsy),
        cmocka_unit_test(test_woocommerce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
