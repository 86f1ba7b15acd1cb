/* Time repair against a history whose true times the test knows: what is said is never false, and as narrow
 * as it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/time_repair.h"

enum { EVENTS_MAX = 400 };

static struct id128 boot_id(uint8_t number)
{
    return (struct id128){{number, 1}};
}

static void test_sales_before_and_after_the_fact_are_right(void **state)
{
    const struct time_start starts[] = {{10, boot_id(1), 5000, 5000, {1800000000000, CLOCK_PHONE, 1}},
                                        {20, boot_id(1), 9000, 9000, {1800000000000, CLOCK_PHONE, 1}}};
    struct time_repaired when = time_repair(starts, 2, 12, 700);
    (void)state;
    assert_int_equal(when.certainty, TIME_KNOWN);
    assert_int_equal(when.wall_ms, 1800000005700);
    when = time_repair(starts, 2, 19, 3999); /* the last of the first start */
    assert_int_equal(when.wall_ms, 1800000008999);
    when = time_repair(starts, 2, 20, 1);
    assert_int_equal(when.wall_ms, 1800000009001);
}

static void test_a_clock_set_by_hand_is_an_estimate(void **state)
{
    struct time_start start = {1, boot_id(1), 0, 0, {1800000000000, CLOCK_BY_HAND, 1}};
    (void)state;
    assert_int_equal(time_repair(&start, 1, 1, 5).certainty, TIME_ESTIMATED);
    start.clock.quality = CLOCK_PHONE;
    assert_int_equal(time_repair(&start, 1, 1, 5).certainty, TIME_KNOWN);
}

static void test_an_unknown_boot_lies_between_its_neighbours(void **state)
{
    const struct time_start starts[] = {{1, boot_id(1), 100, 400, {1800000000000, CLOCK_NTP, 1}},
                                        {10, boot_id(2), 50, 900, {0, CLOCK_UNKNOWN, 0}},
                                        {20, boot_id(3), 70, 70, {0, CLOCK_UNKNOWN, 0}},
                                        {30, boot_id(4), 60, 60, {1800000100000, CLOCK_SHOP, 1}}};
    struct time_repaired when =
        time_repair(starts, 4, 11, 150); /* 200 ms into its boot, which went on for 700 */
    (void)state;
    assert_int_equal(when.certainty, TIME_BETWEEN);
    assert_int_equal(when.wall_ms, 0);
    assert_int_equal(when.after_ms, 1800000000400 + 200);
    assert_int_equal(when.before_ms, 1800000100000 - 700);
    when = time_repair(starts, 3, 21, 0); /* nothing known after it yet */
    assert_int_equal(when.certainty, TIME_BETWEEN);
    assert_int_equal(when.before_ms, 0);
    when = time_repair(starts + 1, 3, 5, 0); /* older than all we look at */
    assert_int_equal(when.certainty, TIME_BETWEEN);
    assert_int_equal(when.after_ms, 0);
    assert_int_equal(when.before_ms, 1800000100060);
    when = time_repair(starts + 1, 2, 11, 0);
    assert_int_equal(when.certainty, TIME_UNKNOWN);
    assert_int_equal(time_repair(NULL, 0, 1, 1).certainty, TIME_UNKNOWN);
}

/* Two phones that contradict each other: then nothing is said. */
static void test_contradicting_neighbours_say_nothing(void **state)
{
    const struct time_start starts[] = {{1, boot_id(1), 0, 0, {1900000000000, CLOCK_PHONE, 1}},
                                        {10, boot_id(2), 0, 0, {0, CLOCK_UNKNOWN, 0}},
                                        {20, boot_id(3), 0, 0, {1800000000000, CLOCK_PHONE, 1}}};
    struct time_repaired when = time_repair(starts, 3, 10, 0);
    (void)state;
    assert_int_equal(when.certainty, TIME_UNKNOWN);
    assert_int_equal(when.after_ms, 0);
    assert_int_equal(when.before_ms, 0);
}

static void test_a_boot_without_a_name_is_no_boots_equal(void **state)
{
    const struct time_start starts[] = {{1, {{0}}, 100, 100, {1800000000000, CLOCK_NTP, 1}},
                                        {10, {{0}}, 500, 500, {0, CLOCK_UNKNOWN, 0}}};
    struct time_repaired when = time_repair(starts, 2, 10, 40);
    (void)state;
    assert_int_equal(when.certainty, TIME_BETWEEN);
    assert_int_equal(when.after_ms, 1800000000100); /* it may be the same boot: nothing is added */
}

static void test_a_damaged_time_does_not_wrap_around(void **state)
{
    const struct time_start start = {1, boot_id(1), 0, 0, {1800000000000, CLOCK_NTP, 1}};
    (void)state;
    assert_true(time_repair(&start, 1, 1, UINT64_MAX).wall_ms > 1800000000000);
}

/* --- a law over random histories */

struct truth {
    uint64_t position, time_ms;
    int64_t wall_ms;
};

static uint64_t next(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Boots of one to three starts, each with some events; a third of the boots never learns the time. */
static uint32_t make_history(uint64_t *random, struct time_start *starts, struct truth *truths, int *count)
{
    uint32_t made = 0;
    uint64_t position = 1;
    int64_t wall_ms = 1800000000000;
    *count = 0;
    for (uint8_t boot = 1; boot <= 20; boot++) {
        int64_t boottime_ms = 0;
        wall_ms += (int64_t)(next(random) % 100000);
        const struct boot_clock clock = {wall_ms, next(random) % 3 ? CLOCK_NTP : CLOCK_UNKNOWN, 1};
        for (uint64_t left = 1 + next(random) % 3; left; left--) {
            boottime_ms += (int64_t)(next(random) % 5000);
            struct time_start *start = &starts[made++];
            *start = (struct time_start){position, boot_id(boot), boottime_ms, boottime_ms, clock};
            for (uint64_t event = next(random) % 6; event; event--) {
                boottime_ms += (int64_t)(next(random) % 5000);
                start->last_ms = boottime_ms;
                truths[(*count)++] = (struct truth){++position, (uint64_t)(boottime_ms - start->boottime_ms),
                                                    wall_ms + boottime_ms};
            }
            position++;
        }
        wall_ms += boottime_ms;
    }
    return made;
}

static void test_what_is_said_is_true(void **state)
{
    uint64_t random = 88172645463325252;
    int between = 0, known = 0;
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct time_start starts[60];
        struct truth truths[EVENTS_MAX];
        int count;
        uint32_t made = make_history(&random, starts, truths, &count);
        for (int i = 0; i < count; i++) {
            struct time_repaired when = time_repair(starts, made, truths[i].position, truths[i].time_ms);
            known += when.certainty == TIME_KNOWN;
            between += when.certainty == TIME_BETWEEN;
            if (when.certainty == TIME_KNOWN)
                assert_int_equal(when.wall_ms, truths[i].wall_ms);
            if (when.after_ms)
                assert_true(when.after_ms <= truths[i].wall_ms);
            if (when.before_ms)
                assert_true(when.before_ms >= truths[i].wall_ms);
        }
    }
    assert_true(known > 10000 && between > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sales_before_and_after_the_fact_are_right),
        cmocka_unit_test(test_a_clock_set_by_hand_is_an_estimate),
        cmocka_unit_test(test_an_unknown_boot_lies_between_its_neighbours),
        cmocka_unit_test(test_contradicting_neighbours_say_nothing),
        cmocka_unit_test(test_a_boot_without_a_name_is_no_boots_equal),
        cmocka_unit_test(test_a_damaged_time_does_not_wrap_around),
        cmocka_unit_test(test_what_is_said_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
