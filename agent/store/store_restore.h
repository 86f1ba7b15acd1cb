/* Putting a ledger where one is run; nothing is overwritten. */
#ifndef FAIRSTOCK_STORE_STORE_RESTORE_H
#define FAIRSTOCK_STORE_STORE_RESTORE_H

#include "domain/witness.h"
#include "store/store_copy.h"
#include "store/store_origin.h"

struct store_install {
    const char *directory; /* the state directory; made when it is not there */
    int64_t wall_ms;
    sha256_fn *sha256;
    bool set_aside; /* an existing ledger is moved to a dated folder; without it it is a reason to refuse */
};
struct store_installed {
    char aside[STORE_COPY_NAME_BYTES]; /* the folder in `directory` that the old ledger went to; "" none */
    uint64_t events;
    struct store_origin origin; /* of the new ledger */
    bool practice;
};
/* Verifies the file (a backup, or another ledger.db), copies it beside the place, verifies that, and only
 * then moves the old ledger away and the new one in. The new one is marked (store_origin). A power cut leaves
 * the old one, or the new one, or a start that refuses and names this call. Errors, with everything as it
 * was: -EBUSY an agent runs there; -EEXIST there is a ledger and set_aside is false; -EUCLEAN the file is
 * damaged; what the disk says. */
MUST_CHECK int store_restore(const char *file, const struct store_install *install,
                             struct store_installed *installed, struct err *err);
/* Writes a small file of the state directory: whole or not at all, the directory's owner's. */
MUST_CHECK int store_restore_file(const char *directory, const char *name, const char *text, struct err *err);

#endif
