/* What is worth a time fact: better sources, real differences, and never more than a bounded number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/time_fact.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static void test_what_no_clock_can_show_is_refused(void **state)
{
    const int64_t written_ms = time_fact_written_ms(), day_ms = 24LL * 60 * MINUTE;
    (void)state;
    assert_false(time_fact_plausible(0));
    assert_false(time_fact_plausible(-1));
    assert_false(time_fact_plausible(INT64_MIN));
    assert_false(time_fact_plausible(INT64_MAX));
    assert_false(time_fact_plausible(written_ms - 1));
    assert_true(time_fact_plausible(written_ms));
    assert_true(time_fact_plausible(written_ms + 19 * 365 * day_ms));
    assert_false(time_fact_plausible(written_ms + 20 * 365 * day_ms));
}

static void test_only_a_better_source_or_a_real_difference_is_news(void **state)
{
    struct boot_clock known = {0};
    (void)state;
    assert_false(time_fact_is_news(&known, CLOCK_UNKNOWN, 1));
    assert_false(time_fact_is_news(&known, CLOCK_NTP + 1, 1));
    for (uint32_t quality = CLOCK_BY_HAND; quality <= CLOCK_NTP; quality++) {
        assert_true(time_fact_is_news(&known, quality, 5)); /* better, whatever it says */
        time_fact_take(&known, quality, 5);
        assert_false(time_fact_is_news(&known, quality, 5));
        assert_false(time_fact_is_news(&known, quality - 1, 1000LL * MINUTE)); /* worse, whatever it says */
    }
    static const int64_t steps_ms[] = {0, MINUTE, MINUTE, 30 * SECOND, 2 * SECOND};
    for (uint32_t quality = CLOCK_BY_HAND; quality <= CLOCK_NTP; quality++) {
        struct boot_clock clock = {.quality = quality, .offset_ms = -7};
        assert_false(time_fact_is_news(&clock, quality, -7 + steps_ms[quality]));
        assert_false(time_fact_is_news(&clock, quality, -7 - steps_ms[quality]));
        assert_true(time_fact_is_news(&clock, quality, -7 + steps_ms[quality] + 1));
        assert_true(time_fact_is_news(&clock, quality, -7 - steps_ms[quality] - 1));
    }
}

static void test_facts_of_a_boot_are_bounded(void **state)
{
    struct boot_clock known = {0};
    uint32_t booked = 0;
    (void)state;
    for (int round = 0; round < 1000; round++)
        for (uint32_t quality = CLOCK_UNKNOWN; quality <= CLOCK_NTP + 1; quality++) {
            int64_t offset_ms = (int64_t)round * 10 * MINUTE;
            if (quality == CLOCK_NTP && round < 500)
                continue; /* a better source is heard after all corrections were used up */
            if (!time_fact_is_news(&known, quality, offset_ms))
                continue;
            time_fact_take(&known, quality, offset_ms);
            booked++;
        }
    assert_int_equal(known.quality, CLOCK_NTP);
    assert_in_range(booked, TIME_FACTS_PER_BOOT_MAX, TIME_FACTS_PER_BOOT_MAX + CLOCK_NTP);
    assert_int_equal(known.facts, booked);
}

/* A ledger may hold facts in any order (two starts of a boot, another program): the best holds, of equals the
 * latest. */
static void test_of_the_best_quality_the_latest_holds(void **state)
{
    struct boot_clock known = {0};
    (void)state;
    time_fact_take(&known, CLOCK_PHONE, 10);
    time_fact_take(&known, CLOCK_PHONE, 20);
    assert_int_equal(known.offset_ms, 20);
    time_fact_take(&known, CLOCK_SHOP, 30);
    time_fact_take(&known, CLOCK_BY_HAND, 40);
    assert_int_equal(known.offset_ms, 30);
    assert_int_equal(known.quality, CLOCK_SHOP);
    assert_int_equal(known.facts, 4);
}

static void test_each_quality_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(time_fact_quality_name(CLOCK_UNKNOWN), "unknown");
    assert_string_equal(time_fact_quality_name(CLOCK_BY_HAND), "by hand");
    assert_string_equal(time_fact_quality_name(CLOCK_PHONE), "phone");
    assert_string_equal(time_fact_quality_name(CLOCK_SHOP), "shop");
    assert_string_equal(time_fact_quality_name(CLOCK_NTP), "ntp");
    assert_string_equal(time_fact_quality_name(99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_no_clock_can_show_is_refused),
        cmocka_unit_test(test_only_a_better_source_or_a_real_difference_is_news),
        cmocka_unit_test(test_facts_of_a_boot_are_bounded),
        cmocka_unit_test(test_of_the_best_quality_the_latest_holds),
        cmocka_unit_test(test_each_quality_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
