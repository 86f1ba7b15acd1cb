#include "channel/shopify_cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SUB       "sub:"
#define ORDER_GID "gid://shopify/Order/"

/* Reads a decimal number without sign or leading zero and moves on. */
static int take_number(const char **at, uint64_t *number)
{
    uint64_t value = 0;
    if (**at < '1' || **at > '9')
        return -EINVAL;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        unsigned digit = (unsigned)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return -EINVAL;
        value = value * 10 + digit;
    }
    *number = value;
    return 0;
}

static int take_ids(const char **at, struct shopify_cursor *cursor)
{
    do {
        if (cursor->count == SHOPIFY_ORDERS_PER_PAGE || take_number(at, &cursor->orders[cursor->count]) < 0)
            return -EINVAL;
        cursor->count++;
    } while (*(*at)++ == ',');
    return (*at)[-1] == ':' ? 0 : -EINVAL;
}

static int take_sizes(const char **at, struct shopify_cursor *cursor)
{
    if (**at < '0' || **at >= '0' + SHOPIFY_SINGLE_SIZES || (*at)[1] != ':')
        return -EINVAL;
    cursor->sizes = (uint32_t)(**at - '0');
    *at += 2;
    return 0;
}

int shopify_cursor_parse(const char *text, struct shopify_cursor *cursor)
{
    struct shopify_cursor read = {0};
    const char *at = text;
    if (strlen(text) > CURSOR_MAX_BYTES)
        return -EINVAL;
    if (strncmp(text, SUB, strlen(SUB)) == 0) {
        at += strlen(SUB);
        if (take_ids(&at, &read) < 0 || take_sizes(&at, &read) < 0)
            return -EINVAL;
        const char *end = strchr(at, ':');
        if (!end)
            return -EINVAL;
        memcpy(read.lines, at, (size_t)(end - at));
        at = end + 1;
    }
    memcpy(read.outer, at, strlen(at));
    *cursor = read;
    return 0;
}

int shopify_cursor_text(const struct shopify_cursor *cursor, char text[CURSOR_MAX_BYTES + 1])
{
    if (cursor->count == 0) {
        if (strncmp(cursor->outer, SUB, strlen(SUB)) == 0)
            return -EINVAL;
        memcpy(text, cursor->outer, strlen(cursor->outer) + 1);
        return 0;
    }
    if (strchr(cursor->lines, ':'))
        return -EINVAL;
    char made[2 * CURSOR_MAX_BYTES + 512];
    size_t used = strlen(SUB);
    memcpy(made, SUB, used);
    for (uint32_t i = 0; i < cursor->count; i++)
        used +=
            (size_t)snprintf(made + used, sizeof made - used, "%s%" PRIu64, i ? "," : "", cursor->orders[i]);
    used += (size_t)snprintf(made + used, sizeof made - used, ":%u:%s:%s", cursor->sizes, cursor->lines,
                             cursor->outer);
    if (used > CURSOR_MAX_BYTES)
        return -E2BIG;
    memcpy(text, made, used + 1);
    return 0;
}

bool shopify_cursor_at_end(const struct shopify_cursor *cursor)
{
    return cursor->count == 0 && cursor->outer[0] == '\0';
}

int shopify_cursor_order_number(const char *gid, uint64_t *number)
{
    uint64_t read;
    if (strncmp(gid, ORDER_GID, strlen(ORDER_GID)) != 0)
        return -EINVAL;
    const char *at = gid + strlen(ORDER_GID);
    if (take_number(&at, &read) < 0 || *at)
        return -EINVAL;
    *number = read;
    return 0;
}
