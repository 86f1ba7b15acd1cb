/* The lamp's priorities: what she must not miss, then the answer to her hand, then the background. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status/status.h"

static struct status_facts quiet(void)
{
    return (struct status_facts){
        .scanner_expected = true, .scanner_ready = true, .any_channel = true, .online = true};
}

static void test_quiet_is_ready(void **state)
{
    (void)state;
    struct status_facts facts = quiet();
    assert_int_equal(status_lamp(&facts), STATUS_READY);
    assert_int_equal(status_next_ms(&facts), -1);
}

/* Each fact is set on top of all that come later in the order of priority; it must win. */
static void test_priorities(void **state)
{
    (void)state;
    struct status_facts facts = quiet();
    facts.syncing = true;
    assert_int_equal(status_lamp(&facts), STATUS_SYNCING);
    facts.online = false;
    assert_int_equal(status_lamp(&facts), STATUS_OFFLINE);
    facts.open_cards = 1;
    assert_int_equal(status_lamp(&facts), STATUS_ATTENTION);
    facts.scanner_ready = false;
    assert_int_equal(status_lamp(&facts), STATUS_GONE);
    facts.broken = true;
    assert_int_equal(status_lamp(&facts), STATUS_FAULT);
    assert_string_not_equal(status_sentence(&facts, STATUS_FAULT), status_words(STATUS_FAULT));
    facts.flash = STATUS_SOLD;
    facts.now_ms = STATUS_FLASH_MS - 1;
    assert_int_equal(status_lamp(&facts), STATUS_SOLD);
    facts.waiting_commit = true;
    assert_int_equal(status_lamp(&facts), STATUS_HEARD);
    facts.starting = true;
    assert_int_equal(status_lamp(&facts), STATUS_STARTING);
    facts.fault = true;
    assert_int_equal(status_lamp(&facts), STATUS_FAULT);
    assert_string_equal(status_sentence(&facts, STATUS_FAULT),
                        status_words(STATUS_FAULT)); /* the worse one */
    facts.stopping = true;
    assert_int_equal(status_lamp(&facts), STATUS_OFF);
}

static void test_flash_ends(void **state)
{
    (void)state;
    struct status_facts facts = quiet();
    facts.flash = STATUS_REFUSED;
    facts.flash_at_ms = 1000;
    facts.now_ms = 1000 + STATUS_FLASH_MS - 200;
    assert_int_equal(status_lamp(&facts), STATUS_REFUSED);
    assert_int_equal(status_next_ms(&facts), 200);
    facts.now_ms += 200;
    assert_int_equal(status_lamp(&facts), STATUS_READY);
    assert_int_equal(status_next_ms(&facts), -1);
}

static void test_offline_needs_a_channel(void **state)
{
    (void)state;
    struct status_facts facts = quiet();
    facts.any_channel = false;
    facts.online = false;
    assert_int_equal(status_lamp(&facts), STATUS_READY);
}

static void test_no_scanner_expected(void **state)
{
    (void)state;
    struct status_facts facts = quiet();
    facts.scanner_expected = false;
    facts.scanner_ready = false;
    assert_int_equal(status_lamp(&facts), STATUS_READY);
}

static void test_names_round_trip(void **state)
{
    (void)state;
    for (int lamp = STATUS_STARTING; lamp <= STATUS_OFF; lamp++) {
        assert_int_equal(status_parse(status_name((enum status_lamp)lamp)), lamp);
        assert_true(status_words((enum status_lamp)lamp)[0] != '\0');
    }
    assert_int_equal(status_parse("no such light"), STATUS_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_is_ready),      cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_flash_ends),          cmocka_unit_test(test_offline_needs_a_channel),
        cmocka_unit_test(test_no_scanner_expected), cmocka_unit_test(test_names_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
