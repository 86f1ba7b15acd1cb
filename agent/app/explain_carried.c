#include "app/explain_carried.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The next whole number, behind a dot unless it is the first. */
static bool next(const char **at, bool first, int64_t *value)
{
    char *end;
    if (!first && *(*at)++ != '.')
        return false;
    if (**at != '-' && (**at < '0' || **at > '9'))
        return false;
    errno = 0;
    *value = strtoll(*at, &end, 10);
    bool good = !errno && end != *at && *value > -(INT64_C(1) << 52) && *value < INT64_C(1) << 52;
    *at = end;
    return good;
}

static bool next_alias(const char **at, uint32_t *alias)
{
    int64_t value;
    if (!next(at, false, &value) || value < 1 || value > UINT32_MAX)
        return false;
    *alias = (uint32_t)value;
    return true;
}

bool explain_carried_read(const char *text, struct explain_carried *carried)
{
    struct explain_carried read = {0};
    int64_t position, lines;
    const char *at = text;
    if (!next(&at, true, &position) || !next(&at, false, &lines) || !next(&at, false, &read.on_hand) ||
        !next(&at, false, &read.committed) || position < 1 || lines < 0)
        return false;
    read.position = (uint64_t)position;
    read.lines = (uint64_t)lines;
    while (*at) {
        struct explain_listing *listing = &read.listings[read.count];
        if (read.count == EXPLAIN_LISTINGS_MAX || !next_alias(&at, &listing->channel) ||
            !next_alias(&at, &listing->listing) || !next(&at, false, &listing->expected))
            return false;
        read.count++;
    }
    *carried = read;
    return true;
}

void explain_carried_write(const struct explain_carried *carried, struct buf *text)
{
    buf_printf(text, "%" PRIu64 ".%" PRIu64 ".%" PRId64 ".%" PRId64, carried->position, carried->lines,
               carried->on_hand, carried->committed);
    for (uint32_t i = 0; i < carried->count; i++)
        buf_printf(text, ".%" PRIu32 ".%" PRIu32 ".%" PRId64, carried->listings[i].channel,
                   carried->listings[i].listing, carried->listings[i].expected);
}

/* carried->count when it is not there. */
static uint32_t find(const struct explain_carried *carried, uint32_t channel, uint32_t listing)
{
    uint32_t i = 0;
    while (i < carried->count &&
           (carried->listings[i].channel != channel || carried->listings[i].listing != listing))
        i++;
    return i;
}

bool explain_carried_add(struct explain_carried *carried, int64_t on_hand, int64_t committed,
                         uint32_t channel, uint32_t listing, int64_t expected)
{
    carried->lines++;
    carried->on_hand += on_hand;
    carried->committed += committed;
    if (!channel || !expected)
        return true;
    uint32_t at = find(carried, channel, listing);
    if (at == EXPLAIN_LISTINGS_MAX)
        return false;
    if (at == carried->count)
        carried->listings[carried->count++] = (struct explain_listing){channel, listing, 0};
    carried->listings[at].expected += expected;
    return true;
}

int64_t explain_carried_expected(const struct explain_carried *carried, uint32_t channel, uint32_t listing)
{
    uint32_t at = find(carried, channel, listing);
    return at < carried->count ? carried->listings[at].expected : 0;
}
