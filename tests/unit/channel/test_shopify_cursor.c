// link: channel
/* The cursor that carries an order read from answer to request, and Shopify's time texts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "channel/shopify_cursor.h"
#include "channel/shopify_time.h"

static void cursors_round_trip(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "eyJsYXN0X2lkIjoxMDF9",
        "sub:1:0::",
        "sub:1,22,333:3::b3V0",
        "sub:18446744073709551615:1:bGlu:b3V0",
        "sub:1:0:bGlu:",
        "sub:1,2,3,4,5,6,7,8,9,10:2::b3V0",
        "anything: else",
        "sub",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct shopify_cursor cursor;
        char text[CURSOR_MAX_BYTES + 1];
        assert_int_equal(shopify_cursor_parse(good[i], &cursor), 0);
        assert_int_equal(shopify_cursor_text(&cursor, text), 0);
        assert_string_equal(text, good[i]);
        assert_int_equal(shopify_cursor_at_end(&cursor), good[i][0] == '\0');
    }
}

static void damaged_cursors_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "sub:",
        "sub::",
        "sub:::",
        "sub:1",
        "sub:1:",
        "sub:1:0",
        "sub:1:0:",
        "sub:0:0::",
        "sub:01:0::",
        "sub:1,:0::",
        "sub:,1:0::",
        "sub:1x:0::",
        "sub:-1:0::",
        "sub:1:4::",
        "sub:1:-1::",
        "sub:1:00::",
        "sub:1:::",
        "sub:1:x::",
        "sub:18446744073709551616:0::",
        "sub:1,2,3,4,5,6,7,8,9,10,11:0::",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct shopify_cursor cursor = {.count = 7};
        assert_int_equal(shopify_cursor_parse(bad[i], &cursor), -EINVAL);
        assert_int_equal(cursor.count, 7);
    }
}

static void cursors_have_a_limit(void **state)
{
    (void)state;
    struct shopify_cursor cursor = {.count = 1, .orders = {1}};
    char text[CURSOR_MAX_BYTES + 1];
    memset(cursor.outer, 'x', CURSOR_MAX_BYTES);
    assert_int_equal(shopify_cursor_text(&cursor, text), -E2BIG);
    cursor.outer[CURSOR_MAX_BYTES - strlen("sub:1:0::")] = '\0';
    assert_int_equal(shopify_cursor_text(&cursor, text), 0);
    (void)snprintf(cursor.lines, sizeof cursor.lines, "a:b"); /* would be read as something else */
    assert_int_equal(shopify_cursor_text(&cursor, text), -EINVAL);
    cursor = (struct shopify_cursor){.outer = "sub:1:0::"};
    assert_int_equal(shopify_cursor_text(&cursor, text), -EINVAL);
}

static void order_numbers(void **state)
{
    (void)state;
    uint64_t number = 9;
    assert_int_equal(shopify_cursor_order_number("gid://shopify/Order/5000", &number), 0);
    assert_true(number == 5000);
    static const char *const bad[] = {"", "5000", "gid://shopify/Order/", "gid://shopify/Order/5000?x",
                                      "gid://shopify/Item/5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(shopify_cursor_order_number(bad[i], &number), -EINVAL);
    assert_true(number == 5000);
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T10:00:00Z", 1795428000000},
        {"2026-11-23T10:00:00.250Z", 1795428000250},
        {"2026-11-23T10:00:00.123456Z", 1795428000123},
        {"2026-11-23T05:00:00-05:00", 1795428000000},
        {"2026-11-23T15:30:00+05:30", 1795428000000},
        {"2024-02-29T00:00:00Z", 1709164800000},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ms = -1;
        assert_int_equal(shopify_time_parse(good[i].text, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
}

static void times_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00Zx",
        "2026-11-23T10:00:00+0530",
        "1969-12-31T23:59:59Z",
        "-026-11-23T10:00:00Z",
        "2026-1-23T10:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms = 77;
        if (shopify_time_parse(bad[i], &ms) != -EINVAL)
            fail_msg("%s was read", bad[i]);
        assert_int_equal(ms, 77);
    }
}

static void times_are_written_down_to_the_second(void **state)
{
    (void)state;
    char text[SHOPIFY_TIME_TEXT_BYTES];
    assert_int_equal(shopify_time_text(1795428000999, text), 0);
    assert_string_equal(text, "2026-11-23T10:00:00Z");
    assert_int_equal(shopify_time_text(-1, text), -ERANGE);
    assert_int_equal(shopify_time_text(INT64_MAX, text), -ERANGE);
    assert_int_equal(shopify_time_text(INT64_C(253402300800000), text), -ERANGE); /* year 10000 */
    for (int64_t ms = 0; ms < INT64_C(253402300800000); ms += INT64_C(86399000) * 997) {
        int64_t again;
        assert_int_equal(shopify_time_text(ms, text), 0);
        assert_int_equal(shopify_time_parse(text, &again), 0);
        assert_int_equal(again, ms / 1000 * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursors_round_trip),
        cmocka_unit_test(damaged_cursors_are_refused),
        cmocka_unit_test(cursors_have_a_limit),
        cmocka_unit_test(order_numbers),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(times_that_do_not_exist_are_refused),
        cmocka_unit_test(times_are_written_down_to_the_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
