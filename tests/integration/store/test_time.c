/* What the ledger keeps of each boot's clock: the best word of it, for all starts of that boot, over
 * restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ledger.h"

static struct id128 boot_of(uint8_t number)
{
    return (struct id128){{number, 7}};
}

/* A start in a boot, `boottime_ms` after it began. */
static void start(struct ledger *ledger, uint8_t boot, int64_t boottime_ms, uint32_t quality)
{
    struct store_start begin = ledger_start(ledger);
    struct err err = {0};
    begin.boot = boot_of(boot);
    begin.boottime_ms = boottime_ms;
    begin.clock_quality = quality;
    store_close(ledger->store);
    ledger->store = NULL;
    assert_int_equal(store_open(ledger->directory, &begin, &ledger->store, &err), 0);
}

static void learn(struct ledger *ledger, uint8_t boot, uint32_t quality, int64_t offset_ms)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_TIME_FACT, .version = 1, .time_ms = 3000};
    event.time_fact.boot = boot_of(boot);
    event.time_fact.offset_ms = offset_ms;
    event.time_fact.quality = quality;
    event.time_fact.source = text_of("a test");
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
}

static int read_starts(struct ledger *ledger, struct time_start *starts, uint32_t n)
{
    int count = store_starts(ledger->store, starts, n);
    assert_true(count >= 0);
    return count;
}

static void test_a_fact_holds_for_all_starts_of_its_boot(void **state)
{
    struct ledger *ledger = *state;
    struct time_start starts[8];
    start(ledger, 1, 1000, CLOCK_UNKNOWN);
    start(ledger, 1, 5000, CLOCK_UNKNOWN);
    learn(ledger, 1, CLOCK_SHOP, 111);
    learn(ledger, 1, CLOCK_PHONE, 222); /* worse: counted, not taken */
    start(ledger, 2, 400, CLOCK_UNKNOWN);
    for (int round = 0; round < 2; round++) { /* now, and as the next start finds it */
        assert_int_equal(read_starts(ledger, starts, 8), 3 + round);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(starts[i].clock.offset_ms, 111);
            assert_int_equal(starts[i].clock.quality, CLOCK_SHOP);
            assert_int_equal(starts[i].clock.facts, 2);
        }
        assert_int_equal(starts[0].boottime_ms, 1000);
        assert_int_equal(starts[1].boottime_ms, 5000);
        assert_int_equal(starts[1].last_ms, 8000); /* the fact, not the seal of the orderly stop after it */
        assert_int_equal(starts[2].clock.quality, CLOCK_UNKNOWN);
        assert_true(starts[0].first_position < starts[1].first_position);
        start(ledger, 2, 900, CLOCK_UNKNOWN);
    }
    assert_int_equal(read_starts(ledger, starts, 2), 2); /* the newest, ascending */
    assert_int_equal(starts[0].boottime_ms, 900);
    assert_true(starts[0].first_position < starts[1].first_position);
}

/* A clock that a time server kept at the start needs no fact; a sale of an earlier start of the boot has it
 * too. */
static void test_what_a_start_knew_its_boot_knows(void **state)
{
    struct ledger *ledger = *state;
    struct time_start starts[8];
    start(ledger, 1, 1000, CLOCK_UNKNOWN);
    start(ledger, 1, 2000, CLOCK_NTP);
    assert_int_equal(read_starts(ledger, starts, 8), 2);
    assert_int_equal(starts[0].clock.quality, CLOCK_NTP);
    assert_int_equal(starts[0].clock.offset_ms, starts[1].clock.offset_ms);
    learn(ledger, 1, CLOCK_PHONE, 5); /* worse than what the start itself knew */
    assert_int_equal(read_starts(ledger, starts, 8), 2);
    assert_int_equal(starts[1].clock.quality, CLOCK_NTP);
}

static void test_starts_without_a_boots_name_share_nothing(void **state)
{
    struct ledger *ledger = *state;
    struct time_start starts[8];
    ledger_open(ledger); /* its boot id is zero */
    ledger_reopen(ledger);
    struct store_start begin = ledger_start(ledger);
    struct err err = {0};
    begin.clock_quality = CLOCK_NTP;
    store_close(ledger->store);
    assert_int_equal(store_open(ledger->directory, &begin, &ledger->store, &err), 0);
    assert_int_equal(read_starts(ledger, starts, 8), 3);
    assert_int_equal(starts[0].clock.quality, CLOCK_UNKNOWN);
    assert_int_equal(starts[2].clock.quality, CLOCK_NTP);
}

static void test_a_fact_of_no_boot_is_nobodys(void **state)
{
    struct ledger *ledger = *state;
    struct time_start starts[8];
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {.kind = EVENT_TIME_FACT, .version = 1};
    event.time_fact.quality = CLOCK_NTP;
    event.time_fact.source = text_of("a test");
    ledger_open(ledger); /* its boot id is zero */
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    assert_int_equal(read_starts(ledger, starts, 8), 1);
    assert_int_equal(starts[0].clock.quality, CLOCK_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_fact_holds_for_all_starts_of_its_boot),
        TEST(test_what_a_start_knew_its_boot_knows),
        TEST(test_starts_without_a_boots_name_share_nothing),
        TEST(test_a_fact_of_no_boot_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
