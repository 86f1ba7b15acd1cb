/* From a sale until the channel has followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sync/sale_lag.h"

static enum sale_lag_state as_told(const void *user, uint32_t listing)
{
    const enum sale_lag_state *states = user;
    return states[listing];
}

static void each_sale_counts_once_when_its_listing_rests(void **state)
{
    (void)state;
    struct sale_lag *lag = calloc(1, sizeof *lag);
    enum sale_lag_state states[3] = {SALE_LAG_NEVER, SALE_LAG_WAITS, SALE_LAG_WAITS};
    assert_non_null(lag);
    sale_lag_sold(lag, 1, 1000);
    sale_lag_sold(lag, 2, 1500);
    sale_lag_sold(lag, 1, 2000);
    sale_lag_sold(lag, 0, 2000);
    sale_lag_settle(lag, as_told, states, 2100);
    assert_int_equal(lag->count, 3); /* what was parked never will be */
    assert_int_equal(lag->took.count, 0);
    states[1] = SALE_LAG_ACKNOWLEDGED;
    sale_lag_settle(lag, as_told, states, 5000);
    assert_int_equal(lag->count, 1);
    assert_int_equal(lag->took.count, 2);
    assert_int_equal(lag->took.sum_ms, 4000 + 3000);
    states[2] = SALE_LAG_ACKNOWLEDGED;
    sale_lag_settle(lag, as_told, states, 6000);
    assert_int_equal(lag->count, 0);
    assert_int_equal(lag->took.sum_ms, 4000 + 3000 + 4500);
    free(lag);
}

static void more_than_fit_are_said_to_be_missing(void **state)
{
    (void)state;
    struct sale_lag *lag = calloc(1, sizeof *lag);
    enum sale_lag_state states[2] = {SALE_LAG_NEVER, SALE_LAG_ACKNOWLEDGED};
    assert_non_null(lag);
    for (int i = 0; i < SALE_LAG_WAITING_MAX + 7; i++)
        sale_lag_sold(lag, 1, i);
    assert_int_equal(lag->missed, 7);
    sale_lag_settle(lag, as_told, states, SALE_LAG_WAITING_MAX);
    assert_int_equal(lag->took.count, SALE_LAG_WAITING_MAX);
    assert_int_equal(lag->count, 0);
    free(lag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sale_counts_once_when_its_listing_rests),
        cmocka_unit_test(more_than_fit_are_said_to_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
