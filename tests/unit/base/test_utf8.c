/* UTF-8 against the grammar of RFC 3629 section 4, every sequence of one to four bytes that can matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* The other direction, from the table of RFC 3629 section 3. */
static size_t encode(uint32_t c, char bytes[4])
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(heads[length] | c);
    return length;
}

static void every_character_is_valid_and_no_part_of_one(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10ffff; c++) {
        char bytes[4];
        size_t length = encode(c, bytes);
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        assert_int_equal(utf8_sequence(bytes, length), surrogate ? 0 : length);
        for (size_t part = 1; part < length; part++)
            assert_int_equal(utf8_sequence(bytes, part), 0);
    }
}

/* Exactly as many sequences are accepted as there are characters: nothing overlong, nothing above. */
static void nothing_else_is(void **state)
{
    (void)state;
    uint32_t two = 0, three = 0, four = 0;
    for (int a = 0x80; a < 0x100; a++)
        for (int b = 0; b < 0x100; b++) {
            const char bytes[4] = {(char)a, (char)b, (char)0x80, (char)0xbf};
            two += utf8_sequence(bytes, 2) == 2;
            three += utf8_sequence(bytes, 3) == 3;
            four += utf8_sequence(bytes, 4) == 4;
        }
    assert_int_equal(two, 0x800 - 0x80);
    assert_int_equal(three, (0x10000 - 0x800 - 0x800) / 64);
    assert_int_equal(four, 0x100000 / 4096);
}

static void continuation_bytes_are_continuation_bytes(void **state)
{
    (void)state;
    for (int c = 0; c < 0x100; c++) {
        const char three[] = {(char)0xe2, (char)0x82, (char)c},
                   four[] = {(char)0xf0, (char)0x9f, (char)0x98, (char)c},
                   middle[] = {(char)0xf0, (char)0x9f, (char)c, (char)0x98};
        bool continues = (c & 0xc0) == 0x80;
        assert_int_equal(utf8_sequence(three, 3), continues ? 3 : 0);
        assert_int_equal(utf8_sequence(four, 4), continues ? 4 : 0);
        assert_int_equal(utf8_sequence(middle, 4), continues ? 4 : 0);
    }
}

static void a_text_is_valid_to_its_end(void **state)
{
    (void)state;
    static const char text[] = "Sch\xc3\xbcssel \xe2\x82\xac \xf0\x9f\x98\x80";
    assert_true(utf8_valid(NULL, 0));
    assert_true(utf8_valid(text, sizeof text - 1));
    assert_false(utf8_valid(text, sizeof text - 2)); /* cut in the last character */
    assert_false(utf8_valid(text, sizeof text));     /* its NUL */
    assert_false(utf8_valid("ab\0cd", 5));
    assert_false(utf8_valid("ok\x80", 3));
}

static void control_characters_are_known(void **state)
{
    (void)state;
    for (int c = 0; c < 0x100; c++) {
        const char one[] = {(char)c, '\0'}, two[] = {(char)0xc2, (char)c, '\0'};
        assert_int_equal(utf8_control(one), (c > 0 && c < ' ') || c == 0x7f);
        assert_int_equal(utf8_control(two), c >= 0x80 && c <= 0x9f ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_valid_and_no_part_of_one),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(continuation_bytes_are_continuation_bytes),
        cmocka_unit_test(a_text_is_valid_to_its_end),
        cmocka_unit_test(control_characters_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
