/* Learning, step by step, on a clock the test holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usb/usb_learn.h"

enum { START_MS = 5000 };

static const struct usb_learn_others with_keyboard = {.keyboard = true};
static const struct usb_facts scanner = {
    .id = 4, .vendor = 0x1a2c, .product = 0x0042, .name = "Blue", .has_keyboard = true};

static struct usb_learn started(bool yes)
{
    struct usb_learn learn = {0};
    assert_int_equal(usb_learn_start(&learn, yes, START_MS), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_WAITING);
    return learn;
}

static struct usb_learn offered(void)
{
    struct usb_learn learn = started(false);
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_CLAIM);
    assert_int_equal(learn.state, USB_LEARN_OFFERED);
    return learn;
}

static void expect_failed(const struct usb_learn *learn, const char *words)
{
    assert_int_equal(learn->state, USB_LEARN_FAILED);
    if (!strstr(learn->words, words))
        fail_msg("\"%s\" does not say \"%s\"", learn->words, words);
    assert_true(usb_learn_deadline(learn) == INT64_MAX);
}

static void plug_and_scan_learns(void **state)
{
    (void)state;
    struct usb_learn learn = started(false);
    assert_false(usb_learn_owns(&learn, 4));
    assert_int_equal(usb_learn_gone(&learn, 3), USB_LEARN_NOTHING);
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_CLAIM);
    assert_true(usb_learn_owns(&learn, 4));
    assert_false(usb_learn_owns(&learn, 5));
    assert_non_null(strstr(learn.words, "1a2c:0042 Blue"));
    assert_int_equal(usb_learn_code(&learn, 4, 13, 100), USB_LEARN_SAVE);
    assert_int_equal(learn.state, USB_LEARN_LEARNT);
    assert_int_equal(learn.candidate.id, 4);
    assert_false(usb_learn_owns(&learn, 4));
    assert_int_equal(usb_learn_tick(&learn, INT64_MAX - 1), USB_LEARN_NOTHING);
}

static void nothing_happens_before_the_start(void **state)
{
    (void)state;
    struct usb_learn learn = {0};
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_NOTHING);
    assert_int_equal(usb_learn_code(&learn, 4, 13, 100), USB_LEARN_NOTHING);
    assert_int_equal(usb_learn_tick(&learn, INT64_MAX - 1), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_IDLE);
}

static void a_minute_is_all(void **state)
{
    (void)state;
    struct usb_learn learn = started(false);
    assert_int_equal(usb_learn_deadline(&learn), START_MS + USB_LEARN_MS);
    assert_int_equal(usb_learn_tick(&learn, START_MS + USB_LEARN_MS - 1), USB_LEARN_NOTHING);
    assert_int_equal(usb_learn_tick(&learn, START_MS + USB_LEARN_MS), USB_LEARN_NOTHING);
    expect_failed(&learn, "nothing was plugged in");
    learn = offered();
    assert_int_equal(usb_learn_tick(&learn, START_MS + USB_LEARN_MS), USB_LEARN_RELEASE);
    assert_int_equal(learn.released, 4);
    expect_failed(&learn, "no code came");
}

static void doubtful_devices_need_yes(void **state)
{
    (void)state;
    struct usb_facts combo = scanner;
    combo.has_mouse = true;
    const struct {
        const struct usb_facts *facts;
        struct usb_learn_others others;
        const char *words;
    } doubtful[] = {
        {&combo, {.keyboard = true}, "mouse"},
        {&scanner, {.keyboard = false}, "only keyboard"},
        {&scanner, {.keyboard = true, .same = true}, "twin"},
    };
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++) {
        struct usb_learn learn = started(false);
        assert_int_equal(usb_learn_attached(&learn, doubtful[i].facts, false, doubtful[i].others),
                         USB_LEARN_NOTHING);
        expect_failed(&learn, doubtful[i].words);
        assert_non_null(strstr(learn.words, "fairstock learn --yes"));
        learn = started(true);
        assert_int_equal(usb_learn_attached(&learn, doubtful[i].facts, false, doubtful[i].others),
                         USB_LEARN_CLAIM);
    }
}

static void a_device_that_types_nothing_is_waited_past(void **state)
{
    (void)state;
    struct usb_facts mouse = {.id = 9, .has_mouse = true};
    struct usb_learn learn = started(false);
    assert_int_equal(usb_learn_attached(&learn, &mouse, false, with_keyboard), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_WAITING);
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_CLAIM);
    assert_int_equal(usb_learn_attached(&learn, &mouse, false, with_keyboard), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_OFFERED);
}

static void two_at_once_are_refused(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    struct usb_facts second = scanner;
    second.id = 5;
    assert_int_equal(usb_learn_attached(&learn, &second, false, with_keyboard), USB_LEARN_RELEASE);
    assert_int_equal(learn.released, 4);
    expect_failed(&learn, "Two devices");
}

static void a_scanner_in_use_is_not_learnt_again(void **state)
{
    (void)state;
    struct usb_learn learn = started(true);
    assert_int_equal(usb_learn_attached(&learn, &scanner, true, with_keyboard), USB_LEARN_NOTHING);
    expect_failed(&learn, "in use already");
}

static void unplugging_it_again_waits_again(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    assert_int_equal(usb_learn_gone(&learn, 5), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_OFFERED);
    assert_int_equal(usb_learn_gone(&learn, 4), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_WAITING);
    assert_int_equal(usb_learn_code(&learn, 4, 13, 100), USB_LEARN_NOTHING);
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_CLAIM);
}

static void codes_of_others_do_not_count(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    assert_int_equal(usb_learn_code(&learn, 5, 13, 100), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_OFFERED);
}

static void typing_by_hand_does_not_count(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    assert_int_equal(usb_learn_code(&learn, 4, 13, 12 * USB_LEARN_TYPED_MS + 1), USB_LEARN_NOTHING);
    assert_int_equal(learn.state, USB_LEARN_OFFERED);
    assert_non_null(strstr(learn.words, "typed by hand"));
    assert_int_equal(usb_learn_code(&learn, 4, 13, 12 * USB_LEARN_TYPED_MS), USB_LEARN_SAVE);
    learn = started(true);
    assert_int_equal(usb_learn_attached(&learn, &scanner, false, with_keyboard), USB_LEARN_CLAIM);
    assert_int_equal(usb_learn_code(&learn, 4, 13, 60000), USB_LEARN_SAVE);
}

static void a_failure_gives_the_device_back(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    assert_int_equal(usb_learn_fail(&learn, "no permission"), USB_LEARN_RELEASE);
    expect_failed(&learn, "no permission");
    assert_int_equal(usb_learn_fail(&learn, "again"), USB_LEARN_NOTHING);
    learn = offered();
    assert_int_equal(usb_learn_code(&learn, 4, 13, 100), USB_LEARN_SAVE);
    assert_int_equal(usb_learn_fail(&learn, "disk full"), USB_LEARN_RELEASE); /* saving failed */
    assert_int_equal(learn.released, 4);
}

static void starting_again_gives_an_offered_device_back_but_not_a_learnt_one(void **state)
{
    (void)state;
    struct usb_learn learn = offered();
    assert_int_equal(usb_learn_start(&learn, false, START_MS + 10), USB_LEARN_RELEASE);
    assert_int_equal(learn.released, 4);
    assert_int_equal(usb_learn_deadline(&learn), START_MS + 10 + USB_LEARN_MS);
    learn = offered();
    assert_int_equal(usb_learn_code(&learn, 4, 13, 100), USB_LEARN_SAVE);
    assert_int_equal(usb_learn_start(&learn, false, START_MS), USB_LEARN_NOTHING);
}

static void states_have_the_words_of_the_api(void **state)
{
    (void)state;
    assert_string_equal(usb_learn_state_text(USB_LEARN_IDLE), "idle");
    assert_string_equal(usb_learn_state_text(USB_LEARN_WAITING), "waiting");
    assert_string_equal(usb_learn_state_text(USB_LEARN_OFFERED), "offered");
    assert_string_equal(usb_learn_state_text(USB_LEARN_LEARNT), "learnt");
    assert_string_equal(usb_learn_state_text(USB_LEARN_FAILED), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plug_and_scan_learns),
        cmocka_unit_test(nothing_happens_before_the_start),
        cmocka_unit_test(a_minute_is_all),
        cmocka_unit_test(doubtful_devices_need_yes),
        cmocka_unit_test(a_device_that_types_nothing_is_waited_past),
        cmocka_unit_test(two_at_once_are_refused),
        cmocka_unit_test(a_scanner_in_use_is_not_learnt_again),
        cmocka_unit_test(unplugging_it_again_waits_again),
        cmocka_unit_test(codes_of_others_do_not_count),
        cmocka_unit_test(typing_by_hand_does_not_count),
        cmocka_unit_test(a_failure_gives_the_device_back),
        cmocka_unit_test(starting_again_gives_an_offered_device_back_but_not_a_learnt_one),
        cmocka_unit_test(states_have_the_words_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
