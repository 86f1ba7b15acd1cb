/* Copies of a ledger: the mark by which a copy is known as one, the witness file beside it, making it and
 * putting it in a ledger's place. Beside store.h, which is about the ledger that runs. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_H
#define FAIRSTOCK_STORE_STORE_COPY_H

#include "domain/witness.h"
#include "store/store.h"

/* --- where a ledger comes from --- */

enum store_origin_kind {
    STORE_ORIGIN_BACKUP = 1, /* a copy that `fairstock backup` made: sales may have been made since */
    STORE_ORIGIN_SALVAGE,    /* what was left of a damaged file: events may be missing in the middle too */
};
/* Marked by rows of the table meta from the copy's making on, so that a copy is known as one whichever way it
 * came into a state directory. */
struct store_origin {
    enum store_origin_kind kind;
    int64_t wall_ms;   /* the clock of who made the copy, then */
    uint64_t position; /* the copy's last event; what is behind it happened after it was put in place */
};

/* -ENOENT: this ledger has always been the one that runs here. Works on every open store. */
MUST_CHECK int store_origin(struct store *store, struct store_origin *origin);
/* The seller has looked at what a restored ledger means: the mark goes, durably. -EIO and others as a commit.
 */
MUST_CHECK int store_origin_settle(struct store *store);

/* --- witnesses --- */

/* What this running store could tell a witness now: its last event. -ENOENT without one. */
MUST_CHECK int store_witness(struct store *store, int64_t wall_ms, struct witness *witness);
/* Reads a witness file (witness_parse). -ENOENT when there is none, -EINVAL with a sentence when it is none.
 */
MUST_CHECK int store_witness_read(const char *path, sha256_fn *sha256, struct witness *witness,
                                  struct err *err);
/* What a witness means for a ledger. */
enum store_witness_verdict {
    WITNESS_AGREES,  /* the event is here, with the same hash */
    WITNESS_STRANGE, /* it is another device's: says nothing about this ledger */
    WITNESS_AHEAD,   /* it saw an event that is not here: this ledger is older than the witness */
    WITNESS_DIFFERS, /* another event stands in that place, or the start is not on this path: a twin */
};
/* Walks the chain up to the witness's position: seconds for a million events. -EUCLEAN when the chain is
 * damaged before it. */
MUST_CHECK int store_witness_compare(struct store *store, sha256_fn *sha256, const struct witness *witness,
                                     enum store_witness_verdict *verdict);
/* "fairstock-1a2b3c4d.witness": the file's name in a folder of backups, by device. */
enum { STORE_COPY_NAME_BYTES = 64 };
void store_witness_name(struct id128 device, char name[STORE_COPY_NAME_BYTES]);

#endif
