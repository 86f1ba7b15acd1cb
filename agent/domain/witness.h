/* A witness: what somebody apart from the ledger remembers of its last event (a backup stick, another
 * device). A ledger that ends before what its witness saw was restored; one that has another event in that
 * place has a twin. Pure: text in, text out (docs/commands.md shows one). */
#ifndef FAIRSTOCK_DOMAIN_WITNESS_H
#define FAIRSTOCK_DOMAIN_WITNESS_H

#include "base/buf.h"
#include "domain/event.h"
#include "domain/wall.h"

enum { WITNESS_TEXT_MAX_BYTES = 1024 };

/* SHA-256 of two byte strings one after the other; brought by the caller, because crypto stands above. */
typedef void sha256_fn(const void *first, size_t first_length, const void *second, size_t second_length,
                       uint8_t hash[HASH_BYTES]);

struct witness {
    struct event_id last;     /* device, epoch and sequence of the last event that was seen */
    uint64_t position;        /* of it in the ledger file that was seen */
    uint8_t hash[HASH_BYTES]; /* h of it (docs/events.md section 3) */
    int64_t wall_ms;          /* the device's clock when it was seen; a label, it may be wrong */
};

/* Appends the text of a witness file. */
void witness_format(const struct witness *witness, sha256_fn *sha256, struct buf *text);
/* Reads what witness_format wrote. -EINVAL with a sentence, *witness untouched: another kind of file, a newer
 * version, or one that was changed or cut. */
MUST_CHECK int witness_parse(const char *text, sha256_fn *sha256, struct witness *witness, struct err *err);

#endif
