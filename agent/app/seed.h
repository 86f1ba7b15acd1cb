/* First contents of a ledger: the locations, and in practice mode the sample catalogue and the practice
 * shop's shelves. */
#ifndef FAIRSTOCK_APP_SEED_H
#define FAIRSTOCK_APP_SEED_H

#include "app/daemon.h"

/* The alias of a location, made when the ledger has none of that name. kind: enum location_kind. */
MUST_CHECK int seed_location(struct daemon *daemon, const char *name, uint32_t kind, uint32_t *location,
                             struct err *err);
/* Makes sure the locations of booth and shops exist; fills an empty practice ledger with the sample
 * catalogue. */
MUST_CHECK int seed_open(struct daemon *daemon, struct err *err);
/* Puts the sample items on the new practice shop's shelves, with what the allocation gives the shop. */
MUST_CHECK int seed_practice_shop(struct daemon *daemon, struct err *err);
/* Removes a stopped practice ledger and shop, for `fairstock practice reset`. Real ledgers are never touched.
 */
void seed_clear_practice(const char *directory);

#endif
