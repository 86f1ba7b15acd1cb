/* Times from a whole ledger's events against a history whose true times the test knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/time_starts.h"

#define TRUE_MS INT64_C(1800000000000) /* when the first boot began */

static struct id128 id_of(uint8_t number)
{
    return number ? (struct id128){{number, 1}} : (struct id128){{0}};
}

static struct event start_of(uint8_t epoch, uint8_t boot, uint64_t boottime_ms, uint32_t quality)
{
    struct event event = {.kind = EVENT_EPOCH, .version = 2};
    event.epoch.epoch = id_of(epoch);
    event.epoch.boot = id_of(boot);
    event.epoch.boottime_ms = boottime_ms;
    event.epoch.quality = quality;
    event.epoch.wall_ms = 1000; /* what a machine without a battery woke up with */
    return event;
}

static struct event fact_of(uint8_t boot, uint32_t quality, int64_t offset_ms)
{
    struct event event = {.kind = EVENT_TIME_FACT, .version = 1};
    event.time_fact.boot = id_of(boot);
    event.time_fact.quality = quality;
    event.time_fact.offset_ms = offset_ms;
    return event;
}

static void take(struct time_starts *starts, uint64_t position, struct event event)
{
    assert_int_equal(time_starts_take(starts, position, &event), 0);
}

static void take_sale(struct time_starts *starts, uint64_t position, uint64_t time_ms)
{
    take(starts, position, (struct event){.kind = EVENT_SALE, .version = 1, .time_ms = time_ms});
}

static void what_is_learnt_late_holds_for_the_whole_boot(void **state)
{
    struct time_starts starts = {0};
    (void)state;
    take(&starts, 1, start_of(1, 1, 100, 0));
    take_sale(&starts, 2, 50);
    take(&starts, 3, start_of(2, 1, 500, 0)); /* restarted, the same boot */
    take(&starts, 4, fact_of(1, CLOCK_PHONE, TRUE_MS + 9000));
    take(&starts, 5, fact_of(1, CLOCK_NTP, TRUE_MS));
    take(&starts, 6, fact_of(1, CLOCK_BY_HAND, TRUE_MS - 9000)); /* the worse source says nothing more */
    take(&starts, 7, start_of(3, 1, 700, 0));
    assert_int_equal(time_starts_when(&starts, 2, 50).wall_ms, TRUE_MS + 150);
    assert_int_equal(time_starts_when(&starts, 4, 20).wall_ms, TRUE_MS + 520);
    assert_int_equal(time_starts_when(&starts, 7, 0).wall_ms, TRUE_MS + 700);
    assert_int_equal(time_starts_when(&starts, 2, 50).certainty, TIME_KNOWN); /* asked backwards too */
    assert_int_equal(time_starts_quality(&starts, 2), CLOCK_NTP);
    time_starts_free(&starts);
}

static void a_boot_that_never_learnt_lies_between_its_neighbours(void **state)
{
    struct time_starts starts = {0};
    (void)state;
    take(&starts, 1, start_of(1, 1, 100, 0));
    take(&starts, 2, fact_of(1, CLOCK_SHOP, TRUE_MS));
    take_sale(&starts, 3, 300);
    for (uint8_t i = 2; i < 50; i++)
        take(&starts, 10U * i, start_of(i, i, 50, 0));
    take_sale(&starts, 495, 800);
    take(&starts, 500, start_of(50, 50, 60, 0));
    take(&starts, 501, fact_of(50, CLOCK_NTP, TRUE_MS + 5000));
    struct time_repaired when = time_starts_when(&starts, 491, 150);
    assert_int_equal(when.certainty, TIME_BETWEEN);
    assert_int_equal(when.after_ms, TRUE_MS + 400 + 200);
    assert_int_equal(when.before_ms, TRUE_MS + 5000 - 650);
    assert_int_equal(time_starts_quality(&starts, 491), CLOCK_UNKNOWN);
    assert_int_equal(time_starts_when(&starts, 20, 0).after_ms, TRUE_MS + 400 + 50);
    time_starts_free(&starts);
}

static void a_start_whose_event_is_lost_borrows_no_time(void **state)
{
    struct time_starts starts = {0};
    struct event third = start_of(3, 3, 10, 0);
    (void)state;
    take(&starts, 1, start_of(1, 1, 100, CLOCK_NTP));
    third.epoch.generation = 2;
    third.epoch.parent_epoch = id_of(2); /* which began at 10, and whose events from 10 on may be lost */
    third.epoch.parent_sequence = 9;
    take(&starts, 20, third);
    assert_int_equal(starts.count, 3);
    assert_int_equal(time_starts_when(&starts, 5, 0).certainty, TIME_KNOWN);
    assert_int_equal(time_starts_when(&starts, 15, 0).certainty, TIME_BETWEEN);
    assert_int_equal(time_starts_when(&starts, 20, 0).certainty, TIME_BETWEEN);
    time_starts_free(&starts);
}

static void what_no_clock_can_say_is_not_believed(void **state)
{
    struct time_starts starts = {0};
    struct event insane = start_of(1, 1, UINT64_MAX, CLOCK_NTP);
    (void)state;
    insane.epoch.wall_ms = INT64_MIN;
    assert_int_equal(time_starts_when(&starts, 1, 1).certainty, TIME_UNKNOWN);
    take(&starts, 1, insane);
    take(&starts, 2, fact_of(1, CLOCK_NTP, INT64_MAX));
    take(&starts, 3, fact_of(1, 99, TRUE_MS));
    take_sale(&starts, 4, UINT64_MAX);
    assert_int_equal(time_starts_when(&starts, 4, UINT64_MAX).certainty, TIME_UNKNOWN);
    take(&starts, 1, start_of(9, 9, 0, CLOCK_NTP)); /* out of order */
    assert_int_equal(starts.count, 1);
    take(&starts, 5, start_of(2, 0, 0, 0));
    take(&starts, 6, fact_of(0, CLOCK_NTP, TRUE_MS)); /* of no boot */
    assert_int_equal(time_starts_when(&starts, 5, 0).certainty, TIME_UNKNOWN);
    take(&starts, 7, start_of(3, 0, 0, 0));
    struct event by_itself = start_of(4, 0, 0, CLOCK_NTP);
    take(&starts, 8, by_itself);
    assert_int_equal(time_starts_quality(&starts, 7), CLOCK_UNKNOWN); /* boots without a name are not one */
    assert_int_equal(time_starts_quality(&starts, 8), CLOCK_NTP);
    time_starts_free(&starts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_learnt_late_holds_for_the_whole_boot),
        cmocka_unit_test(a_boot_that_never_learnt_lies_between_its_neighbours),
        cmocka_unit_test(a_start_whose_event_is_lost_borrows_no_time),
        cmocka_unit_test(what_no_clock_can_say_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
