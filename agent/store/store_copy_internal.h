/* Shared by the files that make, check and read copies of a ledger. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H
#define FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H

#include "store/store_copy.h"
#include "store/store_internal.h"

/* Rows of meta that mark a copy; all begin as the first. */
#define STORE_META_ORIGIN          "origin"
#define STORE_META_ORIGIN_WALL     "origin_wall_ms"
#define STORE_META_ORIGIN_POSITION "origin_position"

/* Texts that went along have this before their name. */
#define STORE_META_TEXT "text:"

/* Everything in source into target, a fresh file of this schema. Leaves target's last transaction open, so
 * that the caller's own rows are part of it. store_copy_rows.c. */
MUST_CHECK int store_copy_rows(struct store *source, struct store *target, uint64_t *last_position,
                               struct err *err);
/* Makes the file that target's directory and name say (it must not be there), with the tables of this schema
 * and nothing in them, written without a journal: it counts only after the caller has synced and renamed it.
 */
MUST_CHECK int store_new_file(struct store *target, const char *name, struct err *err);
/* Rows of all tables from the events of target, which has events only: book, catalogue, epochs, channels,
 * listings, order lines. What was never created by an event that is there gets a name that says so. Ends the
 * transaction that the caller began, and writes `start` as a start of its own. store_rebuild.c */
MUST_CHECK int store_rebuild(struct store *target, const struct store_start *start, struct err *err);
/* Cards and unfinished ops, of which events say nothing, from the damaged file, as far as it can be read. */
bool store_rebuild_from_rows(struct store *target, const char *file);

/* The name of a new ledger until it takes its place. While it is there and ledger.db is not, a start refuses:
 * what it would make is an empty ledger in the place of one that was being moved. */
#define STORE_INSTALL_NAME "ledger.db.restoring"

/* Takes the state directory's lock, for a directory that it makes when there is none. -EBUSY. */
MUST_CHECK int store_install_lock(struct store *place, struct err *err);
/* -EEXIST with a sentence when a ledger, or the log of one, is there. */
MUST_CHECK int store_install_check(struct store *place, struct err *err);
/* The file STORE_INSTALL_NAME, whole but not synced yet, becomes the ledger; the old one is set aside. */
MUST_CHECK int store_install_finish(struct store *place, const struct store_install *install,
                                    struct store_installed *installed, struct err *err);
/* In the transaction that runs. */
MUST_CHECK int store_put_origin(struct store *store, const struct store_origin *origin);

#endif
