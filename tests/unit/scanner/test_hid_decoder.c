/* Where codes begin and end: pauses, breaks, lengths; on a clock the test holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hid_bench.h"

static void a_pause_ends_a_code_without_suffix(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    hid_bench_tap(b, 0, KEY_1);
    int64_t deadline = hid_decoder_deadline(&b->decoder);
    assert_int_equal(deadline, b->now_ms - 2 + HID_GAP_MS);
    hid_decoder_timeout(&b->decoder, deadline - 1);
    hid_bench_expect(b, "");
    hid_decoder_timeout(&b->decoder, deadline);
    hid_bench_expect(b, "code:1 ");
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    assert_int_equal(b->last.first_ms, 1000);
    assert_int_equal(b->last.last_ms, 1002);
}

static void the_gap_can_be_set_and_survives_a_reset(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_decoder_set_gap(&b->decoder, 300);
    assert_false(hid_decoder_reset(&b->decoder));
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "");
    hid_bench_pause(b, 300 - HID_GAP_MS);
    hid_bench_expect(b, "code:1 ");
    hid_decoder_set_gap(&b->decoder, 2000);
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER); /* a gap above the one after a suffix stays */
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_pause(b, HID_GAP_SUFFIX_MS);
    hid_bench_expect(b, "code:1 ");
    hid_bench_pause(b, 2000 - HID_GAP_SUFFIX_MS);
    hid_bench_expect(b, "code:2 ");
}

static void a_late_caller_still_gets_two_codes(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    b->now_ms += HID_GAP_MS; /* nobody called hid_decoder_timeout */
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_expect(b, "code:1 ");
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "code:2 ");
}

static void after_a_suffix_short_pauses_do_not_split(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_pause(b, HID_GAP_MS * 2);
    hid_bench_tap(b, 0, KEY_3);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:1 code:23 ");
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_pause(b, HID_GAP_SUFFIX_MS);
    hid_bench_expect(b, "code:2 "); /* kept, not lost: an unknown code is a sale that can be named later */
}

static void time_without_listening_is_no_pause(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    b->now_ms += HID_GAP_MS * 10;
    hid_decoder_resume(&b->decoder, b->now_ms);
    assert_int_equal(hid_decoder_deadline(&b->decoder), b->now_ms + HID_GAP_MS);
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_expect(b, "");
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "code:12 ");
    hid_decoder_resume(&b->decoder, b->now_ms);
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
}

static void type_many(struct hid_bench *b, int count)
{
    for (int i = 0; i < count; i++)
        hid_bench_tap(b, 0, KEY_1);
}

static void the_longest_code_fits(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    type_many(b, CODE_MAX_BYTES);
    hid_bench_tap(b, 0, KEY_ENTER);
    assert_int_equal(b->last.event, HID_CODE);
    assert_int_equal(b->last.length, CODE_MAX_BYTES);
}

static void overlong_input_is_told_once_and_discarded_to_its_end(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    type_many(b, CODE_MAX_BYTES + 1);
    hid_bench_expect(b, "overlong: ");
    type_many(b, 3 * CODE_MAX_BYTES);
    hid_bench_expect(b, "");
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "");
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:2 ");
}

static void overlong_input_without_suffix_ends_by_a_pause(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    type_many(b, CODE_MAX_BYTES + 5);
    hid_bench_expect(b, "overlong: ");
    assert_true(hid_decoder_deadline(&b->decoder) < INT64_MAX);
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "code:2 ");
}

static void a_break_discards_the_broken_code_only(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_decoder_break(&b->decoder); /* between codes: nothing was lost */
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:1 ");
    hid_bench_tap(b, 0, KEY_1);
    hid_decoder_break(&b->decoder);
    hid_bench_expect(b, "broken: ");
    hid_bench_tap(b, 0, KEY_2); /* the rest of the same code would be a wrong code */
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "");
    hid_bench_tap(b, 0, KEY_3);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:3 ");
    hid_bench_report(b, 0, KEY_1, 0, 0); /* its release is lost in the break */
    hid_decoder_break(&b->decoder);
    hid_bench_pause(b, HID_GAP_SUFFIX_MS);
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "broken: code:1 ");
}

static void a_reset_forgets_everything(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_tap(b, 0, KEY_CAPS);
    hid_bench_report(b, 0, KEY_A, 0, 0); /* unplugged while the key is down */
    assert_true(hid_decoder_reset(&b->decoder));
    hid_bench_expect(b, "code:1 ");
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    hid_bench_report(b, 0, KEY_A, 0, 0);
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_pause(b, HID_GAP_MS); /* the short pause again: another scanner may sit on the port now */
    hid_bench_expect(b, "code:a ");
    assert_false(hid_decoder_reset(&b->decoder));
}

static void short_reports_are_ignored_and_long_ones_cut(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    uint8_t bytes[64] = {0, 0, KEY_1, 0, 0, 0, 0, 0, KEY_2, KEY_3};
    for (size_t length = 0; length < HID_KEYBOARD_REPORT_BYTES; length++)
        hid_decoder_report(&b->decoder, bytes, length, b->now_ms);
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "code:1 ");
}

static void two_codes_in_one_report_are_two_codes(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    uint8_t bytes[HID_KEYBOARD_REPORT_BYTES] = {0, 0, KEY_1, KEY_ENTER, KEY_2, KEY_TAB, KEY_3, PAD_ENTER};
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    hid_bench_expect(b, "code:1 code:2 code:3 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_ends_a_code_without_suffix),
        cmocka_unit_test(the_gap_can_be_set_and_survives_a_reset),
        cmocka_unit_test(a_late_caller_still_gets_two_codes),
        cmocka_unit_test(after_a_suffix_short_pauses_do_not_split),
        cmocka_unit_test(time_without_listening_is_no_pause),
        cmocka_unit_test(the_longest_code_fits),
        cmocka_unit_test(overlong_input_is_told_once_and_discarded_to_its_end),
        cmocka_unit_test(overlong_input_without_suffix_ends_by_a_pause),
        cmocka_unit_test(a_break_discards_the_broken_code_only),
        cmocka_unit_test(a_reset_forgets_everything),
        cmocka_unit_test(short_reports_are_ignored_and_long_ones_cut),
        cmocka_unit_test(two_codes_in_one_report_are_two_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
