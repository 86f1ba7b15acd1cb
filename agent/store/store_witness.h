/* Witness files of a ledger: reading one, and what one means for it. */
#ifndef FAIRSTOCK_STORE_STORE_WITNESS_H
#define FAIRSTOCK_STORE_STORE_WITNESS_H

#include "domain/witness.h"
#include "store/store_copy.h"

/* Reads a witness file (witness_parse). -ENOENT when there is none, -EINVAL with a sentence when it is none.
 */
MUST_CHECK int store_witness_read(const char *path, sha256_fn *sha256, struct witness *witness,
                                  struct err *err);
/* What a witness means for a ledger. */
enum store_witness_verdict {
    WITNESS_AGREES,  /* the event is here, with the same hash (where damage left that to be told) */
    WITNESS_STRANGE, /* it is another device's: says nothing about this ledger */
    WITNESS_AHEAD,   /* it saw an event that is not here: this ledger is older than the witness */
    WITNESS_DIFFERS, /* another event stands in that place, or the start is not on this path: a twin */
};
/* Reads from the nearest seal or start before the witness's position, so some 256 events however long the
 * ledger is, and whatever is missing elsewhere. -EUCLEAN when what it reads is damaged. */
MUST_CHECK int store_witness_compare(struct store *store, sha256_fn *sha256, const struct witness *witness,
                                     enum store_witness_verdict *verdict);
/* "fairstock-1a2b3c4d.witness": the file's name in a folder of backups, by device. */
void store_witness_name(struct id128 device, char name[STORE_COPY_NAME_BYTES]);

#endif
