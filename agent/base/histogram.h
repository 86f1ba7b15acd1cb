/* A histogram of durations with fixed memory: log-linear buckets, 16 to each doubling, so that a quantile is
 * never below the true one and at most 1/16 of it (and never more than one millisecond where buckets are that
 * small) above. Pure values: no clock, no allocation; two histograms of the same things add up. */
#ifndef FAIRSTOCK_BASE_HISTOGRAM_H
#define FAIRSTOCK_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 4,      /* 16 buckets to each doubling */
    HISTOGRAM_RANGE_BITS = 32,   /* up to 2^32 ms, 49 days; what is longer counts in the last bucket */
    HISTOGRAM_OCTAVES_FIRST = 0, /* histogram_until: 2^0 ms… */
    HISTOGRAM_OCTAVES_LAST = 27, /* …to 2^27 ms, 37 hours */
    HISTOGRAM_BUCKETS = ((HISTOGRAM_RANGE_BITS - HISTOGRAM_SUB_BITS) + 1) << HISTOGRAM_SUB_BITS,
};

struct histogram {
    uint64_t count, sum_ms; /* of all values, also those beyond the range */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* value_ms below 0 (a clock that was set back) counts as 0. */
void histogram_add(struct histogram *histogram, int64_t value_ms);
/* The least upper edge of a bucket that at least per_mille of 1,000 values do not exceed; -1 when there are
 * none. per_mille: 1…1000. */
int64_t histogram_quantile_ms(const struct histogram *histogram, uint32_t per_mille);
/* How many values are at most 2^octave ms: exact, because that is a bucket's edge. */
uint64_t histogram_until(const struct histogram *histogram, uint32_t octave);

#endif
