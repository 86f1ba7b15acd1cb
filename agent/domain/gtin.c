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
    if (length == 12 && length + 2 <= size && strspn(scanned, "0123456789") >= length &&
        check_digit_right(scanned, length))
        *to++ = '0';
    else if (length == 14 && scanned[0] == '0' && strspn(scanned, "0123456789") >= length &&
             check_digit_right(scanned, length)) {
        scanned++;
        length--;
    }
    memcpy(to, scanned, length);
    to[length] = '\0';
}
