/* The chain of a ledger followed from its first event: tags, seals, gaps, the tree of starts (docs/events.md
 * section 3). One reader for the ledger file, the exported journal and the salvage. Pure. */
#ifndef FAIRSTOCK_DOMAIN_CHAIN_H
#define FAIRSTOCK_DOMAIN_CHAIN_H

#include "domain/event.h"
#include "domain/witness.h"

enum { CHAIN_TAG_BYTES = 4, CHAIN_GAPS_MAX = 256 };

struct chain {
    sha256_fn *sha256;
    uint8_t hash[HASH_BYTES]; /* h of the last event; where unproven, what stands in for it */
    uint64_t expected;        /* the position that comes next */
    struct id128 device, epoch;
    uint64_t epoch_position, generation, seal_position;
    bool has_epoch, has_seal;
    bool unproven;     /* behind a gap, until a start or a seal says h again */
    bool start_unsure; /* a start may be missing since the last one that is known */
    uint64_t events, seals, epochs;
    uint64_t lost;                           /* events that are missing and that a salvage event names */
    struct lost_events gaps[CHAIN_GAPS_MAX]; /* missing, and not named yet */
    uint32_t gap_count;
    uint64_t bad_position; /* 0: nothing is bad */
    const char *words;     /* what is bad there; static text */
    struct event event;    /* the last one, decoded; its texts borrow from the caller's bytes */
};

/* The two hashes that a chain is made of: before the first event, and after one. */
void chain_hash_start(sha256_fn *sha256, uint8_t hash[HASH_BYTES]);
void chain_hash(sha256_fn *sha256, const uint8_t before[HASH_BYTES], const uint8_t *bytes, size_t length,
                uint8_t after[HASH_BYTES]); /* after may be before */

/* Afterwards `device` may be set to the device whose ledger it should be. */
void chain_begin(struct chain *chain, sha256_fn *sha256);
/* The next event. False when it is bad: then bad_position and words say which is the first bad one and why,
 * and the chain takes no more. */
bool chain_take(struct chain *chain, uint64_t position, const uint8_t *bytes, size_t length,
                const uint8_t tag[CHAIN_TAG_BYTES]);
/* After the last event. False when events are missing that no salvage event names. */
bool chain_end(struct chain *chain);
/* Whether these bytes would carry this tag if they came next. Changes nothing. */
bool chain_fits(const struct chain *chain, const uint8_t *bytes, size_t length,
                const uint8_t tag[CHAIN_TAG_BYTES]);
/* The tag that these bytes get if they come next. */
void chain_tag(const struct chain *chain, const uint8_t *bytes, size_t length, uint8_t tag[CHAIN_TAG_BYTES]);
/* After a bad event: goes on without it, so that it will be missing. For a salvage. */
void chain_drop(struct chain *chain);
/* Of the event at a position of the start that runs. */
struct event_id chain_id(const struct chain *chain, uint64_t position);

#endif
