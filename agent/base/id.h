/* 128-bit ids (device, epoch, boot, idempotency keys) and event ids. Knows no randomness: the caller brings
 * the bytes. */
#ifndef FAIRSTOCK_BASE_ID_H
#define FAIRSTOCK_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
    ID128_BYTES = 16,
    ID128_TEXT_BYTES = 33,
    ID128_UUID_TEXT_BYTES = 37,
    EVENT_ID_TEXT_BYTES = 32 + 1 + 32 + 1 + 20 + 1
};

struct id128 {
    uint8_t bytes[ID128_BYTES];
};

/* The id of one event: which device, which of its starts, which number within that start (the epoch event is
 * 0). */
struct event_id {
    struct id128 device;
    struct id128 epoch;
    uint64_t sequence;
};

bool id128_equal(struct id128 a, struct id128 b);
bool id128_is_zero(struct id128 id);
/* 32 lower-case hex digits. */
void id128_text(struct id128 id, char text[ID128_TEXT_BYTES]);
/* The RFC 9562 form with four hyphens, bytes unchanged: shops ask for a "uuid" as an idempotency key. */
void id128_uuid_text(struct id128 id, char text[ID128_UUID_TEXT_BYTES]);
/* Reads 32 hex digits, hyphens ignored. -EINVAL leaves id untouched. */
MUST_CHECK int id128_parse(const char *text, struct id128 *id);

/* "DEVICE:EPOCH:SEQUENCE", the form of the light log, the journal and the page. */
void event_id_text(struct event_id id, char text[EVENT_ID_TEXT_BYTES]);
MUST_CHECK int event_id_parse(const char *text, struct event_id *id);

#endif
