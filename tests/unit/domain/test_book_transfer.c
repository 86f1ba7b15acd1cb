/* Units that move between places: packed for a market, and home again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "domain/book.h"

enum { ITEM = 1, STUDIO = 1, BOOTH = 2 };

static int setup(void **state)
{
    struct item item = {.alias = ITEM};
    struct book *book = book_new();
    *state = book;
    return book ? book_put_item(book, &item) : -1;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

static struct event moved(int64_t quantity, uint32_t from, uint32_t to)
{
    return (struct event){.kind = EVENT_TRANSFER, .version = 1, .transfer = {ITEM, quantity, from, to}};
}

static void assert_on_hand(const struct book *book, int64_t studio, int64_t booth)
{
    assert_int_equal(book_stock(book, ITEM, STUDIO).on_hand, studio);
    assert_int_equal(book_stock(book, ITEM, BOOTH).on_hand, booth);
    assert_int_equal(book_stock_total(book, ITEM).on_hand, studio + booth);
}

static void test_units_move(void **state)
{
    struct book *book = *state;
    assert_int_equal(book_put_stock(book, ITEM, STUDIO, (struct stock){5, 2}), 0);
    struct event event = moved(3, STUDIO, BOOTH);
    assert_int_equal(book_reserve_event(book, &event), 0);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_on_hand(book, 2, 3);
    assert_int_equal(book_stock(book, ITEM, STUDIO).committed,
                     2); /* orders stay where they are filled from */
    event = moved(3, BOOTH, STUDIO);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_on_hand(book, 5, 0);
    event = moved(4, STUDIO, STUDIO);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_on_hand(book, 5, 0);
    event = moved(7, STUDIO, BOOTH); /* a fact, also beyond the ledger */
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_on_hand(book, -2, 7);
    event.transfer.item = 0; /* of nothing we know */
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_on_hand(book, -2, 7);
}

static void test_nothing_leaves_for_nowhere(void **state)
{
    static const uint32_t nowhere[] = {0, LOCATIONS_MAX + 1, UINT32_MAX};
    struct book *book = *state;
    assert_int_equal(book_put_stock(book, ITEM, STUDIO, (struct stock){5, 0}), 0);
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        struct event away = moved(1, STUDIO, nowhere[i]), back = moved(1, nowhere[i], STUDIO);
        assert_int_equal(book_reserve_event(book, &away), -E2BIG);
        assert_int_equal(book_reserve_event(book, &back), -E2BIG);
        assert_int_equal(book_apply_event(book, &away), -E2BIG);
        assert_int_equal(book_apply_event(book, &back), -E2BIG);
        assert_on_hand(book, 5, 0);
    }
    struct event event = moved(1, LOCATIONS_MAX, LOCATIONS_MAX - 1);
    assert_int_equal(book_reserve_event(book, &event), 0);
    assert_true(book_has_location(book, LOCATIONS_MAX) && book_has_location(book, LOCATIONS_MAX - 1));
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_int_equal(book_stock(book, ITEM, LOCATIONS_MAX).on_hand, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_units_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_leaves_for_nowhere, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
