/* Units of one item split between listings by how much is asked for at each (largest remainder), and kept
 * where they are as long as the split is good enough: moving a unit is two writes at two shops. Pure
 * arithmetic. */
#ifndef FAIRSTOCK_DOMAIN_SHARES_H
#define FAIRSTOCK_DOMAIN_SHARES_H

#include <stdint.h>

enum { SHARES_MAX = 32 };

struct share {
    uint32_t weight; /* 1…65535; only their proportion counts */
    int64_t pack;    /* stock units of one of the listing's units, > 0 */
    int64_t now;     /* stock units that it has, ≥ 0 */
    int64_t units;   /* the result: stock units, a multiple of pack */
};

/* Splits `units` ≥ 0 between count ≤ SHARES_MAX shares; ties go to the first. As long as units suffice each
 * gets at least one pack. The sum is never more than `units`, and less only by what is smaller than the
 * smallest pack. */
void shares_split(struct share *shares, uint32_t count, int64_t units);

/* The same, but what is already there stays unless the split is off by more than an eighth of all (and more
 * than a pack), or a share has nothing to sell that should have something. Otherwise only what became less or
 * more is taken or given, where it matters most. Calling it again with the result as `now` changes nothing.
 */
void shares_settle(struct share *shares, uint32_t count, int64_t units);

#endif
