/* Every picture is read back by a decoder of its own, written from the specifications: ISO/IEC 15420
 * (EAN/UPC) and ISO/IEC 15417 (Code 128). What it reads must be the code that was given, bar for bar. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "labels/label.h"

enum { MODULES_MAX = 4096, MODULE_UNITS = 2, TEXT_MAX = 256 };

/* The bars of a picture as one character a module, '1' dark, from the first dark to the last. */
struct bars {
    char modules[MODULES_MAX];
    int count;
    int quiet_left, quiet_right; /* modules of white beside them */
    char text[TEXT_MAX];         /* the readable text, entities decoded */
};

static double attribute(const char *tag, const char *name)
{
    char pattern[32];
    (void)snprintf(pattern, sizeof pattern, " %s=\"", name);
    const char *at = strstr(tag, pattern);
    assert_non_null(at);
    return strtod(at + strlen(pattern), NULL);
}

static void read_text(const char *svg, struct bars *bars)
{
    size_t used = 0;
    for (const char *at = strstr(svg, "<text"); at; at = strstr(at + 1, "<text")) {
        const char *from = strchr(at, '>') + 1;
        for (; *from != '<' && used < sizeof bars->text - 1; from++) {
            char c = *from;
            if (c == '&') {
                c = strncmp(from, "&amp;", 5) == 0 ? '&' : strncmp(from, "&lt;", 4) == 0 ? '<' : '>';
                from = strchr(from, ';');
            }
            bars->text[used++] = c;
        }
    }
    bars->text[used] = '\0';
}

static void read_bars(const char *svg, struct bars *bars)
{
    memset(bars, 0, sizeof *bars);
    memset(bars->modules, '0', sizeof bars->modules);
    int width = (int)(attribute(strstr(svg, "<svg"), "width") / MODULE_UNITS + 0.5);
    int first = MODULES_MAX, last = -1;
    const char *group = strstr(svg, "<g ");
    const char *end = strstr(svg, "</g>");
    for (const char *at = strstr(group, "<rect"); at && at < end; at = strstr(at + 1, "<rect")) {
        int x = (int)(attribute(at, "x") / MODULE_UNITS + 0.5);
        int w = (int)(attribute(at, "width") / MODULE_UNITS + 0.5);
        assert_true(w >= 1 && w <= 4 && x >= 0 && x + w <= MODULES_MAX);
        memset(bars->modules + x, '1', (size_t)w);
        first = x < first ? x : first;
        last = x + w > last ? x + w : last;
    }
    assert_true(last > first);
    bars->quiet_left = first;
    bars->quiet_right = width - last;
    bars->count = last - first;
    memmove(bars->modules, bars->modules + first, (size_t)bars->count);
    read_text(svg, bars);
}

static void draw(const char *code, struct bars *bars)
{
    struct buf svg = buf_new(LABEL_SVG_MAX_BYTES);
    struct err err = {0};
    int result = label_svg(code, &svg, &err);
    if (result != 0)
        fail_msg("%s: %s", code, err_text(&err));
    assert_memory_equal(buf_text(&svg), "<svg ", 5);
    assert_string_equal(buf_text(&svg) + svg.length - 6, "</svg>");
    read_bars(buf_text(&svg), bars);
    buf_free(&svg);
}

/* --- EAN-13, EAN-8, UPC-A
 * --------------------------------------------------------------------------------------------- */

static const char *const set_a[] = {"0001101", "0011001", "0010011", "0111101", "0100011",
                                    "0110001", "0101111", "0111011", "0110111", "0001011"};
/* Which of the six left digits are of set B, for each first digit. */
static const char *const parity[] = {"AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB",
                                     "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"};

/* The digit at modules; its set ('A', 'B', 'C') in *set. */
static char read_digit(const char *modules, char *set)
{
    for (int digit = 0; digit < 10; digit++) {
        char c[8] = {0}, b[8] = {0};
        for (int i = 0; i < 7; i++)
            c[i] = set_a[digit][i] == '0' ? '1' : '0';
        for (int i = 0; i < 7; i++)
            b[i] = c[6 - i];
        *set = memcmp(modules, set_a[digit], 7) == 0 ? 'A'
               : memcmp(modules, b, 7) == 0          ? 'B'
               : memcmp(modules, c, 7) == 0          ? 'C'
                                                     : '\0';
        if (*set)
            return (char)('0' + digit);
    }
    fail_msg("no EAN digit: %.7s", modules);
    return '\0';
}

/* Reads halves of `half` digits into digits; the sets of the left half into sets. */
static void read_ean(const struct bars *bars, int half, char *digits, char *sets)
{
    assert_int_equal(bars->count, 3 + 7 * half + 5 + 7 * half + 3);
    assert_memory_equal(bars->modules, "101", 3);
    assert_memory_equal(bars->modules + 3 + 7 * half, "01010", 5);
    assert_memory_equal(bars->modules + bars->count - 3, "101", 3);
    for (int i = 0; i < 2 * half; i++) {
        char set;
        digits[i] = read_digit(bars->modules + 3 + 7 * i + (i >= half ? 5 : 0), &set);
        if (i < half)
            sets[i] = set;
        else
            assert_int_equal(set, 'C');
    }
    digits[2 * half] = sets[half] = '\0';
}

static void read_ean13(const char *code)
{
    struct bars bars;
    char digits[16], sets[8];
    draw(code, &bars);
    read_ean(&bars, 6, digits + 1, sets);
    digits[0] = '?';
    for (int i = 0; i < 10; i++)
        if (strcmp(parity[i], sets) == 0)
            digits[0] = (char)('0' + i);
    /* A UPC-A symbol is the EAN-13 symbol of its digits with a 0 before them (ISO/IEC 15420, 4.2.3). */
    assert_string_equal(strlen(code) == 12 ? digits + 1 : digits, code);
    assert_true(bars.quiet_left >= (strlen(code) == 12 ? 9 : 11));
    assert_true(bars.quiet_right >= 7);
    for (const char *c = code; *c; c++)
        assert_non_null(strchr(bars.text, *c));
}

static void test_ean13_reads_back(void **state)
{
    (void)state;
    read_ean13("4006381333931");
    read_ean13("2000000000015");
    read_ean13("5901234123457");
    read_ean13("9780201379624");
    read_ean13("0012345678905");
}

static void test_upca_reads_back(void **state)
{
    (void)state;
    read_ean13("012345678905");
    read_ean13("036000291452");
}

static void test_ean8_reads_back(void **state)
{
    struct bars bars;
    char digits[16], sets[8];
    (void)state;
    draw("96385074", &bars);
    read_ean(&bars, 4, digits, sets);
    assert_string_equal(sets, "AAAA");
    assert_string_equal(digits, "96385074");
    assert_true(bars.quiet_left >= 7 && bars.quiet_right >= 7);
}

/* --- Code 128
 * ---------------------------------------------------------------------------------------------------------
 */

/* Widths of bar, space, bar, space, bar, space for the values 0…105; 103, 104, 105 start sets A, B, C. */
static const char code128_widths[] =
    "21222222212222222112122312132213122212221312231213221222121322131223121211223212213212223111322212312212"
    "3221"
    "22321122113222123121321222311231213131122232112232122131221232211232221121212321232123212111132313112313"
    "1321"
    "11231313211313231121131323111323131111213311233113213111312311332113312131312121133123113121311321331121"
    "3131"
    "31112331132133112131211331231133211131411122141143111111122411142212112412142114112214122111221411241212"
    "2114"
    "12241114211214221124121122111441311124111213411111124212114212124111421212411212421141121242111242121121"
    "2141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232";
static const char code128_stop[] = "2331112";

/* Widths of the next `count` runs from modules on. */
static const char *read_runs(const char *modules, int count, char *widths)
{
    for (int i = 0; i < count; i++) {
        size_t run = strspn(modules, i % 2 ? "0" : "1");
        widths[i] = (char)('0' + run);
        modules += run;
    }
    widths[count] = '\0';
    return modules;
}

static int code128_value(const char *widths)
{
    for (int value = 0; value <= 105; value++)
        if (memcmp(code128_widths + (ptrdiff_t)6 * value, widths, 6) == 0)
            return value;
    fail_msg("no Code 128 symbol has the widths %s", widths);
    return -1;
}

/* Appends what a value means in the set; switches the set for 99, 100, 101. */
static void code128_append(int value, char *set, char *text)
{
    size_t used = strlen(text);
    if (value == 99 && *set != 'C')
        *set = 'C';
    else if (value == 100 && *set != 'B')
        *set = 'B';
    else if (value == 101 && *set != 'A')
        *set = 'A';
    else if (*set == 'C')
        (void)snprintf(text + used, TEXT_MAX - used, "%02d", value);
    else if (value < (*set == 'A' ? 64 : 95))
        (void)snprintf(text + used, TEXT_MAX - used, "%c", ' ' + value);
    else
        fail_msg("value %d of set %c is none that we print", value, *set);
}

static void read_code128(const char *code)
{
    struct bars bars;
    char widths[8], text[TEXT_MAX] = "";
    draw(code, &bars);
    const char *at = read_runs(bars.modules, 6, widths);
    int value = code128_value(widths), sum = value;
    assert_true(value >= 103);
    char set = (char)('A' + value - 103);
    int previous = -1;
    for (int position = 1; at + 13 < bars.modules + bars.count; position++) {
        if (previous >= 0) { /* the last value before the stop is the check value */
            code128_append(previous, &set, text);
            sum += previous * (position - 1);
        }
        at = read_runs(at, 6, widths);
        previous = code128_value(widths);
    }
    assert_int_equal(previous, sum % 103);
    (void)read_runs(at, 7, widths);
    assert_string_equal(widths, code128_stop);
    assert_string_equal(text, code);
    assert_string_equal(bars.text, code);
    assert_true(bars.quiet_left >= 10 && bars.quiet_right >= 10);
}

static void test_code128_reads_back(void **state)
{
    (void)state;
    read_code128("RING-0042");
    read_code128("fs/mug blue #7");
    read_code128("1234567890123456");
    read_code128("a<b>&\"'c"); /* what XML escapes */
    read_code128(
        "4006381333932"); /* a wrong check digit is no EAN: the scanner must still give these digits */
    read_code128("14006381333938"); /* a valid GTIN-14 has no EAN symbol */
    read_code128("~");
}

/* --- choice and refusals
 * ------------------------------------------------------------------------------------------------ */

static void test_kind_follows_from_code(void **state)
{
    (void)state;
    assert_int_equal(label_kind("4006381333931"), LABEL_EAN13);
    assert_int_equal(label_kind("4006381333932"), LABEL_CODE128);
    assert_int_equal(label_kind("96385074"), LABEL_EAN8);
    assert_int_equal(label_kind("96385075"), LABEL_CODE128);
    assert_int_equal(label_kind("036000291452"), LABEL_UPCA);
    assert_int_equal(label_kind("MUG-BLU"), LABEL_CODE128);
}

static void refused(const char *code, int error, const char *words)
{
    struct buf svg = buf_new(LABEL_SVG_MAX_BYTES);
    struct err err = {0};
    assert_int_equal(label_svg(code, &svg, &err), error);
    if (!strstr(err_text(&err), words))
        fail_msg("\"%s\" does not say \"%s\"", err_text(&err), words);
    buf_free(&svg);
}

static void test_refuses_what_is_no_barcode(void **state)
{
    char longest[CODE_MAX_BYTES + 2];
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    refused("", -EINVAL, "1 to 128 characters");
    refused(longest, -EINVAL, "1 to 128 characters");
    longest[CODE_MAX_BYTES] = '\0';
    refused(longest, -E2BIG, "too long");
    refused("mug\n", -EINVAL, "character 4");
    refused("caf\xc3\xa9", -EINVAL, "character 4");
}

static void test_small_buffer_is_an_error(void **state)
{
    struct buf svg = buf_new(200);
    struct err err = {0};
    (void)state;
    assert_int_equal(label_svg("4006381333931", &svg, &err), -E2BIG);
    assert_non_null(strstr(err_text(&err), "200 bytes"));
    buf_free(&svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ean13_reads_back),         cmocka_unit_test(test_upca_reads_back),
        cmocka_unit_test(test_ean8_reads_back),          cmocka_unit_test(test_code128_reads_back),
        cmocka_unit_test(test_kind_follows_from_code),   cmocka_unit_test(test_refuses_what_is_no_barcode),
        cmocka_unit_test(test_small_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
