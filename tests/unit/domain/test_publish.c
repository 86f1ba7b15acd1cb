/* Shares or mirror: the window, the limits that a model gives, and the decision with its reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/publish.h"

static void test_window(void **state)
{
    (void)state;
    struct publish_window window = {.visibility_ms = 1000, .poll_ms = 60000, .request_ms = 700};
    assert_int_equal(publish_window_ms(&window), 62400); /* one request reads, one lowers */
    window.outage_ms = 900000;
    assert_int_equal(publish_window_ms(&window), 900000);
    window = (struct publish_window){.visibility_ms = -5, .poll_ms = -5, .request_ms = -5, .outage_ms = -5};
    assert_int_equal(publish_window_ms(&window), 0);
}

static void test_names(void **state)
{
    (void)state;
    enum publish_mode mode = PUBLISH_INHERIT;
    for (int i = PUBLISH_INHERIT; i <= PUBLISH_AUTO; i++) {
        assert_true(publish_mode_from_name(publish_mode_name((enum publish_mode)i), &mode));
        assert_int_equal(mode, i);
        assert_int_equal(publish_mode_of(publish_flags(0, mode)), mode);
        assert_int_equal(publish_mode_of(publish_flags(~0U, mode)), mode);
        assert_int_equal(publish_flags(ITEM_ONE_OF_A_KIND | ITEM_ARCHIVED | ITEM_MIRROR, mode) & 3,
                         ITEM_ONE_OF_A_KIND | ITEM_ARCHIVED);
    }
    assert_false(publish_mode_from_name("Mirror", &mode));
    assert_false(publish_mode_from_name("", &mode));
    assert_int_equal(mode, PUBLISH_AUTO);
    for (int i = PUBLISH_MIRRORED; i <= PUBLISH_RISKY; i++)
        assert_true(strlen(publish_words((enum publish_verdict)i)) > 20);
}

/* --- limits
 * -----------------------------------------------------------------------------------------------------------
 */

static const int64_t day_ms = INT64_C(86400000);

static void test_limits(void **state)
{
    (void)state;
    struct demand demand = {.known = true, .shape = 3.5, .days = 97, .sizes = {0.7, 0.2, 0.1}};
    struct publish_limits none = {0};
    /* tests/tools/demand_reference.mjs: in 0.02 days more than 0, 1, 2 units with 7.2e-4, 2.2e-4, 7.2e-5 */
    int64_t window_ms = day_ms / 50;
    struct publish_limits limits = publish_limits_of(&demand, window_ms, 0.001, none);
    assert_int_equal(limits.usual_order, 3);
    assert_int_equal(limits.enough, 1);
    assert_int_equal(publish_limits_of(&demand, window_ms, 0.0005, none).enough, 1);
    assert_int_equal(publish_limits_of(&demand, window_ms, 0.0001, none).enough, 2);
    assert_int_equal(publish_limits_of(&demand, window_ms, 0, none).enough, 0); /* no risk at all: never */
    assert_int_equal(publish_limits_of(&demand, -1, 0.001, none).enough, 1);
    demand.shape = 1e6;
    assert_int_equal(publish_limits_of(&demand, day_ms, 0.001, none).enough,
                     0); /* further than anyone looks */
    assert_int_equal(publish_limits_of(&demand, day_ms, 0.001, none).usual_order, 3);
    demand.oversize = true;
    assert_int_equal(publish_limits_of(&demand, window_ms, 0.001, none).usual_order, DEMAND_UNITS_MAX);
    assert_int_equal(publish_limits_of(&demand, window_ms, 0.001, none).enough, 0);
    demand.known = false;
    assert_int_equal(publish_limits_of(&demand, window_ms, 0.001, none).usual_order, 0);
}

/* More careful at once, less only for a good reason. */
static void test_limits_do_not_waver(void **state)
{
    (void)state;
    struct demand demand = {.known = true, .shape = 1000, .days = 10, .sizes = {1}};
    struct publish_limits first = publish_limits_of(&demand, day_ms, 0.01, (struct publish_limits){0});
    assert_in_range(first.enough, 110, 150);
    demand.shape = 960;
    assert_int_equal(publish_limits_of(&demand, day_ms, 0.01, first).enough, first.enough);
    struct publish_limits fresh = publish_limits_of(&demand, day_ms, 0.01, (struct publish_limits){0});
    assert_true(fresh.enough < first.enough);
    demand.shape = 1010;
    assert_true(publish_limits_of(&demand, day_ms, 0.01, first).enough > first.enough);
    demand.shape = 700;
    assert_true(publish_limits_of(&demand, day_ms, 0.01, first).enough < first.enough * 9 / 10);
}

/* --- the decision
 * ----------------------------------------------------------------------------------------------------- */

static const struct publish_case mirrored = {.mode = PUBLISH_AUTO,
                                             .calm = true,
                                             .listings = 2,
                                             .units = 10,
                                             .limits = {.usual_order = 2, .enough = 8}};

static void test_each_reason(void **state)
{
    (void)state;
    struct publish_case publish = mirrored;
    assert_int_equal(publish_decide(&publish), PUBLISH_MIRRORED);
    publish.units = 8;
    assert_int_equal(publish_decide(&publish), PUBLISH_MIRRORED);
    publish.units = 7;
    assert_int_equal(publish_decide(&publish), PUBLISH_RISKY);
    publish.mode = PUBLISH_MIRROR; /* the seller takes the risk, but not for… */
    assert_int_equal(publish_decide(&publish), PUBLISH_MIRRORED);
    publish.units = 2; /* …what one order takes */
    assert_int_equal(publish_decide(&publish), PUBLISH_TOO_FEW);
    publish.limits = (struct publish_limits){0};
    assert_int_equal(publish_decide(&publish), PUBLISH_MIRRORED);
    publish.units = 1; /* …the last one, whatever is known */
    assert_int_equal(publish_decide(&publish), PUBLISH_TOO_FEW);
    publish.units = 10;
    publish.one_of_a_kind = true; /* …one of a kind */
    assert_int_equal(publish_decide(&publish), PUBLISH_UNIQUE);
    publish.one_of_a_kind = false;
    publish.calm = false; /* …while a shop is out of reach */
    assert_int_equal(publish_decide(&publish), PUBLISH_NOT_CALM);
    publish.listings = 1;
    assert_int_equal(publish_decide(&publish), PUBLISH_ONE_LISTING);
    publish = mirrored;
    publish.mode = PUBLISH_ALLOCATE;
    assert_int_equal(publish_decide(&publish), PUBLISH_WANTED);
    publish.mode = PUBLISH_INHERIT; /* from nobody */
    assert_int_equal(publish_decide(&publish), PUBLISH_WANTED);
    publish.mode = PUBLISH_AUTO;
    publish.limits = (struct publish_limits){0};
    assert_int_equal(publish_decide(&publish), PUBLISH_UNKNOWN);
    publish.limits = (struct publish_limits){.usual_order = 2};
    assert_int_equal(publish_decide(&publish), PUBLISH_RISKY);
}

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Auto never mirrors what the model says is riskier than wanted; with more units, a shorter window, less
 * demand or more risk taken, what was mirrored stays mirrored. */
static void test_laws(void **state)
{
    uint64_t random = 88172645463325252;
    int mirrored_count = 0;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct demand demand = {.known = true,
                                .shape = 0.1 + (double)(next_random(&random) % 1000) / 20,
                                .days = 1 + (double)(next_random(&random) % 200),
                                .sizes = {0.8, 0.2}};
        int64_t window_ms = (int64_t)(next_random(&random) % (uint64_t)(3 * day_ms));
        double risk = (double)(1 + next_random(&random) % 10000) / 1e6;
        struct publish_case publish = mirrored;
        publish.units = (int64_t)(next_random(&random) % 30);
        publish.limits = publish_limits_of(&demand, window_ms, risk, (struct publish_limits){0});
        if (publish_decide(&publish) != PUBLISH_MIRRORED)
            continue;
        mirrored_count++;
        assert_true(demand_beyond(&demand, (double)window_ms / (double)day_ms, (uint32_t)publish.units) <=
                    risk + 1e-12);
        struct publish_case easier = publish;
        easier.units++;
        assert_int_equal(publish_decide(&easier), PUBLISH_MIRRORED);
        easier = publish;
        easier.limits = publish_limits_of(&demand, window_ms / 2, risk, (struct publish_limits){0});
        assert_int_equal(publish_decide(&easier), PUBLISH_MIRRORED);
        easier.limits = publish_limits_of(&demand, window_ms, risk * 2, (struct publish_limits){0});
        assert_int_equal(publish_decide(&easier), PUBLISH_MIRRORED);
        demand.shape *= 0.7;
        easier.limits = publish_limits_of(&demand, window_ms, risk, (struct publish_limits){0});
        assert_int_equal(publish_decide(&easier), PUBLISH_MIRRORED);
    }
    assert_true(mirrored_count > 300 && mirrored_count < 2700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_limits),      cmocka_unit_test(test_limits_do_not_waver),
        cmocka_unit_test(test_each_reason), cmocka_unit_test(test_laws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
