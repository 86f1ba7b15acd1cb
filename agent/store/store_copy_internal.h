/* Shared by the files that make, check and read copies of a ledger. */
#ifndef FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H
#define FAIRSTOCK_STORE_STORE_COPY_INTERNAL_H

#include "store/store_copy.h"
#include "store/store_internal.h"

/* Rows of meta that mark a copy; all begin as the first. */
#define STORE_META_ORIGIN          "origin"
#define STORE_META_ORIGIN_WALL     "origin_wall_ms"
#define STORE_META_ORIGIN_POSITION "origin_position"

/* In the transaction that runs. */
MUST_CHECK int store_put_origin(struct store *store, const struct store_origin *origin);

#endif
