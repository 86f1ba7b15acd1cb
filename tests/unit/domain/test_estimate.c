/* From order lines to limits and weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "domain/estimate.h"

enum { ITEMS = 8 };
static const int64_t day_ms = INT64_C(86400000), now_ms = INT64_C(1800000000000);

/* Items 1…8, each listed at channels 1 and 2; item 8 at channel 2 twice. */
static int setup(void **state)
{
    struct book *book = book_new();
    *state = book;
    for (uint32_t i = 1; book && i <= ITEMS; i++) {
        struct item item = {.alias = i};
        assert_int_equal(book_put_item(book, &item), 0);
        for (uint32_t n = 1; n <= (i == ITEMS ? 3 : 2); n++) {
            struct listing listing = {
                .channel = n == 3 ? 2 : n, .alias = n == 3 ? ITEMS + 1 : i, .item = i, .pack = 1};
            (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r%u", listing.alias);
            assert_int_equal(book_put_listing(book, &listing), 0);
        }
    }
    return book ? 0 : -1;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

struct lines {
    uint32_t count;
    struct estimate_line lines[2000];
};

static void add(struct lines *lines, uint32_t item, uint32_t channel, uint32_t listing, int64_t units,
                double days_ago)
{
    lines->lines[lines->count++] = (struct estimate_line){
        .item = item,
        .channel = channel,
        .listing = listing,
        .units = units,
        .created_ms = now_ms - (int64_t)(days_ago * (double)day_ms),
    };
}

static struct estimate run(struct book *book, const struct lines *lines, int64_t window_ms, double risk)
{
    struct estimate estimate;
    estimate_begin(&estimate, now_ms, window_ms, risk);
    for (uint32_t i = 0; i < lines->count; i++)
        estimate_observe(&estimate, &lines->lines[i]);
    estimate_fit(&estimate);
    for (uint32_t i = 0; i < lines->count; i++)
        assert_int_equal(estimate_apply(&estimate, &lines->lines[i], book), 0);
    assert_int_equal(estimate_end(&estimate, book), 0);
    return estimate;
}

/* Six items with an order of one unit a day, three quarters of them at channel 1; item 1 has eight a day.
 * Item 7 and 8 none. */
static struct lines *a_shop(void)
{
    static struct lines lines;
    lines.count = 0;
    for (uint32_t item = 1; item <= 6; item++)
        for (uint32_t n = 0; n < (item == 1 ? 48 : 8); n++)
            add(&lines, item, n % 4 ? 1 : 2, item, 1, item == 1 ? 1 + n / 8.0 : 1 + n);
    return &lines;
}

static uint32_t weight(const struct book *book, uint32_t channel, uint32_t listing)
{
    return book_weight(book, book_listing(book, channel, listing));
}

static void test_a_shop(void **state)
{
    struct book *book = *state;
    struct estimate estimate = run(book, a_shop(), day_ms / 24, 0.001);
    assert_true(estimate.prior.known);
    assert_int_equal(estimate.all_units, 48 + 5 * 8);
    assert_int_equal(estimate.channel_units[1], 36 + 5 * 6);
    for (uint32_t item = 1; item <= ITEMS; item++)
        assert_int_equal(book_limits(book, item).usual_order, 1);
    assert_true(book_limits(book, 1).enough > book_limits(book, 2).enough);     /* it sells best */
    assert_int_equal(book_limits(book, 7).enough, book_limits(book, 8).enough); /* as the shop as a whole */
    assert_true(book_limits(book, 8).enough >= 1);
    for (uint32_t item = 1; item < ITEMS; item++)
        assert_in_range(weight(book, 1, item), 3 * weight(book, 2, item) - 6, 3 * weight(book, 2, item) + 6);
    assert_int_equal(weight(book, 2, ITEMS), weight(book, 2, ITEMS + 1));
    /* what the model says of item 2, from its counts alone */
    struct demand demand;
    struct demand_counts counts = {.days = 8};
    for (int i = 0; i < 8; i++)
        demand_count(&counts, 1);
    demand_estimate(&estimate.prior, &counts, &demand);
    assert_int_equal(book_limits(book, 2).enough, demand_enough(&demand, 1.0 / 24, 0.001));
}

static void test_one_item_is_asked_for_elsewhere(void **state)
{
    struct book *book = *state;
    struct lines *lines = a_shop();
    for (int i = 0; i < 45; i++)
        add(lines, 7, 2, 7, 2, i + 0.5);
    struct estimate estimate = run(book, lines, day_ms / 24, 0.001);
    double part = (double)estimate.channel_units[2] / (double)estimate.all_units;
    double wanted = 65534 * (5 * part + 90) / 95;
    assert_in_range(weight(book, 2, 7), (uint32_t)wanted, (uint32_t)wanted + 1);
    assert_int_equal(book_limits(book, 7).usual_order, 2);
    assert_true(weight(book, 1, 2) > weight(book, 2, 2)); /* the others are not taken along */
}

static void test_what_does_not_count(void **state)
{
    struct book *book = *state;
    struct lines *lines = a_shop();
    uint32_t real = lines->count;
    struct estimate plain = run(book, lines, day_ms, 0.001);
    lines->count = 0;
    add(lines, 1, 1, 1, 0, 3); /* nothing ordered */
    add(lines, 1, 1, 1, -4, 3);
    for (uint32_t i = 0; i < real; i++) {
        struct lines *again = lines;
        uint32_t item = i < 48 ? 1 : 2 + (i - 48) / 8, n = i < 48 ? i : (i - 48) % 8;
        add(again, item, n % 4 ? 1 : 2, item, 1, item == 1 ? 1 + n / 8.0 : 1 + n);
    }
    add(lines, 6, 1, 6, 30, DEMAND_WINDOW_DAYS + 1); /* long ago: but it was there all the time */
    add(lines, ITEMS + 5, 1, 1, 1, 3);               /* of an item that the book does not have */
    struct estimate estimate = run(book, lines, day_ms, 0.001);
    assert_int_equal(estimate.all_units, plain.all_units + 1);
    assert_true(estimate.moments.days > plain.moments.days + 80);
    assert_true(estimate.moments.orders > 0 && estimate.moments.items == plain.moments.items + 1);
}

/* An item in the middle that nobody asked for is as one at the end. */
static void test_a_silent_item(void **state)
{
    struct book *book = *state;
    struct lines lines = {0};
    for (uint32_t item = 1; item <= 7; item++)
        for (int n = 0; n < 8 && item != 3; n++)
            add(&lines, item, 1, item, 1, 1 + n);
    assert_true(run(book, &lines, day_ms, 0.001).prior.known);
    assert_true(book_limits(book, 3).enough > 0 && weight(book, 1, 3) > 0);
    assert_int_equal(book_limits(book, 3).enough, book_limits(book, 8).enough);
}

/* Too little is known: even shares, nothing mirrored by auto; what was known before is forgotten. */
static void test_too_little(void **state)
{
    struct book *book = *state;
    (void)run(book, a_shop(), day_ms, 0.001);
    assert_true(weight(book, 1, 1) > 0 && book_limits(book, 1).enough > 0);
    struct lines lines = {0};
    add(&lines, 1, 1, 1, 1, 3);
    struct estimate estimate = run(book, &lines, day_ms, 0.001);
    assert_false(estimate.prior.known);
    for (uint32_t item = 1; item <= ITEMS; item++) {
        assert_int_equal(book_limits(book, item).usual_order + book_limits(book, item).enough, 0);
        assert_int_equal(weight(book, 1, item) + weight(book, 2, item), 0);
    }
    lines.count = 0;
    estimate = run(book, &lines, day_ms, 0.001);
    assert_false(estimate.prior.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_shop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_item_is_asked_for_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_silent_item, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_little, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
