/* Reading JSON: what is refused, and what exactly a value is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static struct json *parsed(const char *text)
{
    struct json *root = NULL;
    struct err err = {0};
    if (json_parse(text, strlen(text), &root, &err) < 0)
        fail_msg("%s: %s", text, err_text(&err));
    return root;
}

/* Refused with a sentence that contains words; the output stays as it was. */
static void refused(const char *text, size_t length, const char *words)
{
    struct json *const untouched = (struct json *)(void *)&refused;
    struct json *root = untouched;
    struct err err = {0};
    int result = json_parse(text, length, &root, &err);
    if (result != -EINVAL || root != untouched || !strstr(err_text(&err), words))
        fail_msg("%.*s: %d \"%s\", not \"%s\"", (int)length, text, result, err_text(&err), words);
}

static void what_is_no_document_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         " ",   "{",   "}", "[1,]", "{\"a\":}", "{\"a\"}", "{1:2}",       "[1 2]",      "\"open",
        "\"a\\x\"", "tru", "nul", "-", "+1",   "'a'",      "// c\n1", "\"\\ud800\"", "\"\\udc00\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(bad[i], strlen(bad[i]), "not JSON at byte");
}

static void nothing_may_follow_but_white_space(void **state)
{
    (void)state;
    json_free(parsed("{} \t\r\n"));
    refused("{}x", 3, "unexpected text at byte 2");
    refused("{} {}", 5, "unexpected text at byte 3");
    refused("nullx", 5, "unexpected text at byte 4");
    refused("1.5,", 4, "unexpected text at byte 3");
}

static void the_length_counts_not_a_nul(void **state)
{
    (void)state;
    struct json *root = NULL;
    assert_int_equal(json_parse("[1,2]garbage", 5, &root, NULL), 0);
    assert_int_equal(json_count(root), 2);
    json_free(root);
    refused("[1,2]", 4, "not JSON");
    refused("[1]\0", 4, "not UTF-8");
    refused("\"a\0b\"", 5, "not UTF-8");
}

static void control_characters_can_be_blanked(void **state)
{
    (void)state;
    struct json *root = parsed("{\"a\":[\"x\\u001b[31m\\n\",{\"b\":\"\xc2\x9b"
                               "2J\\u007f\xc3\x9b\"}],\"c\":1}");
    json_blank_controls(root);
    json_blank_controls(NULL);
    const struct json *first = json_first(json_get(root, "a"));
    assert_string_equal(json_text_value(first), "x [31m\n");
    assert_string_equal(json_get_text(json_next(first), "b"), "  2J \xc3\x9b");
    json_free(root);
}

static void texts_are_utf8_without_nul(void **state)
{
    (void)state;
    struct json *root = parsed("\"\xc3\xa9 \\u00e9 \\ud83d\\ude00 \\\\u0000 \\n\\\"\"");
    assert_string_equal(json_text_value(root), "\xc3\xa9 \xc3\xa9 \xf0\x9f\x98\x80 \\u0000 \n\"");
    json_free(root);
    refused("\"\xff\"", 3, "not UTF-8");
    refused("\"\xc3\"", 3, "not UTF-8");
    refused("\"\xed\xa0\x80\"", 5, "not UTF-8");
    refused("\"42\\u0000x\"", 11, "U+0000");
    refused("{\"a\\u0000\":1}", 13, "U+0000");      /* in a key too */
    refused("\"\\\\\\u0000\"", 10, "U+0000");       /* behind an escaped backslash */
    refused("[\"\\u12g4\"]", 10, "half an escape"); /* to cJSON the same as U+0000 */
    refused("[\"\\u12", 6, "half an escape");
    refused("[\"\\", 3, "not JSON");
    refused("[\"a\\u000", 8, "half an escape");
    json_free(parsed("[\"\\u0100\\u0001\\u1000\"]"));
}

static void depth(char *text, int levels, char open, char close)
{
    memset(text, open, (size_t)levels);
    memset(text + levels, close, (size_t)levels);
    text[2 * levels] = '\0';
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    static char text[400001];
    depth(text, 64, '[', ']');
    json_free(parsed(text));
    depth(text, 65, '[', ']');
    refused(text, strlen(text), "deeper than 64");
    depth(text, 200000, '[', ']');
    refused(text, strlen(text), "deeper than 64");
    size_t used = 0;
    for (int i = 0; i < 65; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "{\"a\":");
    refused(text, used, "deeper than 64");
    /* Brackets in a text nest nothing, whatever is escaped before them. */
    used = (size_t)snprintf(text, sizeof text, "[\"\\\\\\\"");
    memset(text + used, '[', 300);
    (void)snprintf(text + used + 300, 10, "\"]");
    json_free(parsed(text));
    /* Siblings are not nested. */
    used = 0;
    text[used++] = '[';
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s[]", i ? "," : "");
    text[used++] = ']';
    struct json *root = NULL;
    assert_int_equal(json_parse(text, used, &root, NULL), 0);
    assert_int_equal(json_count(root), 1000);
    json_free(root);
}

static void whole_numbers_are_exact_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t number;
    } cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"42", 0, 42},
        {"-7", 0, -7},
        {"1e3", 0, 1000},
        {"5.0", 0, 5},
        {"2147483648", 0, 2147483648},
        {"9007199254740991", 0, 9007199254740991},
        {"-9007199254740991", 0, -9007199254740991},
        {"9007199254740992", -EINVAL, 0},
        {"9007199254740993", -EINVAL, 0}, /* a double holds ...992 for it */
        {"-9007199254740993", -EINVAL, 0},
        {"9223372036854775807", -EINVAL, 0},
        {"-9223372036854775808", -EINVAL, 0},
        {"18446744073709551616", -EINVAL, 0},
        {"1e400", -EINVAL, 0},
        {"-1e400", -EINVAL, 0},
        {"1.5", -EINVAL, 0},
        {"-0.001", -EINVAL, 0},
        {"\"5\"", -EINVAL, 0},
        {"true", -EINVAL, 0},
        {"null", -EINVAL, 0},
        {"[1]", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *root = parsed(cases[i].text);
        int64_t number = 0x5a5a;
        assert_int_equal(json_int_value(root, &number), cases[i].result);
        assert_int_equal(number, cases[i].result ? 0x5a5a : cases[i].number);
        json_free(root);
    }
    int64_t number = 1;
    assert_int_equal(json_int_value(NULL, &number), -ENOENT);
}

static void members_are_found_by_exact_name(void **state)
{
    (void)state;
    struct json *root = parsed(
        "{\"a\":1,\"A\":2,\"b\":{\"c\":{\"d\":\"deep\"}},\"n\":null,\"f\":false,\"t\":true,\"l\":[3]}");
    int64_t number = 0;
    assert_int_equal(json_get_int(root, "A", &number), 0);
    assert_int_equal(number, 2);
    assert_int_equal(json_get_int(root, "x", &number), -ENOENT);
    assert_int_equal(json_get_int(root, "b", &number), -EINVAL);
    assert_string_equal(json_text_value(json_path(root, "b.c.d")), "deep");
    assert_null(json_path(root, "b.x.d"));
    assert_null(json_path(root, "a.b"));
    assert_null(json_path(root, "l.a")); /* members of a list have no names */
    assert_ptr_equal(json_path(root, ""), root);
    char name[200];
    memset(name, 'k', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_null(json_path(root, name));
    assert_null(json_get_text(root, "a"));
    assert_string_equal(json_get_text(json_path(root, "b.c"), "d"), "deep");
    bool flag = true;
    assert_int_equal(json_get_bool(root, "f", &flag), 0);
    assert_false(flag);
    assert_int_equal(json_get_bool(root, "t", &flag), 0);
    assert_true(flag);
    assert_int_equal(json_get_bool(root, "n", &flag), -EINVAL);
    assert_int_equal(json_get_bool(root, "a", &flag), -EINVAL);
    assert_int_equal(json_get_bool(root, "x", &flag), -ENOENT);
    assert_true(json_is_null(json_get(root, "n")));
    assert_false(json_is_null(json_get(root, "x"))); /* absent is not null */
    assert_null(json_get(NULL, "a"));
    json_free(root);
    json_free(NULL);
}

static void lists_are_walked(void **state)
{
    (void)state;
    struct json *root = parsed("{\"l\":[10,20,30],\"o\":{\"a\":1}}");
    const struct json *list = json_get(root, "l");
    int64_t sum = 0, number = 0;
    for (const struct json *at = json_first(list); at; at = json_next(at)) {
        assert_int_equal(json_int_value(at, &number), 0);
        sum += number;
    }
    assert_int_equal(sum, 60);
    assert_int_equal(json_count(list), 3);
    assert_true(json_is_array(list));
    assert_true(json_is_object(root));
    assert_false(json_is_array(root));
    assert_null(json_first(json_get(root, "o"))); /* no list */
    assert_int_equal(json_count(json_get(root, "o")), 0);
    assert_null(json_first(NULL));
    assert_int_equal(json_count(NULL), 0);
    json_free(root);
}

static void a_value_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char text[] = "{\"s\":\"a \\\"b\\\" \u00fc\",\"n\":-9007199254740991,\"l\":[true,null,{}]}";
    struct json *root = parsed(text);
    BUF_AUTO struct buf whole = buf_new(256), small = buf_new(4), refused = buf_new(256);
    struct json_writer json = json_writer_new(&whole);
    json_value(&json, NULL, root);
    assert_string_equal(buf_text(&whole), text);
    json = json_writer_new(&small);
    json_value(&json, NULL, root);
    assert_int_equal(buf_error(&small), -E2BIG);
    json_free(root);
    root = parsed("[1.5]");
    json = json_writer_new(&refused);
    json_value(&json, NULL, root);
    assert_int_equal(buf_error(&refused), -EINVAL);
    json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(nothing_may_follow_but_white_space),
        cmocka_unit_test(the_length_counts_not_a_nul),
        cmocka_unit_test(control_characters_can_be_blanked),
        cmocka_unit_test(texts_are_utf8_without_nul),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(whole_numbers_are_exact_or_refused),
        cmocka_unit_test(members_are_found_by_exact_name),
        cmocka_unit_test(lists_are_walked),
        cmocka_unit_test(a_value_is_written_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
