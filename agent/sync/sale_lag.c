#include "sync/sale_lag.h"

void sale_lag_sold(struct sale_lag *lag, uint32_t listing, int64_t now_ms)
{
    if (lag->count == SALE_LAG_WAITING_MAX) {
        lag->missed++;
        return;
    }
    lag->waiting[lag->count].listing = listing;
    lag->waiting[lag->count++].sold_ms = now_ms;
}

void sale_lag_settle(struct sale_lag *lag, sale_lag_fn *state, const void *user, int64_t now_ms)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < lag->count; i++) {
        enum sale_lag_state now = state(user, lag->waiting[i].listing);
        if (now == SALE_LAG_ACKNOWLEDGED)
            histogram_add(&lag->took, now_ms - lag->waiting[i].sold_ms);
        else if (now == SALE_LAG_WAITS)
            lag->waiting[left++] = lag->waiting[i];
    }
    lag->count = left;
}
