/* Events with every field set, and bytes written as hex. */
#ifndef FAIRSTOCK_TESTS_EVENT_FIXTURE_H
#define FAIRSTOCK_TESTS_EVENT_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "domain/event.h"

enum { EVENT_FIXTURE_KINDS = 24, EVENT_FIXTURE_TEXTS_MAX = SALE_LINES_MAX };

/* The kinds of docs/events.md section 4 that this version writes. */
extern const uint32_t event_fixture_kinds[EVENT_FIXTURE_KINDS];

struct random {
    uint64_t state; /* not 0 */
    char texts[8192];
    size_t used;
};
uint64_t random_next(struct random *random);

/* Fills event, bytes between fields zero, with random values in every field of the kind: short and long
 * numbers, extremes, texts up to their limits. Texts borrow from random until the next call. */
void event_fixture_fill(struct random *random, uint32_t kind, struct event *event);
/* Whether both are the same in every field; texts by what they say. */
int event_fixture_same(const struct event *a, const struct event *b);

/* Bytes of "14 01 ac02", spaces ignored. Returns their number. */
size_t event_fixture_hex(const char *hex, uint8_t *bytes, size_t size);

#endif
