/* Splitting units by what is asked for, and leaving them where they are when that is good enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/shares.h"

/* Weights and packs of three; what each gets of `units`. */
static void split(int64_t units, const uint32_t weights[3], const int64_t packs[3], const int64_t wanted[3])
{
    struct share shares[3];
    for (int i = 0; i < 3; i++)
        shares[i] = (struct share){.weight = weights[i], .pack = packs[i]};
    shares_split(shares, 3, units);
    for (int i = 0; i < 3; i++)
        assert_int_equal(shares[i].units, wanted[i]);
}

#define W(...) ((const uint32_t[]){__VA_ARGS__})
#define U(...) ((const int64_t[]){__VA_ARGS__})

static void test_by_weight(void **state)
{
    (void)state;
    split(9, W(1, 1, 1), U(1, 1, 1), U(3, 3, 3));
    split(11, W(1, 1, 1), U(1, 1, 1), U(4, 4, 3)); /* ties to the first */
    split(13, W(8, 1, 1), U(1, 1, 1), U(9, 2, 2)); /* one each, then eight, one and one of ten */
    split(8, W(5, 3, 2), U(1, 1, 1), U(4, 2, 2));  /* five more: 2.5, 1.5, 1 */
    split(3, W(65535, 1, 1), U(1, 1, 1), U(1, 1, 1));
    split(2, W(1, 1, 7), U(1, 1, 1), U(1, 0, 1)); /* not enough for all: the most wanted, then the first */
    split(1, W(1, 1, 7), U(1, 1, 1), U(0, 0, 1));
    split(0, W(1, 1, 7), U(1, 1, 1), U(0, 0, 0));
    split(20, W(1, 1, 1), U(6, 1, 6), U(6, 8, 6)); /* packs of six; what they leave goes to the single ones */
    split(5, W(9, 1, 1), U(6, 1, 6), U(0, 5, 0));
    split(7, W(9, 1, 1), U(6, 2, 6), U(6, 0, 0));
    split((int64_t)1 << 46, W(65535, 65535, 65535), U(1, 1, 1),
          U(23456248059222, 23456248059221, 23456248059221));
}

static void settle(int64_t units, const uint32_t weights[3], const int64_t now[3], const int64_t wanted[3])
{
    struct share shares[3];
    for (int i = 0; i < 3; i++)
        shares[i] = (struct share){.weight = weights[i], .pack = 1, .now = now[i]};
    shares_settle(shares, 3, units);
    for (int i = 0; i < 3; i++)
        assert_int_equal(shares[i].units, wanted[i]);
}

static void test_units_stay_where_they_are(void **state)
{
    (void)state;
    settle(9, W(1, 1, 1), U(4, 3, 2), U(4, 3, 2));      /* one off is good enough */
    settle(9, W(1, 1, 1), U(5, 3, 1), U(3, 3, 3));      /* two are not */
    settle(40, W(1, 1, 1), U(18, 13, 9), U(18, 13, 9)); /* of many, an eighth is */
    settle(40, W(1, 1, 1), U(20, 13, 7), U(14, 13, 13));
    settle(8, W(1, 1, 1), U(4, 3, 2), U(3, 3, 2)); /* one was sold at the booth: from who has most too much */
    settle(8, W(1, 1, 1), U(4, 4, 1), U(4, 3, 1)); /* of equals the last */
    settle(10, W(1, 1, 1), U(4, 3, 2), U(4, 3, 3)); /* one came in: to who has too few */
    settle(3, W(1, 1, 1), U(2, 1, 0), U(1, 1, 1));  /* nobody stays without while there is enough */
    settle(1, W(1, 9, 1), U(1, 0, 0), U(1, 0, 0));  /* the last one does not move after a better chance */
    settle(1, W(1, 9, 1), U(0, 0, 0), U(0, 1, 0));
    settle(0, W(1, 9, 1), U(1, 1, 1), U(0, 0, 0));
}

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static int64_t sum_of(const struct share *shares, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += shares[i].units;
    return sum;
}

static void check(const struct share *shares, uint32_t count, int64_t units)
{
    int64_t smallest = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(shares[i].units >= 0 && shares[i].units % shares[i].pack == 0);
        smallest = shares[i].pack < smallest ? shares[i].pack : smallest;
    }
    assert_true(sum_of(shares, count) <= units);
    assert_true(units - sum_of(shares, count) < smallest);
}

static void test_laws(void **state)
{
    uint64_t random = 2463534242;
    int stayed = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct share shares[SHARES_MAX], again[SHARES_MAX];
        uint32_t count = 1 + (uint32_t)(next_random(&random) % (i % 50 ? 5 : SHARES_MAX));
        bool packs = next_random(&random) % 2;
        int64_t units = (int64_t)(next_random(&random) % 60), packs_sum = 0;
        for (uint32_t s = 0; s < count; s++) {
            shares[s] = (struct share){.weight = 1 + (uint32_t)(next_random(&random) % 9),
                                       .pack = packs ? 1 + (int64_t)(next_random(&random) % 4) : 1};
            shares[s].now = shares[s].pack * (int64_t)(next_random(&random) % 20);
            packs_sum += shares[s].pack;
        }
        shares_split(shares, count, units);
        check(shares, count, units);
        for (uint32_t s = 0; s < count && units >= packs_sum; s++)
            assert_true(shares[s].units >= shares[s].pack);
        shares_settle(shares, count, units);
        assert_true(sum_of(shares, count) <= units);
        if (!packs)
            check(shares, count, units);
        for (uint32_t s = 0; s < count; s++) {
            stayed += shares[s].units == shares[s].now;
            again[s] = shares[s];
            again[s].now = shares[s].units;
        }
        shares_settle(again, count, units);
        for (uint32_t s = 0; s < count; s++)
            assert_int_equal(again[s].units, shares[s].units);
    }
    assert_true(stayed > 10000);
    shares_split(NULL, 0, 5);
}

/* Two listings sell one after the other, always the same one: it never runs dry while the other has two. */
static void test_a_day_of_sales(void **state)
{
    (void)state;
    struct share shares[2] = {{.weight = 3, .pack = 1}, {.weight = 1, .pack = 1}};
    int moves = 0;
    shares_split(shares, 2, 30);
    for (int64_t units = 29; units >= 2; units--) {
        shares[0].now = shares[0].units - 1;
        shares[1].now = shares[1].units;
        shares_settle(shares, 2, units);
        assert_true(shares[0].units >= 1 && shares[0].units + shares[1].units == units);
        moves += shares[0].units != shares[0].now;
    }
    assert_in_range(moves, 2, 8); /* of 28 sales: evenly it would be every other one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_weight),
        cmocka_unit_test(test_units_stay_where_they_are),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_a_day_of_sales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
