#include "domain/model.h"

int64_t listing_expected(const struct listing *listing)
{
    return listing->baseline + listing->granted - listing->revoked - listing->sold + listing->restored +
           listing->edits;
}

int64_t listing_shown(const struct listing *listing)
{
    return listing_expected(listing) - listing->held_off;
}

int64_t listing_allocated(const struct listing *listing)
{
    int64_t units = listing_expected(listing);
    if (units < listing->held)
        units = listing->held;
    return (units > 0 ? units : 0) + listing->may_return;
}
