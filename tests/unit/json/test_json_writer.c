/* Writing JSON: commas, escapes, and that what is written is read back as it was. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static void everything_has_its_place(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = buf_new(1000);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json, NULL);
    json_text(&json, "t", "x");
    json_int(&json, "min", INT64_MIN);
    json_int(&json, "max", INT64_MAX);
    json_begin_array(&json, "l");
    json_end_array(&json);
    json_begin_array(&json, "m");
    json_int(&json, NULL, 1);
    json_begin_object(&json, NULL);
    json_end_object(&json);
    json_bool(&json, NULL, true);
    json_bool(&json, NULL, false);
    json_null(&json, NULL);
    json_text_n(&json, NULL, "abcdef", 3);
    json_end_array(&json);
    json_null(&json, "a\"b");
    json_end_object(&json);
    assert_int_equal(buf_error(&out), 0);
    assert_string_equal(buf_text(&out),
                        "{\"t\":\"x\",\"min\":-9223372036854775808,\"max\":9223372036854775807,\"l\":[],"
                        "\"m\":[1,{},true,false,null,\"abc\"],\"a\\\"b\":null}");
}

static const char *quoted(struct buf *out, const char *text, size_t length)
{
    buf_reset(out);
    struct json_writer json = json_writer_new(out);
    json_text_n(&json, NULL, text, length);
    assert_int_equal(buf_error(out), 0);
    return buf_text(out);
}

static void every_byte_that_must_be_escaped_is(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = buf_new(1000);
    for (int c = 1; c < 0x80; c++) {
        char text = (char)c;
        const char *written = quoted(&out, &text, 1);
        struct json *root = NULL;
        for (const char *at = written; *at; at++)
            assert_true(*at >= ' ' && *at < 0x7f);
        assert_int_equal(json_parse(written, out.length, &root, NULL), 0);
        assert_int_equal(json_text_value(root)[0], c);
        assert_int_equal(json_text_value(root)[1], 0);
        json_free(root);
    }
    assert_string_equal(quoted(&out, "\"\\/\n\x1f\x7f", 6), "\"\\\"\\\\/\\u000a\\u001f\\u007f\"");
    assert_string_equal(quoted(&out, "a\0b", 3), "\"a\\u0000b\"");
}

#define BAD "\xef\xbf\xbd"

/* RFC 3629 section 4, first and last of each range, and their neighbours. */
static void what_is_not_utf8_becomes_the_replacement_character(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf"},
        {"\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf"},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\x80", BAD},
        {"\xc1\xbf", BAD BAD},
        {"\xe0\x9f\xbf", BAD BAD BAD},
        {"\xed\xa0\x80", BAD BAD BAD},
        {"\xf0\x8f\xbf\xbf", BAD BAD BAD BAD},
        {"\xf4\x90\x80\x80", BAD BAD BAD BAD},
        {"\xff", BAD},
        {"a\xc3", "a" BAD},
        {"\xe2\x82", BAD BAD},
        {"\xc3\"", BAD "\\\""}, /* a cut character does not swallow the quote */
    };
    BUF_AUTO struct buf out = buf_new(1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *written = quoted(&out, cases[i].text, strlen(cases[i].text));
        size_t length = strlen(cases[i].written);
        assert_int_equal(out.length, length + 2);
        assert_memory_equal(written + 1, cases[i].written, length);
    }
}

static void the_cap_of_the_buffer_holds(void **state)
{
    (void)state;
    BUF_AUTO struct buf out = buf_new(10);
    struct json_writer json = json_writer_new(&out);
    json_begin_array(&json, NULL);
    for (int i = 0; i < 100; i++)
        json_text(&json, NULL, "abc");
    json_end_array(&json);
    assert_int_equal(buf_error(&out), -E2BIG);
    assert_true(out.length <= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_has_its_place),
        cmocka_unit_test(every_byte_that_must_be_escaped_is),
        cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
        cmocka_unit_test(the_cap_of_the_buffer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
