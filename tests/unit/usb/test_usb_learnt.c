/* The file of learnt scanners. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "usb/usb_learnt.h"

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const struct usb_learnt want[] = {{0x0c2e, 0x0b61, "Till scanner"}, {0xffff, 0x0001, ""}};
    struct usb_learnt got[USB_LEARNT_MAX];
    struct buf text = buf_new(10000);
    size_t count = 0;
    usb_learnt_format(want, 2, &text);
    assert_non_null(strstr(buf_text(&text), "\n0c2e:0b61 Till scanner\nffff:0001\n"));
    assert_int_equal(usb_learnt_parse(buf_text(&text), got, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_memory_equal(got, want, sizeof want);
    buf_free(&text);
}

static void comments_empty_lines_and_a_missing_line_end_are_fine(void **state)
{
    (void)state;
    struct usb_learnt got[USB_LEARNT_MAX];
    size_t count = 9;
    assert_int_equal(usb_learnt_parse("", got, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(usb_learnt_parse("# x\n\n\nABCD:ef01   Name with  spaces", got, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(got[0].vendor, 0xabcd);
    assert_int_equal(got[0].product, 0xef01);
    assert_string_equal(got[0].name, "Name with  spaces");
}

static void refused(const char *text, const char *words)
{
    struct usb_learnt got[USB_LEARNT_MAX];
    struct err err = {0};
    size_t count = 77;
    assert_int_equal(usb_learnt_parse(text, got, &count, &err), -EINVAL);
    assert_int_equal(count, 77);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" gave \"%s\"", text, err.text);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    refused("x", "1: ");
    refused("0c2e:0b61 a\n0c2e\n", "2: ");
    refused("\n\n0c2e:0b6\n", "3: ");
    refused("0c2e-0b61", "1: ");
    refused("0c2e:0b61x", "1: ");
    refused("0c2g:0b61", "1: ");
    refused("0c2e:0b61 tab\there", "1: ");
    refused(" 0c2e:0b61", "1: ");
    char text[9 + 1 + NAME_MAX_BYTES + 2];
    memset(text, 'n', sizeof text);
    memcpy(text, "0c2e:0b61 ", 10);
    text[sizeof text - 1] = '\0';
    refused(text, "1: ");
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    struct usb_learnt got[USB_LEARNT_MAX];
    size_t count;
    char text[9 + 1 + NAME_MAX_BYTES + 1];
    memset(text, 'n', sizeof text);
    memcpy(text, "0c2e:0b61 ", 10);
    text[sizeof text - 1] = '\0';
    assert_int_equal(usb_learnt_parse(text, got, &count, NULL), 0);
    assert_int_equal(strlen(got[0].name), NAME_MAX_BYTES);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    struct usb_learnt got[USB_LEARNT_MAX];
    char text[(USB_LEARNT_MAX + 1) * 10 + 1] = "";
    size_t count = 0;
    for (int i = 0; i < USB_LEARNT_MAX; i++)
        (void)snprintf(text + 10 * i, sizeof text - (size_t)(10 * i), "0c2e:%04x\n", (unsigned)i);
    assert_int_equal(usb_learnt_parse(text, got, &count, NULL), 0);
    assert_int_equal(count, USB_LEARNT_MAX);
    (void)snprintf(text + 10 * USB_LEARNT_MAX, 11, "0c2e:ffff\n");
    assert_int_equal(usb_learnt_parse(text, got, &count, NULL), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(comments_empty_lines_and_a_missing_line_end_are_fine),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(too_many_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
