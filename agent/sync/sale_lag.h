/* How long a channel took to follow a sale at the booth: from the sale's commit until the listing is at rest
 * again, showing what it should after the sale. Sales that change nothing at the channel are not counted, nor
 * those whose listing was parked, nor those of before this start. Fixed memory; pure; times come in. */
#ifndef FAIRSTOCK_SYNC_SALE_LAG_H
#define FAIRSTOCK_SYNC_SALE_LAG_H

#include <stdbool.h>

#include "base/histogram.h"

enum { SALE_LAG_WAITING_MAX = 1024 };

struct sale_lag {
    struct histogram took;
    uint64_t missed; /* sales that did not fit while so many waited: in none of the above */
    uint32_t count;
    struct {
        uint32_t listing;
        int64_t sold_ms;
    } waiting[SALE_LAG_WAITING_MAX];
};

enum sale_lag_state { SALE_LAG_WAITS, SALE_LAG_ACKNOWLEDGED, SALE_LAG_NEVER };
/* What has become of the listing. */
typedef enum sale_lag_state sale_lag_fn(const void *user, uint32_t listing);

void sale_lag_sold(struct sale_lag *lag, uint32_t listing, int64_t now_ms);
/* Ends the waiting of those whose listing is at rest, or never will be. */
void sale_lag_settle(struct sale_lag *lag, sale_lag_fn *state, const void *user, int64_t now_ms);

#endif
