#include "domain/gtin.h"

#include <stdio.h>
#include <string.h>

bool gtin_like(const char *text)
{
    size_t length = strlen(text);
    return strspn(text, "0123456789") == length && (length == 8 || (length >= 12 && length <= 14));
}

/* Weights 3 and 1 alternate from the right, the check digit itself weighs 1 (GS1 General
 * Specifications 7.9.1). */
static bool check_digit_right(const char *digits, size_t length)
{
    int sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += (digits[i] - '0') * ((length - i) % 2 ? 1 : 3);
    return sum % 10 == 0;
}

bool gtin_valid(const char *text)
{
    return gtin_like(text) && check_digit_right(text, strlen(text));
}

static bool is_edge(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Digits in front of a valid number of 12 to 14 digits that are only padding: the indicator 0 of a GTIN-14,
 * and the zeros of a GTIN-8 that was sent longer. */
static size_t padding(const char *digits, size_t length)
{
    size_t zeros = strspn(digits, "0");
    /* GS1 prefixes 0000010 to 0000099 are left unused, so that these can only be a GTIN-8. */
    if (zeros == length - 8)
        return zeros;
    return length == 14 && zeros ? 1 : 0;
}

void gtin_normalise(const char *scanned, char *code, size_t size)
{
    while (*scanned && is_edge(*scanned))
        scanned++;
    size_t length = strlen(scanned);
    while (length && is_edge(scanned[length - 1]))
        length--;
    if (length > size - 1)
        length = size - 1;
    char *to = code;
    if (length >= 12 && length <= 14 && strspn(scanned, "0123456789") >= length &&
        check_digit_right(scanned, length)) {
        size_t zeros = padding(scanned, length);
        scanned += zeros;
        length -= zeros;
        if (length == 12 && length + 2 <= size)
            *to++ = '0';
    }
    memcpy(to, scanned, length);
    to[length] = '\0';
}
