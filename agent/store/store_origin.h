/* Where a ledger comes from: the mark by which a copy is known as one, whichever way it came into a state
 * directory. */
#ifndef FAIRSTOCK_STORE_STORE_ORIGIN_H
#define FAIRSTOCK_STORE_STORE_ORIGIN_H

#include "store/store.h"

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
/* In the transaction that runs; for the files that make copies. */
MUST_CHECK int store_origin_put(struct store *store, const struct store_origin *origin);

#endif
