/* Is this the machine, and the state, that the ledger was last written on? What a start finds; what follows
 * is domain/suspicion.h. Beside store.h, which is about the ledger that runs. */
#ifndef FAIRSTOCK_STORE_STORE_IDENTITY_H
#define FAIRSTOCK_STORE_STORE_IDENTITY_H

#include "store/store.h"

/* Why this start may be that of a copy (docs/decisions/0018): the file is marked as a backup's, or the
 * fingerprint is not that of the last believed start. Asked once after opening; the answer is booked by
 * suspicion_raise, and found again by the next start until it is. before: the last event this start found. */
enum store_identity_suspect { STORE_IDENTITY_NOTHING, STORE_IDENTITY_BACKUP, STORE_IDENTITY_MACHINE };
enum store_identity_suspect store_identity_suspect(const struct store *store, struct event_id *before,
                                                   uint8_t before_hash[HASH_BYTES]);

#endif
