/* How many units each seller of stock may still sell: the share each listing should have (wanted), and how
 * much of it may be given now without making anyone's deficit (design promise 4). Pure; reads the book.
 *
 * The booth has no allocation of its own: it keeps a share of what is available and sells facts. Listings
 * that we may not write (channel not live, or parked) keep what they have; the live ones share the rest
 * evenly, the first channel first. */
#ifndef FAIRSTOCK_DOMAIN_ALLOCATION_H
#define FAIRSTOCK_DOMAIN_ALLOCATION_H

#include "domain/book.h"

/* What a listing should offer, in its own units, ≥ 0. Its own channel counts as live, so that a preview tells
 * the truth. 0 for a listing that is not linked; a parked one wants what it has. */
int64_t allocation_wanted(const struct book *book, const struct listing *listing, uint32_t booth_percent);

/* Stock units at a location that no channel may sell yet and the booth does not keep. Negative: a deficit, or
 * the booth's share is in use. A level above what we expect counts in full: someone else put units there that
 * buyers can take. */
int64_t allocation_free(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent);

/* How far a listing may be raised now towards wanted, in its own units, ≥ 0, when free_units are free.
 * Lifting a negative expectation to 0 takes nothing: no buyer can use it. */
int64_t allocation_raise(const struct listing *listing, int64_t wanted, int64_t free_units);

/* Stock units that raising a listing by delta takes from what is free. */
int64_t allocation_taken(const struct listing *listing, int64_t delta);

#endif
