/* Whether this ledger may be a restored or copied one, and what follows (docs/decisions/0018). Pure.
 *
 * The suspicion is part of the book: a `witness` event opens it, a `restore_decision` answers it, so it
 * survives restarts. While it is open, or after the answer "this is the copy", nothing is written to any
 * shop; sales at the booth go on, shops are read. */
#ifndef FAIRSTOCK_DOMAIN_SUSPICION_H
#define FAIRSTOCK_DOMAIN_SUSPICION_H

#include "base/id.h"
#include "domain/change.h"

struct book;

enum suspicion_state {
    SUSPICION_NONE = 0,
    SUSPICION_OPEN, /* the seller was not asked yet, or has not answered */
    SUSPICION_GOES_ON,
    SUSPICION_COPY
};

struct suspicion {
    enum suspicion_state state;
    struct event_id witness; /* what the newest witness named */
};

/* Why a ledger is suspected. The channel is 0 unless a shop is the witness. */
struct suspicion_reason {
    struct event_id seen; /* what was seen, or the last event that was here before this start */
    const uint8_t *hash;  /* its h, HASH_BYTES; NULL unknown */
    const char *who;      /* "machine", "backup", "page", "stick", or the shop's name */
    uint32_t channel;
    const char *words; /* one sentence for the card */
};

/* Nothing may be written to a shop now. */
bool suspicion_stops(const struct suspicion *suspicion);
/* This event, or the same start of the same ledger, is what the newest witness named. */
bool suspicion_names(const struct suspicion *suspicion, struct event_id seen);
/* Takes a `witness` or `restore_decision`; leaves the suspicion alone for other kinds. */
void suspicion_apply(struct suspicion *suspicion, const struct event *event);
/* Adds to changes what a new suspicion means: the witness, every unfinished op unknown and without the use of
 * its key, the card. Nothing when it is suspected already, unless a shop is one more witness. The caller
 * commits. */
void suspicion_raise(const struct book *book, const struct suspicion_reason *reason, uint64_t event_time_ms,
                     int64_t wall_ms, struct changes *changes);
/* "none", "suspected", "goes_on", "copy"; for docs/api.md. */
const char *suspicion_name(enum suspicion_state state);

#endif
