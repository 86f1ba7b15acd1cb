#include "base/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool id128_equal(struct id128 a, struct id128 b)
{
    return memcmp(a.bytes, b.bytes, ID128_BYTES) == 0;
}

bool id128_is_zero(struct id128 id)
{
    return id128_equal(id, (struct id128){0});
}

void id128_text(struct id128 id, char text[ID128_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ID128_BYTES; i++) {
        text[2 * i] = digits[id.bytes[i] >> 4];
        text[2 * i + 1] = digits[id.bytes[i] & 15];
    }
    text[2 * ID128_BYTES] = '\0';
}

void id128_uuid_text(struct id128 id, char text[ID128_UUID_TEXT_BYTES])
{
    char hex[ID128_TEXT_BYTES];
    id128_text(id, hex);
    (void)snprintf(text, ID128_UUID_TEXT_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads 32 hex digits and returns the first byte after them, or NULL. */
static const char *parse_hex(const char *text, struct id128 *id)
{
    struct id128 read = {0};
    int digits = 0;
    for (; digits < 2 * ID128_BYTES; text++) {
        if (*text == '-')
            continue;
        int value = hex_value(*text);
        if (value < 0)
            return NULL;
        read.bytes[digits / 2] = (uint8_t)(read.bytes[digits / 2] << 4 | value);
        digits++;
    }
    *id = read;
    return text;
}

int id128_parse(const char *text, struct id128 *id)
{
    struct id128 read;
    const char *end = parse_hex(text, &read);
    if (!end || *end)
        return -EINVAL;
    *id = read;
    return 0;
}

void event_id_text(struct event_id id, char text[EVENT_ID_TEXT_BYTES])
{
    /* By hand: each sale is named on the scan path, and printf would cost as much as finding the item. */
    char digits[20]; /* of 2^64 - 1 */
    size_t first = sizeof digits;
    do
        digits[--first] = (char)('0' + id.sequence % 10);
    while ((id.sequence /= 10) != 0);
    id128_text(id.device, text);
    char *at = text + ID128_TEXT_BYTES - 1;
    *at++ = ':';
    id128_text(id.epoch, at);
    at += ID128_TEXT_BYTES - 1;
    *at++ = ':';
    memcpy(at, digits + first, sizeof digits - first);
    at[sizeof digits - first] = '\0';
}

int event_id_parse(const char *text, struct event_id *id)
{
    struct event_id read;
    const char *at = parse_hex(text, &read.device);
    if (!at || *at++ != ':')
        return -EINVAL;
    at = parse_hex(at, &read.epoch);
    if (!at || *at++ != ':' || *at < '0' || *at > '9')
        return -EINVAL;
    char *end;
    errno = 0;
    read.sequence = strtoull(at, &end, 10);
    if (errno || *end)
        return -EINVAL;
    *id = read;
    return 0;
}
