#include "domain/money.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const no_digits[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                        "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
static const char *const three_digits[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};

static bool listed(const char *const *list, size_t count, const char *currency)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], currency) == 0)
            return true;
    return false;
}

int money_exponent(const char *currency)
{
    if (listed(no_digits, sizeof no_digits / sizeof no_digits[0], currency))
        return 0;
    return listed(three_digits, sizeof three_digits / sizeof three_digits[0], currency) ? 3 : 2;
}

static bool add_digit(uint64_t *value, char digit)
{
    return !__builtin_mul_overflow(*value, (uint64_t)10, value) &&
           !__builtin_add_overflow(*value, (uint64_t)(digit - '0'), value);
}

int money_parse(const char *text, const char *currency, int64_t *minor)
{
    bool negative = *text == '-', fits = true;
    if (*text == '-' || *text == '+')
        text++;
    uint64_t value = 0;
    size_t whole = strspn(text, "0123456789");
    for (size_t i = 0; i < whole; i++)
        fits &= add_digit(&value, text[i]);
    const char *rest = text + whole;
    int exponent = money_exponent(currency);
    size_t part = 0;
    if (*rest == '.' || *rest == ',') {
        rest++;
        part = strspn(rest, "0123456789");
        if (!part)
            return -EINVAL;
    }
    if (!whole || rest[part] || part > (size_t)exponent)
        return -EINVAL;
    for (int i = 0; i < exponent; i++)
        fits &= add_digit(&value, (size_t)i < part ? rest[i] : '0');
    if (!fits || value > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    *minor = negative ? (int64_t)(0 - value) : (int64_t)value;
    return 0;
}

void money_format(int64_t minor, const char *currency, char *text, size_t size)
{
    int exponent = money_exponent(currency);
    uint64_t scale = exponent == 0 ? 1 : exponent == 2 ? 100 : 1000;
    uint64_t value = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    const char *sign = minor < 0 ? "-" : "";
    if (exponent == 0)
        (void)snprintf(text, size, "%s%" PRIu64, sign, value);
    else
        (void)snprintf(text, size, "%s%" PRIu64 ".%0*" PRIu64, sign, value / scale, exponent, value % scale);
}
