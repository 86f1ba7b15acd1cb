/* Barcodes: GS1's check digit, and the one form of a number. The numbers are GS1's and Wikipedia's examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/gtin.h"

static const char *const valid[] = {
    "96385074",       /* EAN-8 */
    "73513537",       /* EAN-8 */
    "036000291452",   /* UPC-A */
    "614141000036",   /* UPC-A */
    "4006381333931",  /* EAN-13 */
    "9780306406157",  /* ISBN */
    "5901234123457",  /* EAN-13 */
    "10614141543219", /* GTIN-14 */
    "00614141000036", /* UPC-A as GTIN-14 */
};

static void published_numbers_are_valid_and_no_neighbour_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        char text[20];
        (void)snprintf(text, sizeof text, "%s", valid[i]);
        assert_true(gtin_valid(text));
        for (size_t at = 0; text[at]; at++) { /* any one digit misread shows (weights 1 and 3) */
            char right = text[at];
            for (char digit = '0'; digit <= '9'; digit++) {
                text[at] = digit;
                assert_int_equal(gtin_valid(text), digit == right);
                assert_true(gtin_like(text));
            }
            text[at] = right;
        }
    }
}

static void other_texts_are_no_gtin(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "0",           "0000000",         "000000000",
                                        "0000000000", "00000000000", "000000000000000", "4006381333931 ",
                                        " 96385074",  "9638507x",    "-9638507",        "400638133393\xd9"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(gtin_like(texts[i]));
        assert_false(gtin_valid(texts[i]));
    }
}

static void each_number_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *scanned, *code;
    } cases[] = {
        {"036000291452", "0036000291452"},   /* UPC-A */
        {"0036000291452", "0036000291452"},  /* the same as EAN-13 */
        {"00036000291452", "0036000291452"}, /* the same as GTIN-14 */
        {"4006381333931", "4006381333931"},
        {"04006381333931", "4006381333931"},
        {"10614141543219", "10614141543219"}, /* a case of several: not the article */
        {"96385074", "96385074"},
        {"0000096385074", "96385074"}, /* scanner set to extend EAN-8 */
        {"00000096385074", "96385074"},
        {"000096385074", "96385074"}, /* the same number in 12 digits */
        {"02345673", "02345673"},
        {"0000002345673", "0000002345673"}, /* in-store number: its 13 digits may be another's */
        {"036000291453", "036000291453"},   /* wrong check digit: a code of one's own */
        {"04006381333930", "04006381333930"},
        {"  MUG-1\r\n", "MUG-1"},
        {"\t036000291452\x1d", "0036000291452"},
        {"A B", "A B"},
        {"\xc3\xa9", "\xc3\xa9"},
        {" \r\n\x7f", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[129];
        gtin_normalise(cases[i].scanned, code, sizeof code);
        assert_string_equal(code, cases[i].code);
        char again[129];
        gtin_normalise(code, again, sizeof again);
        assert_string_equal(again, code);
    }
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct {
        char code[13];
        char guard[4];
    } box = {.guard = "end"};
    gtin_normalise("ABCDEFGHIJKLMNOP", box.code, sizeof box.code);
    assert_string_equal(box.code, "ABCDEFGHIJKL");
    gtin_normalise("036000291452", box.code, sizeof box.code); /* no room for the 0: left as it is */
    assert_string_equal(box.code, "036000291452");
    gtin_normalise("x", box.code, 1);
    assert_string_equal(box.code, "");
    assert_string_equal(box.guard, "end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_numbers_are_valid_and_no_neighbour_is),
        cmocka_unit_test(other_texts_are_no_gtin),
        cmocka_unit_test(each_number_has_one_form),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
