/* The demand model against values computed another way (tests/tools/demand_reference.mjs), against a
 * simulation of what it claims to describe, and its laws on random cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "domain/demand.h"

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* From 0 to below 1. */
static double uniform(uint64_t *random)
{
    return (double)(next_random(random) >> 11) / 9007199254740992.0;
}

static void assert_near(double value, double wanted, double error)
{
    if (fabs(value - wanted) > error) {
        print_error("%.12g is not %.12g\n", value, wanted);
        fail();
    }
}

/* --- another computation
 * ------------------------------------------------------------------------------------------- */

/* Written by tests/tools/demand_reference.mjs: shape, days, sizes, days ahead; P(more than 0, 1, 2, 5, 20,
 * 200 units); units a day: mean and the 95 % interval. */
static const struct reference {
    double shape, days, sizes[6], ahead, beyond[6], rate[3];
} references[] = {
    {0.5,
     30,
     {1},
     0.25,
     {4.1408045361e-3, 2.5683893649e-5, 1.7694751798e-7, 7.2134608842e-14, 2.2436630914e-45, 0.0000000000e+0},
     {1.666667e-2, 1.636782e-5, 8.373144e-2}},
    {3.5,
     97,
     {0.7, 0.2, 0.1},
     0.02,
     {7.2131482520e-4, 2.1662862057e-4, 7.2268702944e-5, 3.3607675193e-9, 1.1110234737e-16, 1.1110234737e-16},
     {5.051546e-2, 1.219493e-2, 1.155560e-1}},
    {12,
     95,
     {0.5, 0.3, 0, 0, 0, 0.2},
     3,
     {3.1139470930e-1, 1.8491618652e-1, 9.6445750433e-2, 7.3150457406e-2, 5.1870068290e-6, 5.5349837870e-16},
     {2.905263e-1, 1.501192e-1, 4.765125e-1}},
    {0.05,
     2,
     {0.9, 0, 0, 0.1},
     10,
     {8.5692173238e-2, 5.1405629735e-2, 3.7905303230e-2, 1.7816212366e-2, 9.7603722841e-4, 4.6155494099e-15},
     {3.250000e-2, 3.455180e-33, 3.686629e-1}},
    {250,
     91,
     {0.6, 0.4},
     60,
     {1.0000000000e+0, 1.0000000000e+0, 1.0000000000e+0, 1.0000000000e+0, 1.0000000000e+0, 8.9937401684e-1},
     {3.846154e+0, 3.384123e+0, 4.337319e+0}},
};

static void test_reference(void **state)
{
    static const uint32_t units[] = {0, 1, 2, 5, 20, 200};
    (void)state;
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        const struct reference *reference = &references[i];
        struct demand demand = {.known = true, .shape = reference->shape, .days = reference->days};
        for (int s = 0; s < 6; s++)
            demand.sizes[s] = reference->sizes[s];
        for (int n = 0; n < 6; n++)
            assert_near(demand_beyond(&demand, reference->ahead, units[n]), reference->beyond[n], 1e-11);
        struct demand_rate rate = demand_rate(&demand);
        assert_near(rate.mean, reference->rate[0], 1e-6 * reference->rate[0]);
        assert_near(rate.low, reference->rate[1], 2e-6 * reference->rate[1] + 1e-15);
        assert_near(rate.high, reference->rate[2], 2e-6 * reference->rate[2]);
    }
}

/* --- the world that the model describes
 * ------------------------------------------------------------------------------------ */

/* A gamma variable of whole shape is a sum of exponential ones; a Poisson process is exponential waiting. */
static double draw_gamma(uint64_t *random, int shape)
{
    double sum = 0;
    for (int i = 0; i < shape; i++)
        sum -= log(1 - uniform(random));
    return sum;
}

static uint32_t draw_orders(uint64_t *random, double rate, double days)
{
    uint32_t orders = 0;
    for (double at = -log(1 - uniform(random)) / rate; at < days; at -= log(1 - uniform(random)) / rate)
        orders++;
    return orders;
}

/* An order takes one unit (70 %), two (20 %) or five. */
static uint32_t draw_units(uint64_t *random)
{
    double u = uniform(random);
    return u < 0.7 ? 1 : u < 0.9 ? 2 : 5;
}

/* Rates of items are gamma with shape 2 and 40 days; the model sees 90 days of 400 such items, then says how
 * probable more than n units within 10 days are, and how often it is wrong is counted over 60,000 times ten
 * days. */
static void test_a_simulated_shop(void **state)
{
    enum { ITEMS = 400, FUTURES = 150 };
    uint64_t random = 88172645463325252;
    struct demand_moments moments = {0};
    struct demand_prior prior;
    static struct demand_counts counts[ITEMS];
    double rates[ITEMS], claimed[3] = {0}, happened[3] = {0};
    static const uint32_t units[3] = {0, 2, 5};
    (void)state;
    for (int i = 0; i < ITEMS; i++) {
        rates[i] = draw_gamma(&random, 2) / 40;
        counts[i] = (struct demand_counts){.days = DEMAND_WINDOW_DAYS};
        for (uint32_t n = draw_orders(&random, rates[i], DEMAND_WINDOW_DAYS); n; n--)
            demand_count(&counts[i], draw_units(&random));
        demand_observe(&moments, &counts[i]);
    }
    demand_fit(&moments, &prior);
    assert_true(prior.known && prior.items == ITEMS);
    assert_near(prior.shape, 2, 0.4); /* the truth that only the simulation knows */
    assert_near(prior.shape / prior.days, 2.0 / 40, 0.005);
    assert_near(prior.sizes[0], 0.7, 0.03);
    assert_near(prior.sizes[4], 0.1, 0.03);
    for (int i = 0; i < ITEMS; i++) {
        struct demand demand;
        demand_estimate(&prior, &counts[i], &demand);
        for (int n = 0; n < 3; n++)
            claimed[n] += demand_beyond(&demand, 10, units[n]) / ITEMS;
        for (int f = 0; f < FUTURES; f++) {
            uint32_t sum = 0;
            for (uint32_t orders = draw_orders(&random, rates[i], 10); orders; orders--)
                sum += draw_units(&random);
            for (int n = 0; n < 3; n++)
                happened[n] += (double)(sum > units[n]) / (ITEMS * FUTURES);
        }
    }
    for (int n = 0; n < 3; n++) {
        print_message("more than %u: claimed %.4f, happened %.4f\n", units[n], claimed[n], happened[n]);
        assert_near(claimed[n], happened[n], 0.02 * happened[n] + 0.005);
    }
}

/* --- laws
 * ------------------------------------------------------------------------------------------------------------
 */

static struct demand draw_demand(uint64_t *random)
{
    struct demand demand = {
        .known = true, .shape = exp(uniform(random) * 9 - 3), .days = exp(uniform(random) * 7 - 1)};
    double sum = 0;
    for (int i = 0; i < DEMAND_SIZES; i++)
        sum += demand.sizes[i] = i == 0 || next_random(random) % 4 == 0 ? uniform(random) / (i + 1) : 0;
    for (int i = 0; i < DEMAND_SIZES; i++)
        demand.sizes[i] /= sum;
    return demand;
}

static void test_laws(void **state)
{
    uint64_t random = 2463534242;
    (void)state;
    for (int i = 0; i < 1500; i++) {
        struct demand demand = draw_demand(&random);
        double days = exp(uniform(&random) * 14 - 9), risk = exp(-uniform(&random) * 14);
        uint32_t n = (uint32_t)(next_random(&random) % 60);
        double p = demand_beyond(&demand, days, n), more = demand_beyond(&demand, days, n + 1);
        assert_true(p >= 0 && p <= 1);
        assert_true(more <= p + 1e-12);                                  /* in n */
        assert_true(demand_beyond(&demand, days * 1.5, n) >= p - 1e-12); /* in the window */
        struct demand busier = demand;
        busier.shape *= 1.5; /* in the rate */
        assert_true(demand_beyond(&busier, days, n) >= p - 1e-12);
        uint32_t enough = demand_enough(&demand, days, risk);
        assert_true(demand_enough(&demand, days, risk / 2) >= enough);
        assert_true(demand_enough(&busier, days, risk) >= enough);
        if (enough <= DEMAND_UNITS_MAX) {
            assert_true(demand_beyond(&demand, days, enough) <= risk + 1e-12);
            if (enough)
                assert_true(demand_beyond(&demand, days, enough - 1) > risk - 1e-12);
        }
        struct demand_rate rate = demand_rate(&demand);
        assert_true(rate.low >= 0 && rate.low < rate.mean && rate.mean < rate.high);
    }
}

static void test_the_ends(void **state)
{
    (void)state;
    struct demand demand = {.known = true, .shape = 2, .days = 30, .sizes = {1}};
    assert_near(demand_beyond(&demand, 0, 0), 0, 0);
    assert_int_equal(demand_enough(&demand, 0, 0.001), 0);
    assert_int_equal(demand_enough(&demand, 1, 0), DEMAND_UNITS_MAX + 1); /* no risk at all: never */
    assert_int_equal(demand_enough(&demand, 1, 1), 0);
    demand =
        (struct demand){.known = true, .shape = 5000, .days = 1, .sizes = {1}}; /* e^-5000 is 0 in a double */
    assert_near(demand_beyond(&demand, 1.0 / 5, 500), 1, 1e-9);
    assert_near(demand_beyond(&demand, 1.0 / 5, 1500), 0, 1e-9); /* mean 1000, deviation 35 */
    assert_near(demand_beyond(&demand, 1.0 / 5, 1000), 0.4915,
                0.0002); /* Edgeworth: half a step and the skewness below one half */
    assert_int_equal(demand_enough(&demand, 10, 0.001), DEMAND_UNITS_MAX + 1);
    demand.known = false;
    assert_near(demand_beyond(&demand, 1, 100), 1, 0);
    assert_int_equal(demand_enough(&demand, 1, 0.5), DEMAND_UNITS_MAX + 1);
    assert_int_equal(demand_usual_order(&demand), 1);
    assert_near(demand_rate(&demand).mean, 0, 0);
}

/* --- what was observed
 * ----------------------------------------------------------------------------------------------- */

static void test_counting(void **state)
{
    (void)state;
    struct demand_counts counts = {0};
    demand_count(&counts, 1);
    demand_count(&counts, 1);
    demand_count(&counts, 3);
    demand_count(&counts, 0);
    demand_count(&counts, -2);
    demand_count(&counts, DEMAND_SIZES);
    assert_int_equal(counts.orders, 4);
    assert_int_equal(counts.units, 5 + DEMAND_SIZES);
    assert_int_equal(counts.sizes[0], 2);
    assert_int_equal(counts.sizes[2], 1);
    assert_int_equal(counts.sizes[DEMAND_SIZES - 1], 1);
    assert_int_equal(counts.oversize, 0);
    demand_count(&counts, INT64_MAX / 2);
    assert_int_equal(counts.oversize, 1);
    assert_int_equal(counts.sizes[DEMAND_SIZES - 1], 2);
}

static void observe(struct demand_moments *moments, uint32_t orders, double days)
{
    struct demand_counts counts = {.days = days};
    for (uint32_t i = 0; i < orders; i++)
        demand_count(&counts, 1);
    demand_observe(moments, &counts);
}

static void test_the_prior(void **state)
{
    (void)state;
    struct demand_moments moments = {0};
    struct demand_prior prior;
    demand_fit(&moments, &prior);
    assert_false(prior.known);
    for (int i = 0; i < DEMAND_ITEMS_MIN - 1; i++)
        observe(&moments, 10, 90);
    observe(&moments, 90, 0.5); /* of an hour: its sizes count, its rate does not */
    demand_fit(&moments, &prior);
    assert_false(prior.known);
    observe(&moments, 0, 90); /* nobody wanted it any more */
    demand_fit(&moments, &prior);
    assert_true(prior.known);
    assert_int_equal(prior.items, DEMAND_ITEMS_MIN);
    assert_near(prior.shape / prior.days, 40.0 / 450, 1e-12);
    moments = (struct demand_moments){0};
    for (int i = 0; i < 8; i++)
        observe(&moments, 9, 90); /* more alike than chance makes them: as sharp as is believed at most */
    demand_fit(&moments, &prior);
    assert_near(prior.shape, 50, 0);
    assert_near(prior.days, 500, 1e-9);
    moments = (struct demand_moments){0};
    observe(&moments, 200000, 90);
    for (int i = 0; i < 30000; i++)
        observe(&moments, 0, 90);
    demand_fit(&moments, &prior);
    assert_near(prior.shape, 0.05, 0);
}

/* An item nobody ordered yet is as the shop; with orders it becomes itself. */
static void test_one_item(void **state)
{
    (void)state;
    struct demand_prior prior = {.known = true, .shape = 2, .days = 60, .sizes = {0.8, 0.2}};
    struct demand_counts none = {0}, some = {.days = 90};
    struct demand demand;
    demand_estimate(&prior, &none, &demand);
    assert_near(demand.shape, 2, 0);
    assert_near(demand.days, 60, 0);
    assert_near(demand.sizes[0], 0.8, 1e-12);
    assert_int_equal(demand_usual_order(&demand), 2);
    for (int i = 0; i < 30; i++)
        demand_count(&some, i < 10 ? 6 : 1);
    demand_estimate(&prior, &some, &demand);
    assert_near(demand.shape, 32, 0);
    assert_near(demand.days, 150, 0);
    assert_near(demand.sizes[0], (8 + 20) / 40.0, 1e-12);
    assert_int_equal(demand_usual_order(&demand), 6);
    assert_near(demand_rate(&demand).mean, 32.0 / 150 * (28 + 2 * 2 + 6 * 10) / 40, 1e-12);
    assert_false(demand.oversize);
    demand_count(&some, 33);
    demand_estimate(&prior, &some, &demand);
    assert_true(demand.oversize);
    prior.known = false;
    demand_estimate(&prior, &some, &demand);
    assert_false(demand.known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference), cmocka_unit_test(test_a_simulated_shop),
        cmocka_unit_test(test_laws),      cmocka_unit_test(test_the_ends),
        cmocka_unit_test(test_counting),  cmocka_unit_test(test_the_prior),
        cmocka_unit_test(test_one_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
