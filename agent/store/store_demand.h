/* The order lines of the last months, for estimating demand (domain/estimate.h). A walk over what the shops
 * sold, hourly and in a turn of its own: its cost grows with the orders that the ledger has, about a second
 * for a million. */
#ifndef FAIRSTOCK_STORE_STORE_DEMAND_H
#define FAIRSTOCK_STORE_STORE_DEMAND_H

#include "domain/estimate.h"
#include "store/store.h"

/* 0 to go on; anything else ends the walk and is returned. */
typedef int store_demand_fn(void *user, const struct estimate_line *line);

/* Every line of a linked listing that was placed after since_ms, sorted by item; item 0: of all items. */
MUST_CHECK int store_demand(struct store *store, uint32_t item, int64_t since_ms, store_demand_fn *fn,
                            void *user);

#endif
