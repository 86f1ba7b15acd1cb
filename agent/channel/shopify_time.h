/* Shopify's DateTime: ISO 8601 in UTC with whole seconds, "2026-11-23T10:00:00Z" (schema, scalar DateTime).
 * Reads also a fraction and a numeric offset, which the format allows. Pure; knows no time zone of the
 * machine. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_TIME_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_TIME_H

#include <stdint.h>

#include "base/err.h"

enum { SHOPIFY_TIME_TEXT_BYTES = sizeof "2026-11-23T10:00:00Z" };

/* Milliseconds since 1970 to text; rounded down to the second. -ERANGE outside the years 1970…9999. */
MUST_CHECK int shopify_time_text(int64_t ms, char text[SHOPIFY_TIME_TEXT_BYTES]);
/* Text to milliseconds since 1970. -EINVAL leaves ms untouched. */
MUST_CHECK int shopify_time_parse(const char *text, int64_t *ms);

#endif
