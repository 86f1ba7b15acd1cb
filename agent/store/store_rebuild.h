/* The derived rows of a ledger of which only the events are left. For this folder's files. */
#ifndef FAIRSTOCK_STORE_STORE_REBUILD_H
#define FAIRSTOCK_STORE_STORE_REBUILD_H

#include "store/store_internal.h"

/* Rows of all tables from the events of target, which has events only: book, catalogue, epochs, channels,
 * listings, order lines. What was never created by an event that is there gets the name that a row of the
 * damaged file still has, else one that says that it was lost. Ends the transaction that the caller began,
 * and writes `start` as a start of its own. store_rebuild.c */
MUST_CHECK int store_rebuild(struct store *target, const char *file, const struct store_start *start,
                             struct err *err);

#endif
