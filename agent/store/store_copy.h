/* One file as a ledger of its own: reading it without a state directory around it. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_H
#define FAIRSTOCK_STORE_STORE_COPY_H

#include "base/buf.h"
#include "store/store.h"

enum { STORE_COPY_NAME_BYTES = 64 }; /* of a file that we name */

/* A small text that goes along: the configuration, the list of learnt scanners. Never a token. */
struct store_copy_text {
    const char *name, *text;
};
/* Opens one file, a backup or a ledger.db with what lies beside it, to read it; needs no state directory and
 * writes nothing, so a write-protected stick will do. */
MUST_CHECK int store_copy_open(const char *path, struct store **store, struct err *err);
/* A text that went along, appended. -ENOENT: none of that name. */
MUST_CHECK int store_copy_text(struct store *store, const char *name, struct buf *text);

#endif
