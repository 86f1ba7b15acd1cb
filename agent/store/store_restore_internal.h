/* The steps of putting a ledger in its place, shared by restore and salvage. */
#ifndef FAIRSTOCK_STORE_STORE_RESTORE_INTERNAL_H
#define FAIRSTOCK_STORE_STORE_RESTORE_INTERNAL_H

#include "store/store_internal.h"
#include "store/store_restore.h"

/* The name of a new ledger until it takes its place. While it is there and ledger.db is not, a start refuses:
 * what it would make is an empty ledger in the place of one that was being moved. */
#define STORE_INSTALL_NAME "ledger.db.restoring"

/* Takes the state directory's lock, for a directory that it makes when there is none. -EBUSY. */
MUST_CHECK int store_restore_lock(struct store *place, struct err *err);
/* -EEXIST with a sentence when a ledger, or the log of one, is there; what the disk says when that cannot be
 * known. */
MUST_CHECK int store_restore_check(struct store *place, struct err *err);
/* The file STORE_INSTALL_NAME, whole but not synced yet, becomes the ledger; the old one is set aside. */
MUST_CHECK int store_restore_finish(struct store *place, const struct store_install *install,
                                    struct store_installed *installed, struct err *err);

#endif
