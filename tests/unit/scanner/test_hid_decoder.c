/* The decoder, report by report, on a clock the test holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/hid_decoder.h"

enum { CTRL = 0x01, SHIFT = 0x02, ALT = 0x04, GUI = 0x08 };
enum {
    KEY_A = 0x04,
    KEY_1 = 0x1e,
    KEY_2,
    KEY_3,
    KEY_ENTER = 0x28,
    KEY_ESCAPE = 0x29,
    KEY_TAB = 0x2b,
    KEY_CAPS = 0x39
};
enum { PAD_ENTER = 0x58, PAD_1 = 0x59, PAD_0 = 0x62 };

/* A decoder, its clock, and what it said, as text: "code:123 " "overlong " "broken ". */
struct bench {
    struct hid_decoder decoder;
    int64_t now_ms;
    char said[2048];
    struct hid_result last;
};

static void listen(void *user, const struct hid_result *result)
{
    static const char *const names[] = {
        [HID_CODE] = "code", [HID_OVERLONG] = "overlong", [HID_BROKEN] = "broken"};
    struct bench *b = user;
    size_t used = strlen(b->said);
    if (result->event == HID_CODE)
        assert_int_equal(strlen(result->code), result->length);
    (void)snprintf(b->said + used, sizeof b->said - used, "%s:%s ", names[result->event], result->code);
    b->last = *result;
    b->last.code = NULL; /* borrowed for the call only */
}

static struct bench *bench_new(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    bench.now_ms = 1000;
    hid_decoder_init(&bench.decoder, listen, &bench);
    return &bench;
}

static void report(struct bench *b, int modifiers, int k0, int k1, int k2)
{
    uint8_t bytes[HID_KEYBOARD_REPORT_BYTES] = {(uint8_t)modifiers, 0, (uint8_t)k0, (uint8_t)k1, (uint8_t)k2};
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    b->now_ms += 2;
}

static void tap(struct bench *b, int modifiers, int key)
{
    report(b, modifiers, key, 0, 0);
    report(b, 0, 0, 0, 0);
}

static void expect(struct bench *b, const char *said)
{
    assert_string_equal(b->said, said);
    b->said[0] = '\0';
}

static void pause_ms(struct bench *b, int64_t ms)
{
    b->now_ms += ms;
    hid_decoder_timeout(&b->decoder, b->now_ms);
}

/* HID Usage Tables 1.4 table 12.1, written out again: each usage of the main block with its two characters on
 * a US keyboard. */
static const struct {
    int usage;
    const char *plain, *shifted;
} us_layout[] = {
    {0x04, "a", "A"}, {0x05, "b", "B"},  {0x06, "c", "C"},  {0x07, "d", "D"}, {0x08, "e", "E"},
    {0x09, "f", "F"}, {0x0a, "g", "G"},  {0x0b, "h", "H"},  {0x0c, "i", "I"}, {0x0d, "j", "J"},
    {0x0e, "k", "K"}, {0x0f, "l", "L"},  {0x10, "m", "M"},  {0x11, "n", "N"}, {0x12, "o", "O"},
    {0x13, "p", "P"}, {0x14, "q", "Q"},  {0x15, "r", "R"},  {0x16, "s", "S"}, {0x17, "t", "T"},
    {0x18, "u", "U"}, {0x19, "v", "V"},  {0x1a, "w", "W"},  {0x1b, "x", "X"}, {0x1c, "y", "Y"},
    {0x1d, "z", "Z"}, {0x1e, "1", "!"},  {0x1f, "2", "@"},  {0x20, "3", "#"}, {0x21, "4", "$"},
    {0x22, "5", "%"}, {0x23, "6", "^"},  {0x24, "7", "&"},  {0x25, "8", "*"}, {0x26, "9", "("},
    {0x27, "0", ")"}, {0x2c, " ", " "},  {0x2d, "-", "_"},  {0x2e, "=", "+"}, {0x2f, "[", "{"},
    {0x30, "]", "}"}, {0x31, "\\", "|"}, {0x32, "\\", "|"}, {0x33, ";", ":"}, {0x34, "'", "\""},
    {0x35, "`", "~"}, {0x36, ",", "<"},  {0x37, ".", ">"},  {0x38, "/", "?"}, {0x54, "/", "/"},
    {0x55, "*", "*"}, {0x56, "-", "-"},  {0x57, "+", "+"},  {0x59, "1", "1"}, {0x5a, "2", "2"},
    {0x5b, "3", "3"}, {0x5c, "4", "4"},  {0x5d, "5", "5"},  {0x5e, "6", "6"}, {0x5f, "7", "7"},
    {0x60, "8", "8"}, {0x61, "9", "9"},  {0x62, "0", "0"},  {0x63, ".", "."}, {0x67, "=", "="},
};

static void every_key_types_its_us_character(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    for (size_t i = 0; i < sizeof us_layout / sizeof *us_layout; i++) {
        char want[32];
        tap(b, 0, us_layout[i].usage);
        tap(b, SHIFT, us_layout[i].usage);
        tap(b, 0x20, us_layout[i].usage); /* right shift */
        tap(b, 0, KEY_ENTER);
        (void)snprintf(want, sizeof want, "code:%s%s%s ", us_layout[i].plain, us_layout[i].shifted,
                       us_layout[i].shifted);
        expect(b, want);
        assert_int_equal(b->last.left_out, 0);
    }
}

static void every_other_key_is_left_out(void **state)
{
    (void)state;
    for (int usage = 4; usage < 256; usage++) {
        bool typed = usage == KEY_ENTER || usage == KEY_TAB || usage == PAD_ENTER || usage == KEY_CAPS;
        for (size_t i = 0; i < sizeof us_layout / sizeof *us_layout; i++)
            typed = typed || us_layout[i].usage == usage;
        if (typed)
            continue;
        struct bench *b = bench_new();
        tap(b, 0, KEY_1);
        tap(b, 0, usage);
        tap(b, 0, KEY_ENTER);
        expect(b, "code:1 ");
        assert_int_equal(b->last.left_out, 1);
    }
}

static void enter_tab_and_keypad_enter_end_a_code(void **state)
{
    (void)state;
    static const int ends[] = {KEY_ENTER, KEY_TAB, PAD_ENTER};
    struct bench *b = bench_new();
    for (int i = 0; i < 3; i++) {
        char want[] = {'c', 'o', 'd', 'e', ':', (char)('1' + i), ' ', '\0'};
        tap(b, 0, KEY_1 + i);
        expect(b, "");
        tap(b, 0, ends[i]);
        expect(b, want);
    }
}

static void an_end_without_a_code_is_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_ENTER);
    tap(b, 0, KEY_1);
    tap(b, 0, KEY_ENTER);
    tap(b, 0, KEY_TAB);
    tap(b, CTRL, KEY_A + 'j' - 'a'); /* CR LF as Enter and Ctrl+J */
    expect(b, "code:1 ");
}

static void control_keys_end_a_code_too(void **state)
{
    (void)state;
    static const char keys[] = "ijm"; /* Tab, LF, CR */
    for (int i = 0; i < 3; i++) {
        struct bench *b = bench_new();
        tap(b, 0, KEY_1);
        tap(b, CTRL, KEY_A + keys[i] - 'a');
        expect(b, "code:1 ");
        tap(b, 0, KEY_1);
        assert_int_equal(hid_decoder_deadline(&b->decoder), b->now_ms - 2 + HID_GAP_SUFFIX_MS);
    }
}

static void chords_type_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    tap(b, CTRL, KEY_A);
    tap(b, GUI, KEY_A);
    tap(b, ALT, KEY_A + 'm' - 'a'); /* only Ctrl+M is CR */
    tap(b, CTRL, 0x30);             /* Ctrl+]: the group separator of GS1 codes */
    tap(b, 0, KEY_2);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:12 ");
    assert_int_equal(b->last.left_out, 4);
    tap(b, 0, KEY_3);
    tap(b, 0, KEY_ENTER);
    assert_int_equal(b->last.left_out, 0); /* counted for one code */
}

static void new_keys_of_a_report_count_in_array_order(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    report(b, 0, KEY_1, 0, 0);
    report(b, 0, KEY_1, KEY_2, 0);
    report(b, 0, KEY_3, KEY_2, KEY_1); /* order within the array means nothing for held keys */
    report(b, 0, KEY_3, 0, 0);
    report(b, 0, KEY_3, KEY_2, KEY_1); /* 2 and 1 went up and down again */
    report(b, 0, 0, 0, 0);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:12321 ");
}

static void a_held_key_repeats_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    for (int i = 0; i < 5; i++)
        report(b, 0, KEY_1, 0, 0);
    report(b, 0, 0, 0, 0);
    report(b, 0, KEY_1, 0, 0);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:11 ");
}

static void all_six_places_are_read(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    uint8_t full[HID_KEYBOARD_REPORT_BYTES] = {0, 0xff, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23};
    hid_decoder_report(&b->decoder, full, sizeof full, b->now_ms);
    report(b, 0, 0, 0, 0);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:123456 ");
}

static void phantom_state_changes_nothing(void **state)
{
    (void)state;
    for (int usage = 1; usage <= 3; usage++) {
        struct bench *b = bench_new();
        uint8_t phantom[HID_KEYBOARD_REPORT_BYTES] = {SHIFT, 0};
        memset(phantom + 2, usage, 6);
        report(b, 0, KEY_1, 0, 0);
        hid_decoder_report(&b->decoder, phantom, sizeof phantom, b->now_ms);
        report(b, 0, KEY_1, KEY_2, 0); /* 1 is still held: it was before the phantom report */
        report(b, 0, 0, 0, 0);
        tap(b, 0, KEY_ENTER);
        expect(b, "code:12 ");
    }
}

static void caps_lock_swaps_letters_until_the_code_ends(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_CAPS);
    tap(b, 0, KEY_A);
    tap(b, SHIFT, KEY_A);
    tap(b, 0, KEY_1);
    tap(b, SHIFT, KEY_1);
    tap(b, 0, KEY_CAPS);
    tap(b, 0, KEY_A);
    tap(b, 0, KEY_CAPS);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:Aa1!a ");
    tap(b, 0, KEY_A);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:a ");
}

static void alt_and_digits_type_a_character(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    report(b, ALT, PAD_0, 0x60, 0x5b); /* 083: S, all digits in one report as such scanners send them */
    report(b, 0, 0, 0, 0);
    report(b, ALT, PAD_0, 0x60, PAD_0); /* 080: P, one key twice in one report */
    report(b, 0, 0, 0, 0);
    report(b, ALT, 0x5f, 0, 0); /* 7, then 3, one at a time: I */
    report(b, ALT, 0, 0, 0);
    report(b, ALT, 0x5b, 0, 0);
    report(b, ALT, 0, 0, 0);
    expect(b, "");
    report(b, 0, 0, 0, 0);
    report(b, ALT, PAD_1, 0x5a, 0x5e); /* 126: the last printable one */
    report(b, 0, 0, 0, 0);
    report(b, ALT, PAD_0, PAD_1, 0x5b); /* 013: CR */
    report(b, 0, 0, 0, 0);
    expect(b, "code:SPI~ ");
    assert_int_equal(b->last.left_out, 0);
}

static void alt_numbers_without_a_character_are_left_out(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    for (int i = 0; i < 8; i++)
        tap(b, ALT, 0x5b);             /* 3 each: ETX */
    report(b, ALT, PAD_0, 0x5a, 0x61); /* 029: group separator */
    report(b, ALT, PAD_0, PAD_0, PAD_0);
    report(b, 0, 0, 0, 0);
    report(b, ALT, 0x5e, 0x5d, 0x5d); /* 65585 is 49, a digit, in sixteen bits */
    report(b, ALT, 0x60, 0, 0);
    report(b, ALT, 0x5d, 0, 0);
    report(b, 0, 0, 0, 0);
    report(b, ALT, PAD_1, 0x5a, 0x5f); /* 127: DEL */
    tap(b, 0, KEY_ENTER);
    expect(b, "code:1 ");
    assert_int_equal(b->last.left_out, 11);
}

static void a_pause_ends_an_alt_character_too(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    report(b, ALT, PAD_0, 0x5e, 0x5d); /* 065, and Alt stays down */
    assert_true(hid_decoder_deadline(&b->decoder) < INT64_MAX);
    pause_ms(b, HID_GAP_MS);
    expect(b, "code:A ");
    report(b, ALT, PAD_1, 0, 0);
    assert_true(hid_decoder_reset(&b->decoder));
}

static void a_pause_ends_a_code_without_suffix(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    tap(b, 0, KEY_1);
    int64_t deadline = hid_decoder_deadline(&b->decoder);
    assert_int_equal(deadline, b->now_ms - 2 + HID_GAP_MS);
    hid_decoder_timeout(&b->decoder, deadline - 1);
    expect(b, "");
    hid_decoder_timeout(&b->decoder, deadline);
    expect(b, "code:1 ");
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    assert_int_equal(b->last.first_ms, 1000);
    assert_int_equal(b->last.last_ms, 1002);
}

static void a_late_caller_still_gets_two_codes(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    b->now_ms += HID_GAP_MS; /* nobody called hid_decoder_timeout */
    tap(b, 0, KEY_2);
    expect(b, "code:1 ");
    pause_ms(b, HID_GAP_MS);
    expect(b, "code:2 ");
}

static void after_a_suffix_short_pauses_do_not_split(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    tap(b, 0, KEY_ENTER);
    tap(b, 0, KEY_2);
    pause_ms(b, HID_GAP_MS * 2);
    tap(b, 0, KEY_3);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:1 code:23 ");
    tap(b, 0, KEY_2);
    pause_ms(b, HID_GAP_SUFFIX_MS);
    expect(b, "code:2 "); /* kept, not lost: an unknown code is a sale that can be named later */
}

static void time_without_listening_is_no_pause(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    b->now_ms += HID_GAP_MS * 10;
    hid_decoder_resume(&b->decoder, b->now_ms);
    assert_int_equal(hid_decoder_deadline(&b->decoder), b->now_ms + HID_GAP_MS);
    tap(b, 0, KEY_2);
    expect(b, "");
    pause_ms(b, HID_GAP_MS);
    expect(b, "code:12 ");
    hid_decoder_resume(&b->decoder, b->now_ms);
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
}

static void type_many(struct bench *b, int count)
{
    for (int i = 0; i < count; i++)
        tap(b, 0, KEY_1);
}

static void the_longest_code_fits(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type_many(b, CODE_MAX_BYTES);
    tap(b, 0, KEY_ENTER);
    assert_int_equal(b->last.event, HID_CODE);
    assert_int_equal(b->last.length, CODE_MAX_BYTES);
}

static void overlong_input_is_told_once_and_discarded_to_its_end(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type_many(b, CODE_MAX_BYTES + 1);
    expect(b, "overlong: ");
    type_many(b, 3 * CODE_MAX_BYTES);
    expect(b, "");
    tap(b, 0, KEY_ENTER);
    expect(b, "");
    tap(b, 0, KEY_2);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:2 ");
}

static void overlong_input_without_suffix_ends_by_a_pause(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type_many(b, CODE_MAX_BYTES + 5);
    expect(b, "overlong: ");
    assert_true(hid_decoder_deadline(&b->decoder) < INT64_MAX);
    pause_ms(b, HID_GAP_MS);
    tap(b, 0, KEY_2);
    pause_ms(b, HID_GAP_MS);
    expect(b, "code:2 ");
}

static void a_break_discards_the_broken_code_only(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    hid_decoder_break(&b->decoder); /* between codes: nothing was lost */
    tap(b, 0, KEY_1);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:1 ");
    tap(b, 0, KEY_1);
    hid_decoder_break(&b->decoder);
    expect(b, "broken: ");
    tap(b, 0, KEY_2); /* the rest of the same code would be a wrong code */
    tap(b, 0, KEY_ENTER);
    expect(b, "");
    tap(b, 0, KEY_3);
    tap(b, 0, KEY_ENTER);
    expect(b, "code:3 ");
    report(b, 0, KEY_1, 0, 0); /* its release is lost in the break */
    hid_decoder_break(&b->decoder);
    pause_ms(b, HID_GAP_SUFFIX_MS);
    tap(b, 0, KEY_1);
    tap(b, 0, KEY_ENTER);
    expect(b, "broken: code:1 ");
}

static void a_reset_forgets_everything(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    tap(b, 0, KEY_1);
    tap(b, 0, KEY_ENTER);
    tap(b, 0, KEY_CAPS);
    report(b, 0, KEY_A, 0, 0); /* unplugged while the key is down */
    assert_true(hid_decoder_reset(&b->decoder));
    expect(b, "code:1 ");
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    report(b, 0, KEY_A, 0, 0);
    report(b, 0, 0, 0, 0);
    pause_ms(b, HID_GAP_MS); /* the short pause again: another scanner may sit on the port now */
    expect(b, "code:a ");
    assert_false(hid_decoder_reset(&b->decoder));
}

static void short_reports_are_ignored_and_long_ones_cut(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    uint8_t bytes[64] = {0, 0, KEY_1, 0, 0, 0, 0, 0, KEY_2, KEY_3};
    for (size_t length = 0; length < HID_KEYBOARD_REPORT_BYTES; length++)
        hid_decoder_report(&b->decoder, bytes, length, b->now_ms);
    assert_true(hid_decoder_deadline(&b->decoder) == INT64_MAX);
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    pause_ms(b, HID_GAP_MS);
    expect(b, "code:1 ");
}

static void two_codes_in_one_report_are_two_codes(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    uint8_t bytes[HID_KEYBOARD_REPORT_BYTES] = {0, 0, KEY_1, KEY_ENTER, KEY_2, KEY_TAB, KEY_3, PAD_ENTER};
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    expect(b, "code:1 code:2 code:3 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_types_its_us_character),
        cmocka_unit_test(every_other_key_is_left_out),
        cmocka_unit_test(enter_tab_and_keypad_enter_end_a_code),
        cmocka_unit_test(an_end_without_a_code_is_nothing),
        cmocka_unit_test(control_keys_end_a_code_too),
        cmocka_unit_test(chords_type_nothing),
        cmocka_unit_test(new_keys_of_a_report_count_in_array_order),
        cmocka_unit_test(a_held_key_repeats_nothing),
        cmocka_unit_test(all_six_places_are_read),
        cmocka_unit_test(phantom_state_changes_nothing),
        cmocka_unit_test(caps_lock_swaps_letters_until_the_code_ends),
        cmocka_unit_test(alt_and_digits_type_a_character),
        cmocka_unit_test(alt_numbers_without_a_character_are_left_out),
        cmocka_unit_test(a_pause_ends_an_alt_character_too),
        cmocka_unit_test(a_pause_ends_a_code_without_suffix),
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
