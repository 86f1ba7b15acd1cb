#include "domain/model.h"

int64_t listing_expected(const struct listing *listing)
{
    return listing->baseline + listing->granted - listing->revoked - listing->sold + listing->restored +
           listing->edits;
}
