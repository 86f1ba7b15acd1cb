/* How many units each seller of stock may still sell: what each listing should have (wanted), and how much of
 * it may be given now without making anyone's deficit (design promise 4). Pure; reads the book.
 *
 * The booth has no allocation of its own: it keeps a share of what is available where it sells and sells
 * facts. One of a kind counts as one unit, and as none while another place has it: it is offered in one
 * listing or at one table. Listings that we may not write (channel not live, or parked) keep what they have;
 * the live ones share the rest:
 *
 *  - as shares (allocate): by what is asked for at each (domain/shares.h), evenly while nothing is known, the
 * first channel first. Law: Σ allocations ≤ available by our doing; no action of ours makes or enlarges a
 * deficit.
 *  - each the whole (mirror, domain/publish.h). Law: no action of ours lets any one listing, with what the
 * others that do not mirror have, sell more than is available; so with k mirrored listings of n units at most
 * (k - 1) n units can be sold twice, and only by orders placed before we have lowered the others: within the
 * window that publish.h computes while the network is there, longer while it is not. allocation_overlap is
 * that number.
 *
 * From mirror to shares nothing special happens: what is too much is then a deficit, so everything is lowered
 * and nothing is raised before the lowerings are proven. */
#ifndef FAIRSTOCK_DOMAIN_ALLOCATION_H
#define FAIRSTOCK_DOMAIN_ALLOCATION_H

#include "domain/book.h"

/* What a listing should offer, in its own units, ≥ 0. Its own channel counts as live, so that a preview tells
 * the truth. 0 for a listing that is not linked; a parked one wants what it has. */
int64_t allocation_wanted(const struct book *book, const struct listing *listing, uint32_t booth_percent);

/* Stock units at a location that no channel may sell yet and the booth does not keep. Negative: a deficit, or
 * the booth's share is in use. A level above what we expect counts in full: someone else put units there that
 * buyers can take. Of an item that is mirrored: for the mirrored listing that has least. */
int64_t allocation_free(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent);
/* The same for raising this listing: of an item that is mirrored, what it has itself counts, not what the
 * others show. */
int64_t allocation_free_for(const struct book *book, const struct listing *listing, uint32_t booth_percent);

/* How far a listing may be raised now towards wanted, in its own units, ≥ 0, when free_units are free.
 * Lifting a negative expectation to 0 takes nothing: no buyer can use it. */
int64_t allocation_raise(const struct listing *listing, int64_t wanted, int64_t free_units);

/* Stock units that raising a listing by delta takes from what is free. */
int64_t allocation_taken(const struct listing *listing, int64_t delta);

/* Σ allocations − (on hand − committed) at a location, when positive: units that buyers can take and that are
 * not there, whoever made it so. */
int64_t allocation_deficit(const struct book *book, uint32_t item, uint32_t location);
/* How many of them mirrored listings show more than once, on purpose; 0 with shares. */
int64_t allocation_overlap(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent);

/* What decides how an item is shown at a location, for publish_decide and the page. */
struct publish_case allocation_case(const struct book *book, uint32_t item, uint32_t location,
                                    uint32_t booth_percent);

#endif
