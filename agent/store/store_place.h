/* Whether a directory is a place for a ledger, and why a ledger's file cannot be opened: what a person needs
 * to know before and after store_open. Changes nothing. */
#ifndef FAIRSTOCK_STORE_STORE_PLACE_H
#define FAIRSTOCK_STORE_STORE_PLACE_H

#include "base/err.h"

enum store_place {
    PLACE_FINE,
    PLACE_READ_ONLY, /* mounted so: often a failing card */
    PLACE_REMOTE,    /* a network or user-space file system: the log's shared memory does not work there */
};
/* Of an existing directory. -errno when it cannot be looked at. */
MUST_CHECK int store_place(const char *directory, enum store_place *place, const char **file_system);

enum store_file {
    FILE_IS_LEDGER,  /* as far as its first bytes tell */
    FILE_IS_MISSING, /* none there */
    FILE_IS_NEWER,   /* a ledger of a later schema */
    FILE_IS_OTHER,   /* something else, or a ledger whose first page is gone */
};
/* Reads the first bytes of `directory`/ledger.db. -errno when they cannot be read. */
MUST_CHECK int store_place_file(const char *directory, enum store_file *kind);

#endif
