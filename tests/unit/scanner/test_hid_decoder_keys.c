/* What each key, chord and report types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hid_bench.h"

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
    struct hid_bench *b = hid_bench_new();
    for (size_t i = 0; i < sizeof us_layout / sizeof *us_layout; i++) {
        char want[32];
        hid_bench_tap(b, 0, us_layout[i].usage);
        hid_bench_tap(b, SHIFT, us_layout[i].usage);
        hid_bench_tap(b, 0x20, us_layout[i].usage); /* right shift */
        hid_bench_tap(b, 0, KEY_ENTER);
        (void)snprintf(want, sizeof want, "code:%s%s%s ", us_layout[i].plain, us_layout[i].shifted,
                       us_layout[i].shifted);
        hid_bench_expect(b, want);
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
        struct hid_bench *b = hid_bench_new();
        hid_bench_tap(b, 0, KEY_1);
        hid_bench_tap(b, 0, usage);
        hid_bench_tap(b, 0, KEY_ENTER);
        hid_bench_expect(b, "code:1 ");
        assert_int_equal(b->last.left_out, 1);
    }
}

static void enter_tab_and_keypad_enter_end_a_code(void **state)
{
    (void)state;
    static const int ends[] = {KEY_ENTER, KEY_TAB, PAD_ENTER};
    struct hid_bench *b = hid_bench_new();
    for (int i = 0; i < 3; i++) {
        char want[] = {'c', 'o', 'd', 'e', ':', (char)('1' + i), ' ', '\0'};
        hid_bench_tap(b, 0, KEY_1 + i);
        hid_bench_expect(b, "");
        hid_bench_tap(b, 0, ends[i]);
        hid_bench_expect(b, want);
    }
}

static void an_end_without_a_code_is_nothing(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_tap(b, 0, KEY_TAB);
    hid_bench_tap(b, CTRL, KEY_A + 'j' - 'a'); /* CR LF as Enter and Ctrl+J */
    hid_bench_expect(b, "code:1 ");
}

static void control_keys_end_a_code_too(void **state)
{
    (void)state;
    static const char keys[] = "ijm"; /* Tab, LF, CR */
    for (int i = 0; i < 3; i++) {
        struct hid_bench *b = hid_bench_new();
        hid_bench_tap(b, 0, KEY_1);
        hid_bench_tap(b, CTRL, KEY_A + keys[i] - 'a');
        hid_bench_expect(b, "code:1 ");
        hid_bench_tap(b, 0, KEY_1);
        assert_int_equal(hid_decoder_deadline(&b->decoder), b->now_ms - 2 + HID_GAP_SUFFIX_MS);
    }
}

static void chords_type_nothing(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, CTRL, KEY_A);
    hid_bench_tap(b, GUI, KEY_A);
    hid_bench_tap(b, ALT, KEY_A + 'm' - 'a'); /* only Ctrl+M is CR */
    hid_bench_tap(b, CTRL, 0x30);             /* Ctrl+]: the group separator of GS1 codes */
    hid_bench_tap(b, 0, KEY_2);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:12 ");
    assert_int_equal(b->last.left_out, 4);
    hid_bench_tap(b, 0, KEY_3);
    hid_bench_tap(b, 0, KEY_ENTER);
    assert_int_equal(b->last.left_out, 0); /* counted for one code */
}

static void new_keys_of_a_report_count_in_array_order(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_report(b, 0, KEY_1, 0, 0);
    hid_bench_report(b, 0, KEY_1, KEY_2, 0);
    hid_bench_report(b, 0, KEY_3, KEY_2, KEY_1); /* order within the array means nothing for held keys */
    hid_bench_report(b, 0, KEY_3, 0, 0);
    hid_bench_report(b, 0, KEY_3, KEY_2, KEY_1); /* 2 and 1 went up and down again */
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:12321 ");
}

static void a_held_key_repeats_nothing(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    for (int i = 0; i < 5; i++)
        hid_bench_report(b, 0, KEY_1, 0, 0);
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, 0, KEY_1, 0, 0);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:11 ");
}

static void all_six_places_are_read(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    uint8_t full[HID_KEYBOARD_REPORT_BYTES] = {0, 0xff, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23};
    hid_decoder_report(&b->decoder, full, sizeof full, b->now_ms);
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:123456 ");
}

static void phantom_state_changes_nothing(void **state)
{
    (void)state;
    for (int usage = 1; usage <= 3; usage++) {
        struct hid_bench *b = hid_bench_new();
        uint8_t phantom[HID_KEYBOARD_REPORT_BYTES] = {SHIFT, 0};
        memset(phantom + 2, usage, 6);
        hid_bench_report(b, 0, KEY_1, 0, 0);
        hid_decoder_report(&b->decoder, phantom, sizeof phantom, b->now_ms);
        hid_bench_report(b, 0, KEY_1, KEY_2, 0); /* 1 is still held: it was before the phantom report */
        hid_bench_report(b, 0, 0, 0, 0);
        hid_bench_tap(b, 0, KEY_ENTER);
        hid_bench_expect(b, "code:12 ");
    }
}

static void caps_lock_swaps_letters_until_the_code_ends(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_CAPS);
    hid_bench_tap(b, 0, KEY_A);
    hid_bench_tap(b, SHIFT, KEY_A);
    hid_bench_tap(b, 0, KEY_1);
    hid_bench_tap(b, SHIFT, KEY_1);
    hid_bench_tap(b, 0, KEY_CAPS);
    hid_bench_tap(b, 0, KEY_A);
    hid_bench_tap(b, 0, KEY_CAPS);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:Aa1!a ");
    hid_bench_tap(b, 0, KEY_A);
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:a ");
}

static void alt_and_digits_type_a_character(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_report(b, ALT, PAD_0, 0x60,
                     0x5b); /* 083: S, all digits in one report as such scanners send them */
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, PAD_0, 0x60, PAD_0); /* 080: P, one key twice in one report */
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, 0x5f, 0, 0); /* 7, then 3, one at a time: I */
    hid_bench_report(b, ALT, 0, 0, 0);
    hid_bench_report(b, ALT, 0x5b, 0, 0);
    hid_bench_report(b, ALT, 0, 0, 0);
    hid_bench_expect(b, "");
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, PAD_1, 0x5a, 0x5e); /* 126: the last printable one */
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, PAD_0, PAD_1, 0x5b); /* 013: CR */
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_expect(b, "code:SPI~ ");
    assert_int_equal(b->last.left_out, 0);
}

static void alt_numbers_without_a_character_are_left_out(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_tap(b, 0, KEY_1);
    for (int i = 0; i < 8; i++)
        hid_bench_tap(b, ALT, 0x5b);             /* 3 each: ETX */
    hid_bench_report(b, ALT, PAD_0, 0x5a, 0x61); /* 029: group separator */
    hid_bench_report(b, ALT, PAD_0, PAD_0, PAD_0);
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, 0x5e, 0x5d, 0x5d); /* 65585 is 49, a digit, in sixteen bits */
    hid_bench_report(b, ALT, 0x60, 0, 0);
    hid_bench_report(b, ALT, 0x5d, 0, 0);
    hid_bench_report(b, 0, 0, 0, 0);
    hid_bench_report(b, ALT, PAD_1, 0x5a, 0x5f); /* 127: DEL */
    hid_bench_tap(b, 0, KEY_ENTER);
    hid_bench_expect(b, "code:1 ");
    assert_int_equal(b->last.left_out, 11);
}

static void a_pause_ends_an_alt_character_too(void **state)
{
    (void)state;
    struct hid_bench *b = hid_bench_new();
    hid_bench_report(b, ALT, PAD_0, 0x5e, 0x5d); /* 065, and Alt stays down */
    assert_true(hid_decoder_deadline(&b->decoder) < INT64_MAX);
    hid_bench_pause(b, HID_GAP_MS);
    hid_bench_expect(b, "code:A ");
    hid_bench_report(b, ALT, PAD_1, 0, 0);
    assert_true(hid_decoder_reset(&b->decoder));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
