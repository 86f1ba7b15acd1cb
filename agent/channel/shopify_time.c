#include "channel/shopify_time.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum {
    MS_PER_SECOND = 1000,
    YEAR_FIRST = 1970,
    YEAR_LAST = 9999,
    SECONDS_PER_MINUTE = 60,
    MINUTES_PER_HOUR = 60
};

int shopify_time_text(int64_t ms, char text[SHOPIFY_TIME_TEXT_BYTES])
{
    time_t seconds = (time_t)(ms / MS_PER_SECOND);
    struct tm parts;
    if (ms < 0 || !gmtime_r(&seconds, &parts) || parts.tm_year + 1900 > YEAR_LAST)
        return -ERANGE;
    size_t length = strftime(text, SHOPIFY_TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return length == SHOPIFY_TIME_TEXT_BYTES - 1 ? 0 : -ERANGE;
}

/* Reads exactly `digits` decimal digits and moves on. */
static bool take_number(const char **at, int digits, int least, int most, int *number)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (*(*at)++ - '0');
    }
    *number = value;
    return value >= least && value <= most;
}

static bool take_char(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static bool take_fraction(const char **at, int *ms)
{
    *ms = 0;
    if (**at != '.')
        return true;
    (*at)++;
    int scale = MS_PER_SECOND / 10;
    bool any = false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        *ms += (**at - '0') * scale;
        scale /= 10;
        any = true;
    }
    return any;
}

/* "Z" or "+hh:mm"; seconds to take off to get UTC. */
static bool take_offset(const char **at, int *offset_seconds)
{
    *offset_seconds = 0;
    if (take_char(at, 'Z'))
        return true;
    int sign = **at == '-' ? -1 : 1;
    int hours, minutes;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_number(at, 2, 0, 23, &hours) || !take_char(at, ':') || !take_number(at, 2, 0, 59, &minutes))
        return false;
    *offset_seconds = sign * (hours * MINUTES_PER_HOUR + minutes) * SECONDS_PER_MINUTE;
    return true;
}

int shopify_time_parse(const char *text, int64_t *ms)
{
    struct tm parts = {0};
    int fraction_ms, offset_seconds;
    const char *at = text;
    bool good = take_number(&at, 4, YEAR_FIRST, YEAR_LAST, &parts.tm_year) && take_char(&at, '-') &&
                take_number(&at, 2, 1, 12, &parts.tm_mon) && take_char(&at, '-') &&
                take_number(&at, 2, 1, 31, &parts.tm_mday) && take_char(&at, 'T') &&
                take_number(&at, 2, 0, 23, &parts.tm_hour) && take_char(&at, ':') &&
                take_number(&at, 2, 0, 59, &parts.tm_min) && take_char(&at, ':') &&
                take_number(&at, 2, 0, 60, &parts.tm_sec) && take_fraction(&at, &fraction_ms) &&
                take_offset(&at, &offset_seconds) && *at == '\0';
    if (!good)
        return -EINVAL;
    int day = parts.tm_mday;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    time_t seconds = timegm(&parts);
    if (parts.tm_mday != day && parts.tm_sec != 60) /* 30 February moved on by timegm */
        return -EINVAL;
    *ms = ((int64_t)seconds - offset_seconds) * MS_PER_SECOND + fraction_ms;
    return 0;
}
