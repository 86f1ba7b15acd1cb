/* Where an order read goes on. The adapter keeps no state, so everything it must remember travels in the
 * cursor that the engine hands back.
 *
 *   cursor := OUTER | "sub:" IDS ":" SIZES ":" LINES ":" OUTER
 *   OUTER  := Shopify's own cursor of the orders list; "" once that list has been read to its end
 *   IDS    := number ("," number)*: orders of the last page whose sub-lists did not fit; the first is next
 *   SIZES  := digit: which of shopify_single_sizes reads the first order
 *   LINES  := Shopify's cursor inside the first order's lines; "" at their start
 *
 * Shopify's cursors are base64 of JSON, so they hold no ':' and never begin with "sub:". A page leaves such
 * orders out; each comes by itself on a following page, whole. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_CURSOR_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

enum { SHOPIFY_ORDERS_PER_PAGE = 10, SHOPIFY_SINGLE_SIZES = 4 };

struct shopify_cursor {
    uint32_t count; /* orders to read by themselves; 0: the list goes on at outer */
    uint64_t orders[SHOPIFY_ORDERS_PER_PAGE];
    uint32_t sizes;
    char lines[CURSOR_MAX_BYTES + 1];
    char outer[CURSOR_MAX_BYTES + 1];
};

/* -EINVAL: not ours. Any text not beginning with "sub:" is an outer cursor. */
MUST_CHECK int shopify_cursor_parse(const char *text, struct shopify_cursor *cursor);
/* -E2BIG when it does not fit CURSOR_MAX_BYTES, -EINVAL when a part holds what would be misread. */
MUST_CHECK int shopify_cursor_text(const struct shopify_cursor *cursor, char text[CURSOR_MAX_BYTES + 1]);
/* True when nothing is left to read. */
bool shopify_cursor_at_end(const struct shopify_cursor *cursor);

/* "gid://shopify/Order/123" to 123. -EINVAL for anything else. */
MUST_CHECK int shopify_cursor_order_number(const char *gid, uint64_t *number);

#endif
