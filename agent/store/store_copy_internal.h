/* Shared by the files that make, check and read copies of a ledger. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H
#define FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H

#include "store/store_copy.h"
#include "store/store_internal.h"

/* Texts that went along have this before their name. */
#define STORE_META_TEXT "text:"

/* Everything in source into target, a fresh file of source's schema, which is then brought up to this
 * program's. Leaves target's last transaction open, so that the caller's own rows are part of it.
 * store_copy_rows.c. */
MUST_CHECK int store_copy_rows(struct store *source, struct store *target, uint64_t *last_position,
                               struct err *err);
/* Whether commits may still be beside the file, in its log. A file without them is opened as one that nobody
 * changes (immutable=1): then SQLite needs neither a writable folder nor shared memory. */
MUST_CHECK int store_copy_has_log(const char *path, bool *log);
/* Makes the file that target's directory and name say (it must not be there), with the tables of that schema
 * and nothing in them, written without a journal: it counts only after the caller has synced and renamed it.
 */
MUST_CHECK int store_copy_new(struct store *target, const char *name, int64_t schema, struct err *err);

#endif
