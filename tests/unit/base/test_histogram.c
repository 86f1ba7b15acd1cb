/* Quantiles of a histogram against those of the sorted values: never below, never further above than
 * promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/histogram.h"

enum { VALUES = 2000, ROUNDS = 40 };

static uint64_t next(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static int by_size(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Uniform below a bound, all powers of ten alike, few different ones, around powers of two. */
static int64_t any_value(uint64_t *random, int shape)
{
    uint64_t bits = next(random);
    switch (shape) {
    case 0:
        return (int64_t)(bits % 1000);
    case 1:
        return (int64_t)(bits >> (bits % 33 + 31)) & INT64_C(0xffffffff);
    case 2:
        return (int64_t)(bits % 3) * 137;
    default:
        return (INT64_C(1) << (bits % 32)) + (int64_t)(bits >> 60) % 3 - 1;
    }
}

static void quantiles_are_never_below_and_hardly_above(void **state)
{
    (void)state;
    uint64_t random = 20261124;
    int64_t values[VALUES];
    for (int round = 0; round < ROUNDS; round++) {
        struct histogram histogram = {0};
        int count = (int)(next(&random) % VALUES) + 1;
        uint64_t sum = 0;
        for (int i = 0; i < count; i++) {
            values[i] = any_value(&random, round % 4);
            histogram_add(&histogram, values[i]);
            sum += (uint64_t)values[i];
        }
        qsort(values, (size_t)count, sizeof values[0], by_size);
        assert_int_equal(histogram.count, count);
        assert_int_equal(histogram.sum_ms, sum);
        for (uint32_t per_mille = 1; per_mille <= 1000; per_mille++) {
            int64_t rank = ((int64_t)count * per_mille + 999) / 1000;
            int64_t exact = values[rank - 1], told = histogram_quantile_ms(&histogram, per_mille);
            assert_true(told >= exact);
            assert_true(told <= exact + exact / 16 + 1);
        }
    }
}

static void counts_up_to_a_power_of_two_are_exact(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct histogram histogram = {0};
    uint64_t until[HISTOGRAM_OCTAVES_LAST + 1] = {0};
    for (int i = 0; i < VALUES; i++) {
        int64_t value = any_value(&random, i % 4);
        histogram_add(&histogram, value);
        for (uint32_t octave = 0; octave <= HISTOGRAM_OCTAVES_LAST; octave++)
            until[octave] += value <= INT64_C(1) << octave;
    }
    for (uint32_t octave = 0; octave <= HISTOGRAM_OCTAVES_LAST; octave++)
        assert_int_equal(histogram_until(&histogram, octave), until[octave]);
}

static void what_is_beyond_the_range_is_counted_all_the_same(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    assert_int_equal(histogram_quantile_ms(&histogram, 500), -1);
    histogram_add(&histogram, -5);
    histogram_add(&histogram, INT64_MAX);
    histogram_add(&histogram, INT64_C(1) << HISTOGRAM_RANGE_BITS);
    assert_int_equal(histogram.count, 3);
    assert_int_equal(histogram_quantile_ms(&histogram, 1), 1);
    assert_int_equal(histogram_quantile_ms(&histogram, 1000), INT64_C(1) << HISTOGRAM_RANGE_BITS);
    assert_int_equal(histogram_until(&histogram, HISTOGRAM_OCTAVES_LAST), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_never_below_and_hardly_above),
        cmocka_unit_test(counts_up_to_a_power_of_two_are_exact),
        cmocka_unit_test(what_is_beyond_the_range_is_counted_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
