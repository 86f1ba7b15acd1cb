/* Money as text and as minor units. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/money.h"
#include "event_fixture.h"

static void currencies_have_their_digits(void **state)
{
    (void)state;
    static const struct {
        const char *currency;
        int digits;
    } cases[] = {{"EUR", 2}, {"USD", 2}, {"GBP", 2}, {"CHF", 2}, {"MXN", 2}, {"JPY", 0},
                 {"KRW", 0}, {"ISK", 0}, {"CLP", 0}, {"VND", 0}, {"XOF", 0}, {"XAF", 0},
                 {"XPF", 0}, {"BHD", 3}, {"KWD", 3}, {"TND", 3}, {"OMR", 3}, {"JOD", 3},
                 {"IQD", 3}, {"LYD", 3}, {"HUF", 2}, {"", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(money_exponent(cases[i].currency), cases[i].digits);
}

static void texts_become_minor_units(void **state)
{
    (void)state;
    static const struct {
        const char *text, *currency;
        int result;
        int64_t minor;
    } cases[] = {
        {"24.50", "EUR", 0, 2450},
        {"24,5", "EUR", 0, 2450},
        {"24", "EUR", 0, 2400},
        {"0.05", "EUR", 0, 5},
        {"007", "EUR", 0, 700},
        {"-3.20", "EUR", 0, -320},
        {"+3", "EUR", 0, 300},
        {"-0", "EUR", 0, 0},
        {"1200", "JPY", 0, 1200},
        {"1.234", "KWD", 0, 1234},
        {"1.2", "KWD", 0, 1200},
        {"24.500", "EUR", -EINVAL, 0}, /* never rounded */
        {"1200.0", "JPY", -EINVAL, 0},
        {"1.2345", "KWD", -EINVAL, 0},
        {"", "EUR", -EINVAL, 0},
        {"-", "EUR", -EINVAL, 0},
        {"--1", "EUR", -EINVAL, 0},
        {"+-1", "EUR", -EINVAL, 0},
        {".50", "EUR", -EINVAL, 0},
        {"5.", "EUR", -EINVAL, 0},
        {"5,", "JPY", -EINVAL, 0},
        {"1.000,00", "EUR", -EINVAL, 0}, /* no grouping: it could mean either */
        {"1,000.00", "EUR", -EINVAL, 0},
        {"1 000", "EUR", -EINVAL, 0},
        {" 1", "EUR", -EINVAL, 0},
        {"1 ", "EUR", -EINVAL, 0},
        {"1e3", "EUR", -EINVAL, 0},
        {"0x10", "EUR", -EINVAL, 0},
        {"\xe2\x82\xac"
         "5",
         "EUR", -EINVAL, 0},
        {"92233720368547758.07", "EUR", 0, INT64_MAX},
        {"92233720368547758.08", "EUR", -ERANGE, 0},
        {"-92233720368547758.08", "EUR", 0, INT64_MIN},
        {"-92233720368547758.09", "EUR", -ERANGE, 0},
        {"9223372036854775807", "JPY", 0, INT64_MAX},
        {"9223372036854775807", "EUR", -ERANGE, 0},
        {"184467440737095516.16", "EUR", -ERANGE, 0}, /* 2^64: would be 0 */
        {"184467440737095516.17", "EUR", -ERANGE, 0},
        {"184467440737095516160", "JPY", -ERANGE, 0}, /* past 2^64, and on */
        {"99999999999999999999999999999999", "EUR", -ERANGE, 0},
        {"99999999999999999999999999999999x", "EUR", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t minor = 4711;
        int result = money_parse(cases[i].text, cases[i].currency, &minor);
        if (result != cases[i].result || minor != (result ? 4711 : cases[i].minor))
            fail_msg("%s %s: %d, %" PRId64, cases[i].text, cases[i].currency, result, minor);
    }
}

static void minor_units_become_texts(void **state)
{
    (void)state;
    static const struct {
        int64_t minor;
        const char *currency, *text;
    } cases[] = {{2450, "EUR", "24.50"},
                 {5, "EUR", "0.05"},
                 {-5, "EUR", "-0.05"},
                 {0, "EUR", "0.00"},
                 {1200, "JPY", "1200"},
                 {-1, "JPY", "-1"},
                 {1, "KWD", "0.001"},
                 {-1234, "KWD", "-1.234"},
                 {100, "EUR", "1.00"},
                 {INT64_MAX, "EUR", "92233720368547758.07"},
                 {INT64_MIN, "EUR", "-92233720368547758.08"},
                 {INT64_MIN, "JPY", "-9223372036854775808"},
                 {INT64_MIN, "KWD", "-9223372036854775.808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MONEY_TEXT_BYTES];
        money_format(cases[i].minor, cases[i].currency, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
    char small[4];
    money_format(123456, "EUR", small, sizeof small); /* cut, not overrun */
    assert_string_equal(small, "123");
}

static void every_amount_survives_its_text(void **state)
{
    (void)state;
    static const char *const currencies[] = {"EUR", "JPY", "KWD"};
    struct random random = {.state = 0xcafe};
    for (int round = 0; round < 100000; round++) {
        uint64_t bits = random_next(&random);
        int64_t minor = (int64_t)(bits >> (bits % 64)), read = 0;
        minor = bits & 64 ? minor : -minor;
        char text[MONEY_TEXT_BYTES];
        money_format(minor, currencies[round % 3], text, sizeof text);
        assert_int_equal(money_parse(text, currencies[round % 3], &read), 0);
        assert_true(read == minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(currencies_have_their_digits),
        cmocka_unit_test(texts_become_minor_units),
        cmocka_unit_test(minor_units_become_texts),
        cmocka_unit_test(every_amount_survives_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
